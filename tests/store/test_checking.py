"""The check finds what was planted, names it, and mends only what can be made again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from semsearch import fsio
from semsearch.errors import CollectionDamaged
from semsearch.store import Batch, NewItem, Store
from semsearch.store.database import open_writer
from semsearch.store.findings import CheckReport, Finding
from tests.store.rows import item, keys, put, vectors


@pytest.fixture
def filled(store: Store) -> Store:
    """A store with everything in it: images, results, an index, a column, deleted rows."""
    put(store, *(f"k{n}" for n in range(20)))
    picture = fsio.hashlib.sha256(b"picture").hexdigest()
    with store.writing() as writer:
        writer.publish_blob(b"picture")
        writer.commit(Batch([NewItem("image", "", {}, picture, picture)], vectors(1, 7)))
        writer.delete([3, 4])
        writer.save_result("clustering", "default", {"labels": np.arange(4)}, {})
    put_derived(store, "index", ".faiss")
    put_derived(store, "column", ".npz")
    return store


def put_derived(store: Store, kind: str, suffix: str) -> Path:
    published = fsio.publish_bytes(
        f"a file of the kind {kind}".encode(),
        scratch=store.folder.scratch,
        place=lambda sha256: store.folder.derived_file(sha256, suffix),
    )
    with store.writing() as writer:
        writer.record_derived(kind, "main", published, 21, None, {})
    return published.path


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def remove(path: Path) -> None:
    path.unlink()


def run_sql(store: Store, sql: str) -> None:
    connection = open_writer(store.folder.database)
    connection.execute(sql)
    connection.close()


def the_one(report: CheckReport) -> Finding:
    [finding] = report.findings
    return finding


@pytest.mark.parametrize("full", [False, True])
def test_a_sound_collection_has_no_finding(filled: Store, full: bool) -> None:
    report = filled.check(full=full)
    assert report.findings == ()
    assert report.level == "ok"
    assert report.counts["items"] == 19
    assert report.counts["deleted"] == 2
    assert report.counts["vectors"] == 21


def test_an_empty_collection_has_no_finding(store: Store) -> None:
    assert store.check(full=True).findings == ()


@pytest.mark.parametrize("damage", [remove, cut])
@pytest.mark.parametrize(
    ("folder", "named"), [("segments", "the segment"), ("blobs", "the image"), ("heads", "default")]
)
def test_a_file_that_only_the_user_could_make_is_source_damage(
    filled: Store, folder: str, named: str, damage: Callable[[Path], None]
) -> None:
    [path] = [path for path in (filled.folder.path / folder).rglob("*") if path.is_file()]
    damage(path)
    finding = the_one(filled.check())
    assert finding.level == "source"
    assert named in finding.thing
    assert finding.wrong in ("is missing",) or "instead of" in finding.wrong


@pytest.mark.parametrize("folder", ["segments", "blobs", "heads"])
def test_a_flipped_bit_of_a_file_is_found_by_the_full_check(filled: Store, folder: str) -> None:
    [path] = [path for path in (filled.folder.path / folder).rglob("*") if path.is_file()]
    flip(path)
    assert filled.check().level == "ok"
    report = filled.check(full=True)
    assert report.level == "source"
    assert report.findings[0].wrong == "is not what was written"


def test_the_items_of_a_damaged_segment_are_named(filled: Store) -> None:
    [path] = filled.folder.segments.iterdir()
    path.unlink()
    live = [key for key in (f"k{n}" for n in range(20)) if key not in ("k2", "k3")]
    assert the_one(filled.check()).keys == (*live, "image")


def test_the_item_of_a_damaged_image_is_named(filled: Store) -> None:
    [path] = [path for path in filled.folder.blobs.rglob("*") if path.is_file()]
    flip(path)
    assert the_one(filled.check(full=True)).keys == ("image",)


@pytest.mark.parametrize("damage", [remove, cut, flip])
@pytest.mark.parametrize("kind", ["index", "column"])
def test_a_damaged_derived_file_is_derived_damage_and_mended(
    filled: Store, kind: str, damage: Callable[[Path], None]
) -> None:
    [row] = filled.derived(kind)
    damage(row.path)
    report = filled.check(full=True, repair=True)
    assert report.level == "derived"
    assert (the_one(report).thing, report.repaired) == (f"the {kind} 'main'", 1)
    assert filled.derived(kind) == []
    assert filled.check(full=True).level == "ok"
    assert (filled.folder.quarantine / row.path.name).exists() == (damage is not remove)


def test_a_row_that_was_changed_by_hand_is_found_and_named(filled: Store) -> None:
    run_sql(filled, "UPDATE item SET text = 'forged' WHERE key = 'k7'")
    assert filled.check().level == "ok"
    finding = the_one(filled.check(full=True))
    assert (finding.thing, finding.keys) == ("the item 'k7'", ("k7",))


def test_a_row_whose_page_cannot_be_read_is_named(store: Store) -> None:
    long = "lorem " * 500
    with store.writing() as writer:
        writer.commit(Batch([item(f"k{n}", f"{long}{n}") for n in range(50)], vectors(50)))
    store.close()
    path = store.folder.database
    run_sql(store, "PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    place = data.index(f"{long}31".encode()[-40:])
    data[place] ^= 1
    path.write_bytes(data)
    report = Store(store.folder.path).check(full=True)
    assert report.level == "source"
    assert ("k31",) in [finding.keys for finding in report.findings]
    touched = {key for finding in report.findings for key in finding.keys}
    assert len(touched) < 10


def test_a_flipped_bit_anywhere_in_the_database_is_found(filled: Store) -> None:
    run_sql(filled, "PRAGMA wal_checkpoint(TRUNCATE)")
    filled.close()
    path = filled.folder.database
    sound = path.read_bytes()
    chance = np.random.default_rng(5)
    for place in chance.integers(4096, len(sound), 12):
        data = bytearray(sound)
        data[place] ^= 1 << int(chance.integers(8))
        path.write_bytes(data)
        assert level_of(filled.folder.path) == "source", place
    path.write_bytes(sound)
    assert level_of(filled.folder.path) == "ok"


def level_of(path: Path) -> str:
    try:
        return Store(path).check(full=True).level
    except CollectionDamaged:  # it cannot even be opened
        return "source"


@pytest.mark.parametrize(
    ("sql", "wrong"),
    [
        ("DELETE FROM item WHERE id = 5", "of 1 items are there that do not exist"),
        ("DELETE FROM segment", "of 19 items are missing"),
        ("DELETE FROM file WHERE kind = 'segment'", "stands in no manifest"),
        ("DELETE FROM file WHERE kind = 'blob'", "stands in no manifest"),
        ("DELETE FROM file WHERE kind = 'head'", "has no file"),
        ("PRAGMA user_version = 9", "has the user_version 9 instead of 3"),
        ("UPDATE item SET deleted_seq = 999 WHERE id = 3", "do not fit the list of commits"),
        ("UPDATE segment SET n = 20", "(21, 4) instead of (20, 4)"),
    ],
)
def test_a_catalogue_that_contradicts_itself_is_source_damage(
    filled: Store, sql: str, wrong: str
) -> None:
    run_sql(filled, sql)
    report = filled.check(full=True)
    assert report.level == "source"
    assert any(wrong in str(finding) for finding in report.findings), report.findings


def test_a_vector_that_is_not_of_length_one_is_named(filled: Store) -> None:
    rows = vectors(3, 8)
    rows[1] *= 2
    with filled.writing() as writer:
        writer.commit(Batch([item(f"odd{n}") for n in range(3)], rows))
    finding = the_one(filled.check(full=True))
    assert finding.keys == ("odd1",)
    assert "holds 1 vectors that are not of length 1" in finding.wrong


def test_files_that_belong_to_nothing_are_swept_by_a_repair(filled: Store) -> None:
    orphan = filled.folder.head("0" * 64)
    orphan.write_bytes(b"left")
    assert filled.check().level == "derived"
    assert filled.check(repair=True).repaired == 1
    assert not orphan.exists()
    assert filled.check().level == "ok"


def test_a_published_file_of_a_writer_at_work_is_no_finding(filled: Store) -> None:
    other = Store(filled.folder.path)
    with filled.writing() as writer:
        writer.publish_blob(b"its row is still to come")
        assert other.check(full=True).findings == ()


def test_what_is_odd_but_harmless_is_a_note(filled: Store) -> None:
    (filled.folder.path / "notes.txt").write_text("mine")
    filled.folder.path.chmod(0o755)
    report = filled.check()
    assert report.level == "ok"
    assert {finding.level for finding in report.findings} == {"note"}
    assert any("'notes.txt' is none of semsearch's" in str(one) for one in report.findings)
    filled.check(repair=True)
    assert filled.folder.path.stat().st_mode & 0o777 == 0o700
    assert (filled.folder.path / "notes.txt").exists()


def test_a_purge_that_was_interrupted_is_told(filled: Store) -> None:
    with filled.writing() as writer:
        writer.delete([1], erase=True)
    assert "finish it with `semsearch compact`" in str(the_one(filled.check()))
    with filled.writing() as writer:
        writer.compact()
    assert filled.check().level == "ok"


def test_a_repair_leaves_source_damage_where_it_is(filled: Store) -> None:
    [path] = filled.folder.segments.iterdir()
    flip(path)
    before = path.read_bytes()
    assert filled.check(full=True, repair=True).level == "source"
    assert path.read_bytes() == before


def test_a_check_changes_nothing(filled: Store) -> None:
    filled.folder.segment("0" * 64).write_bytes(b"left")
    files = [path for path in filled.folder.path.rglob("*") if path.is_file()]
    quiet = [path for path in files if path.suffix != ".db-shm"]
    before = {path: path.read_bytes() for path in quiet}
    filled.check(full=True)
    assert {path: path.read_bytes() for path in quiet} == before


def test_the_check_writes_no_text_of_an_item_to_the_log(
    filled: Store, caplog: pytest.LogCaptureFixture
) -> None:
    run_sql(filled, "UPDATE item SET text = 'forged secret' WHERE key = 'k7'")
    with caplog.at_level(logging.DEBUG):
        report = filled.check(full=True)
    assert "forged secret" not in caplog.text + str(report.as_dict())


def test_a_check_after_everything_else_is_clean(filled: Store) -> None:
    with filled.writing() as writer:
        writer.compact()
    assert filled.check(full=True).findings == ()
    assert len(keys(filled)) == 19
