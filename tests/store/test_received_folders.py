"""A collection that somebody else has packed writes, removes and runs nothing elsewhere."""

from __future__ import annotations

import os
import shutil
import zlib
from pathlib import Path

import pytest

from semsearch.errors import CollectionDamaged
from semsearch.store import Store
from semsearch.store.database import open_writer
from tests.store.rows import keys, put

PARTS = ["tmp", "segments", "heads", "blobs", "derived", "derived/thumbnails", "quarantine"]
FORMATS = [
    '{"format": "semsearch collection", "major": 1e999, "minor": 0}',
    "[" * 50_000,
    '{"format": "semsearch collection", "major": 3, "minor": 0, "x": "' + "x" * 70_000 + '"}',
]


def change(store: Store, sql: str, *values: str | int | bytes) -> None:
    connection = open_writer(store.folder.database)
    connection.execute(sql, values)
    connection.close()


def die(store: Store) -> None:
    store.folder.lock.write_text('{"pid": 1, "command": "semsearch index", "since": "then"}')


@pytest.mark.parametrize("part", PARTS)
def test_a_folder_that_is_a_link_is_refused_and_its_target_left_alone(
    store: Store, tmp_path: Path, part: str
) -> None:
    put(store, "a")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "thesis.txt").write_text("years of work")
    shutil.rmtree(store.folder.path / part, ignore_errors=True)
    (store.folder.path / part).symlink_to(elsewhere)
    die(store)
    with pytest.raises(CollectionDamaged, match="is a link"):
        Store(store.folder.path)
    assert (elsewhere / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("name", ["LOCK", "store.db", "store.db-wal"])
def test_a_file_that_is_a_link_is_refused_and_its_target_left_alone(
    store: Store, tmp_path: Path, name: str
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (store.folder.path / name).unlink(missing_ok=True)
    (store.folder.path / name).symlink_to(victim)
    with pytest.raises(CollectionDamaged, match="is a link"):
        Store(store.folder.path)
    assert victim.read_text() == "precious"


def test_a_lock_that_is_a_pipe_is_refused(store: Store) -> None:
    store.folder.lock.unlink()
    os.mkfifo(store.folder.lock)
    with pytest.raises(CollectionDamaged, match="is a link or something else"):
        Store(store.folder.path)


def test_a_lock_that_becomes_a_link_while_the_collection_is_open_is_not_followed(
    store: Store, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    store.folder.lock.unlink()
    store.folder.lock.symlink_to(victim)
    with pytest.raises(Exception, match="LOCK"), store.writing():
        pass
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("kind", ["blob", "segment", "head"])
def test_a_manifest_that_names_a_path_elsewhere_removes_nothing_there(
    store: Store, tmp_path: Path, kind: str
) -> None:
    put(store, "a", "b")
    victims = [tmp_path / f"victim{suffix}" for suffix in ("", ".npy", ".npz")]
    for victim in victims:
        victim.write_text("precious")
    change(store, "INSERT INTO file VALUES (?, ?, 1)", str(victims[0]), kind)
    with pytest.raises(CollectionDamaged, match="none of ours"), store.writing() as writer:
        writer.delete([1])
        writer.compact()
    assert all(victim.read_text() == "precious" for victim in victims)


@pytest.mark.parametrize("suffix", ["", ".npz"])
def test_a_derived_file_that_is_named_elsewhere_is_not_moved(
    store: Store, tmp_path: Path, suffix: str
) -> None:
    victim = tmp_path / f"victim{suffix}"
    victim.write_text("precious")
    named = str(tmp_path / "victim")
    change(
        store, "INSERT INTO derived VALUES ('column', 'x', -1, ?, ?, 5, 1, NULL, '{}', 1)",
        named, suffix,
    )  # fmt: skip
    die(store)
    with pytest.raises(CollectionDamaged, match="none of ours"), store.writing():
        pass
    assert victim.read_text() == "precious"


def test_a_kind_of_file_that_nobody_knows_is_told(store: Store) -> None:
    change(store, "INSERT INTO file VALUES (?, 'strange', 1)", "0" * 64)
    report = store.check(full=True)
    assert any("none of ours" in finding.wrong for finding in report.findings)


def test_a_trigger_of_somebody_else_does_not_act(store: Store) -> None:
    change(
        store,
        "CREATE TRIGGER t AFTER INSERT ON item BEGIN DELETE FROM item WHERE id = NEW.id; END",
    )
    put(store, "a", "b")
    assert keys(store) == ["a", "b"]


def test_a_trigger_of_somebody_else_is_told_by_a_check(store: Store) -> None:
    change(store, "CREATE TRIGGER t AFTER INSERT ON op BEGIN DELETE FROM item; END")
    [finding] = store.check().findings
    assert "trigger" in finding.wrong


def test_a_view_in_the_place_of_a_table_is_refused(store: Store) -> None:
    change(store, "ALTER TABLE meta RENAME TO other")
    change(store, "CREATE VIEW meta AS SELECT * FROM other")
    with pytest.raises(CollectionDamaged, match="not ours"):
        Store(store.folder.path)


def test_a_missing_table_is_damage(store: Store) -> None:
    change(store, "DROP TABLE meta")
    with pytest.raises(CollectionDamaged, match="not ours"):
        Store(store.folder.path)


@pytest.mark.parametrize("text", FORMATS, ids=["endless", "deep", "long"])
def test_a_format_file_that_nobody_of_us_wrote_is_refused(store: Store, text: str) -> None:
    store.folder.format.write_text(text)
    with pytest.raises(CollectionDamaged, match="does not say which format"):
        Store(store.folder.path)


STRANGE = {
    "a key of bytes": ("UPDATE item SET key = ? WHERE id = 1", b"\xff"),
    "a card that is no JSON": ("UPDATE space SET card = ?", "["),
    "a deep card": ("UPDATE space SET card = ?", "[" * 100_000),
    "ids that are no archive": ("UPDATE segment SET ids = ?", b"junk"),
    "ids that explode": ("UPDATE segment SET ids = ?", zlib.compress(bytes(2**26))),
    "ids that are the same": ("UPDATE segment SET ids = ?", zlib.compress(b"\x01" + bytes(15))),
    "billions of rows": ("UPDATE segment SET n = ?", 2**40),
    "no modality": ("DELETE FROM meta",),
    "ids to be given again": ("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'item'",),
    "no space": ("UPDATE space SET state = 'previous'",),
}


@pytest.mark.parametrize("what", STRANGE)
def test_a_check_tells_what_a_foreign_writer_left(store: Store, what: str) -> None:
    put(store, "a", "b")
    change(store, *STRANGE[what])
    report = store.check(full=True)
    assert any(finding.level == "source" for finding in report.findings)


@pytest.mark.parametrize("what", [one for one in STRANGE if one.startswith(("ids that", "a card"))])
def test_a_search_of_what_a_foreign_writer_left_is_refused(store: Store, what: str) -> None:
    put(store, "a", "b")
    change(store, *STRANGE[what])
    with pytest.raises(CollectionDamaged):
        Store(store.folder.path).snapshot()
