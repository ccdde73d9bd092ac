"""check, compact and delete --purge on the command line, and their exit codes."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

import semsearch
from semsearch.store.lock import writer_lock
from tests.cli.conftest import Run, refused


@pytest.fixture
def folder(indexed: Run, tmp_path: Path) -> Path:
    return tmp_path / "indexes" / "reviews"


def test_a_sound_collection_exits_with_0(indexed: Run) -> None:
    for words in ([], ["--full"], ["--full", "--repair"]):
        result = indexed("check", "reviews", *words)
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith("all is well")
        assert "4 items, 4 vectors" in result.stdout


def test_the_full_check_tells_the_recall_of_the_index(indexed: Run) -> None:
    assert "index exact, recall 1.000" in indexed("check", "reviews", "--full").stdout


def test_what_can_be_made_again_exits_with_1_and_is_mended(indexed: Run, folder: Path) -> None:
    (folder / "heads" / f"{'0' * 64}.npz").write_bytes(b"left")
    result = indexed("check", "reviews")
    assert result.exit_code == 1
    assert "belongs to nothing; sweep it with --repair" in result.stdout
    assert "nothing is lost" in result.stdout
    result = indexed("check", "reviews", "--repair")
    assert (result.exit_code, "1 mended" in result.stdout) == (1, True)
    assert indexed("check", "reviews").exit_code == 0


def test_a_repair_mends_what_only_a_full_check_sees(indexed: Run, folder: Path) -> None:
    assert indexed("build-index", "reviews", "--kind", "Flat").exit_code == 0
    [path] = (folder / "derived").iterdir()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert "with --repair" in indexed("check", "reviews", "--full").stdout
    result = indexed("check", "reviews", "--repair")
    assert result.exit_code == 1
    assert "the index 'vectors' is not what was written; mended" in result.stdout
    assert "nothing is lost, 1 mended" in result.stdout
    assert indexed("check", "reviews", "--full").exit_code == 0


def test_damage_of_the_users_own_exits_with_2_and_names_the_items(
    indexed: Run, folder: Path
) -> None:
    [segment] = (folder / "segments").iterdir()
    segment.unlink()
    result = indexed("check", "reviews")
    assert result.exit_code == 2
    assert "is missing; restore it from a backup (items: a, b, c, d)" in result.stdout
    told = json.loads(indexed("check", "reviews", "--json").stdout)
    assert told["level"] == "source"
    assert told["findings"][0]["keys"] == ["a", "b", "c", "d"]


def test_a_database_that_cannot_be_read_exits_with_2(indexed: Run, folder: Path) -> None:
    (folder / "store.db").write_bytes(b"not a database" * 1000)
    for suffix in ("-wal", "-shm"):
        Path(f"{folder}/store.db{suffix}").unlink(missing_ok=True)
    assert "is damaged" in refused(indexed("check", "reviews"), 2)


def test_a_collection_that_cannot_be_opened_exits_with_3(indexed: Run, folder: Path) -> None:
    assert "no collection named 'nothing'" in refused(indexed("check", "nothing"), 3)
    stamp = json.loads((folder / "FORMAT").read_text())
    (folder / "FORMAT").write_text(json.dumps(stamp | {"major": 99}))
    assert "upgrade semsearch" in refused(indexed("check", "reviews"), 3)


def test_a_repair_beside_a_writer_exits_with_3_and_a_check_does_not(
    indexed: Run, folder: Path
) -> None:
    with writer_lock(folder / "LOCK"):
        assert "is being written" in refused(indexed("check", "reviews", "--repair"), 3)
        assert indexed("check", "reviews", "--full").exit_code == 0


def test_a_fault_of_the_check_itself_exits_with_4(
    indexed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("semsearch.store.checking.check_names", fail)
    told = refused(indexed("check", "reviews"), 4)
    assert (
        told == "the check of 'reviews' failed (ZeroDivisionError: division by zero); report this"
    )


def test_compact_tells_what_it_gave_back(indexed: Run) -> None:
    indexed("delete", "reviews", "a", "b")
    told = indexed("compact", "reviews").stdout
    assert told.startswith("dropped 2 deleted rows in ")
    assert json.loads(indexed("compact", "reviews", "--json").stdout)["dropped"] == 0
    assert indexed("check", "reviews", "--full").exit_code == 0


def test_delete_with_purge_leaves_no_byte_of_the_text(indexed: Run, folder: Path) -> None:
    def places(text: bytes) -> list[Path]:
        files = [path for path in folder.rglob("*") if path.is_file()]
        return [path for path in files if text in path.read_bytes()]

    assert places(b"wonderful tomato") != []
    assert indexed("delete", "reviews", "b", "--purge").stdout == "deleted 1 of 4 items\n"
    assert places(b"wonderful tomato") == []
    with semsearch.open(folder) as collection:
        assert collection.search("soup", k=9)[0].key == "a"
        assert len(collection) == 3


def test_a_backup_is_restored_under_another_name(indexed: Run, tmp_path: Path) -> None:
    file = tmp_path / "reviews.tar"
    told = indexed("backup", "reviews", file).stdout
    assert told.startswith(f"4 items in {file} (")
    assert indexed("restore", file, "again").stdout == "again: 4 items restored and checked\n"
    assert indexed("check", "again", "--full").exit_code == 0
    assert "wonderful tomato" in indexed("search", "again", "tomato").stdout
    assert "stands at" in refused(indexed("restore", file, "again"), 1)
    assert "exists already" in refused(indexed("backup", "reviews", file), 1)
    assert "cannot be named" in refused(indexed("restore", file, "../outside"), 2)


def test_a_name_before_the_file_of_a_backup_is_told(indexed: Run, tmp_path: Path) -> None:
    file = tmp_path / "kept"
    indexed("backup", "reviews", file)
    result = indexed("restore", "again", file)
    assert result.exit_code == 2
    assert f"the file comes first: semsearch restore {file} again" in result.stderr


def test_a_backup_that_is_none_is_told_and_restores_nothing(run: Run, table: Path) -> None:
    assert "is no sound backup" in refused(run("restore", table, "again"), 1)
    assert "cannot be read" in refused(run("restore", table.parent / "nowhere", "again"), 1)
    assert "no collection named" in refused(run("info", "again"), 1)


def test_a_command_waits_for_another_writer_when_told_to(
    indexed: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writer_lock(folder / "LOCK"):
        told = refused(indexed("--wait", "0.2", "delete", "reviews", "a"), 3)
        assert "wait for it with `semsearch --wait 60 ...`, or stop it" in told
    held = writer_lock(folder / "LOCK")
    held.__enter__()
    timer = threading.Timer(0.3, held.__exit__, (None, None, None))
    timer.start()
    assert indexed("--wait", "30", "delete", "reviews", "a").exit_code == 0
    timer.join()
    assert os.environ.get("SEMSEARCH_WAIT", "") == ""


def test_a_wish_to_wait_that_is_no_number_is_wrong_usage_of_any_command(
    indexed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMSEARCH_WAIT", "long")
    result = indexed("check", "reviews", "--repair")
    assert result.exit_code == 2
    assert "Invalid value for '--wait': 'long' is not a valid float" in result.stderr
