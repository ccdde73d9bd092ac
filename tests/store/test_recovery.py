"""What the writer after a dead one does: sweeps what is ours and uncommitted, and nothing else."""

from __future__ import annotations

import fcntl
import logging
from pathlib import Path

import pytest

from semsearch import fsio
from semsearch.errors import StorageError
from semsearch.store import Batch, NewItem, Store
from tests.store.rows import keys, put, vectors

ORPHAN = "0" * 64


def die(store: Store) -> None:
    """Leave the lock file as a writer that was killed leaves it."""
    store.folder.lock.write_text('{"pid": 1, "command": "semsearch index", "since": "then"}')


def write(store: Store) -> None:
    with store.writing():
        pass


def put_image(store: Store, data: bytes) -> str:
    digest = fsio.hashlib.sha256(data).hexdigest()
    with store.writing() as writer:
        writer.publish_blob(data)
        writer.commit(Batch([NewItem("a", "", {}, digest, digest)], vectors(1)))
    return digest


def put_index(store: Store, data: bytes = b"codes") -> Path:
    published = fsio.publish_bytes(
        data,
        scratch=store.folder.scratch,
        place=lambda sha256: store.folder.derived_file(sha256, ".faiss"),
    )
    with store.writing() as writer:
        writer.record_derived("index", "main", published, 1, None, {})
    return published.path


def test_files_that_no_row_names_are_swept_in_every_folder(store: Store) -> None:
    folder = store.folder
    blob = put_image(store, b"picture")
    index = put_index(store)
    folder.thumbnails.mkdir()
    kept = [folder.blob(blob), index, folder.thumbnails / f"{blob}-256.webp"]
    kept[2].write_bytes(b"small")
    left = [
        folder.scratch / "half",
        folder.segment(ORPHAN),
        folder.head(ORPHAN),
        folder.blobs / "00" / ORPHAN,
        folder.derived_file(ORPHAN, ".faiss"),
        folder.thumbnails / f"{ORPHAN}-256.webp",
    ]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"left")
    die(store)
    write(store)
    assert [path for path in left if path.exists()] == []
    assert all(path.exists() for path in kept)


def test_files_of_somebody_else_stay(store: Store) -> None:
    foreign = [
        store.folder.path / "notes.txt",
        store.folder.segments / "README",
        store.folder.derived / "mine.faiss",
    ]
    for path in foreign:
        path.write_text("mine")
    die(store)
    write(store)
    assert all(path.read_text() == "mine" for path in foreign)


def test_a_file_that_somebody_is_still_writing_stays(store: Store) -> None:
    path = store.folder.scratch / "index-in-the-making"
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        die(store)
        write(store)
        assert path.exists()
    die(store)
    write(store)
    assert not path.exists()


def test_a_published_file_is_locked_while_it_is_written(store: Store) -> None:
    seen = []

    def look(file: fsio.HashingFile) -> None:
        [path] = store.folder.scratch.iterdir()
        seen.append(fsio.is_being_written(path))
        file.write(b"data")

    fsio.publish(look, scratch=store.folder.scratch, place=store.folder.segment)
    assert seen == [True]


def test_a_row_whose_image_is_missing_stays_and_is_told(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    blob = put_image(store, b"picture")
    store.folder.blob(blob).unlink()
    die(store)
    with caplog.at_level(logging.ERROR):
        write(store)
    assert f"the blob {blob}" in caplog.text
    assert "is missing" in caplog.text
    assert keys(store) == ["a"]


@pytest.mark.parametrize("damage", ["missing", "shorter"])
def test_a_derived_file_that_is_gone_is_forgotten_and_nothing_else(
    store: Store, damage: str
) -> None:
    put(store, "a")
    path = put_index(store)
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(b"c")
    die(store)
    write(store)
    assert store.derived("index") == []
    assert keys(store) == ["a"]
    assert (store.folder.quarantine / path.name).exists() == (damage == "shorter")


def test_a_rejected_file_lies_in_quarantine_and_is_told_once(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    path = put_index(store)
    [row] = store.derived("index")
    version = store.version
    with caplog.at_level(logging.WARNING), store.writing() as writer:
        writer.reject_derived(row, "is not what was written")
    assert caplog.text.count("is not what was written; it is made again") == 1
    assert (store.folder.quarantine / path.name).read_bytes() == b"codes"
    assert not path.exists()
    assert store.derived("index") == []
    assert store.version > version


@pytest.mark.parametrize("stop", range(6))
def test_a_recovery_that_dies_is_done_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    put(store, "a")
    path = put_index(store)
    path.write_bytes(b"c")
    left = [store.folder.scratch / "half", store.folder.segment(ORPHAN)]
    for each in left:
        each.write_bytes(b"left")
    die(store)
    rest = iter(range(stop))

    def fail(operation: str, path: Path) -> None:
        if path != store.folder.lock and next(rest, None) is None:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(fsio, "checkpoint", fail)
    with pytest.raises(StorageError):
        write(store)
    monkeypatch.undo()
    assert keys(store) == ["a"]
    write(store)
    assert [each for each in left if each.exists()] == []
    assert store.derived("index") == []
    assert not path.exists()


def test_a_recovery_looks_again_where_the_last_one_died(store: Store) -> None:
    die(store)
    with pytest.raises(RuntimeError), store.writing():
        raise RuntimeError
    stray = store.folder.segment(ORPHAN)
    stray.write_bytes(b"left")
    write(store)
    assert not stray.exists()


def test_a_folded_segment_that_a_power_cut_brought_back_is_swept_by_any_writer(
    store: Store,
) -> None:
    put(store, "a")
    [path] = store.folder.segments.iterdir()
    data = path.read_bytes()
    put(store, "b", seed=1)
    path.write_bytes(data)
    assert store.folder.lock.read_text() == ""
    write(store)
    assert not path.exists()
    assert keys(store) == ["a", "b"]
