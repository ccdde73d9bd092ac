"""Damage and full disks: told in one line, with what was stored before kept."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from semsearch import fsio
from semsearch.errors import (
    CollectionDamaged,
    StorageFull,
)
from semsearch.store import Batch, NewItem, Store
from tests.store.rows import item, keys, put, vectors


def test_a_batch_that_fails_leaves_nothing_behind(store: Store) -> None:
    put(store, "a")
    with pytest.raises(apsw.ConstraintError), store.writing() as writer:
        writer.commit(Batch([item("b"), item("a")], vectors(2)))
    assert keys(store) == ["a"]
    with store.writing():
        pass
    assert len(list(store.folder.segments.iterdir())) == 1


def test_what_a_dead_writer_left_is_swept_by_the_next(store: Store) -> None:
    put(store, "a")
    stray = store.folder.scratch / "half-written"
    orphan = store.folder.segment("0" * 64)
    stray.write_bytes(b"half")
    orphan.write_bytes(b"published, never committed")
    store.folder.lock.write_text('{"pid": 1, "command": "semsearch index", "since": "then"}')
    put(store, "b")
    assert not stray.exists()
    assert not orphan.exists()
    assert keys(store) == ["a", "b"]


@pytest.mark.parametrize("damage", ["missing", "shorter"])
def test_a_damaged_segment_is_told_before_it_is_touched(store: Store, damage: str) -> None:
    put(store, "a", "b")
    [segment] = store.folder.segments.iterdir()
    if damage == "missing":
        segment.unlink()
    else:
        segment.write_bytes(segment.read_bytes()[:-8])
    with pytest.raises(CollectionDamaged, match=f"segment {segment.name}"):
        Store(store.folder.path).snapshot()


def test_a_damaged_database_is_told_in_one_line(store: Store) -> None:
    put(store, "a")
    store.close()
    store.folder.database.write_bytes(b"this is not a database, by any means" * 100)
    for suffix in ("-wal", "-shm"):
        Path(f"{store.folder.database}{suffix}").unlink(missing_ok=True)
    with pytest.raises(CollectionDamaged, match="restore it from a backup"):
        Store(store.folder.path)


@pytest.mark.parametrize("operation", ["create", "write", "fsync", "rename", "sync-folder"])
def test_a_full_disk_stores_nothing_of_the_batch_and_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    put(store, "a")

    def full(at: str, path: Path) -> None:
        if at == operation:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(fsio, "checkpoint", full)
    with pytest.raises(StorageFull, match="free some space"):
        put(store, "b", seed=3)
    monkeypatch.undo()
    assert keys(store) == ["a"]
    put(store, "c", seed=4)
    assert keys(store) == ["a", "c"]
    assert list(store.folder.scratch.iterdir()) == []


def test_a_full_disk_under_the_database_stores_nothing(store: Store) -> None:
    put(store, "a")
    with pytest.raises(StorageFull, match="is full"), store.writing() as writer:
        pages = writer._connection.pragma("page_count")
        writer._connection.pragma("max_page_count", pages)
        many = [item(f"k{n}", "x" * 1000) for n in range(200)]
        writer.commit(Batch(many, vectors(200)))
    assert keys(store) == ["a"]


@pytest.mark.parametrize("damage", ["missing", "flipped"])
def test_a_damaged_image_is_told_and_not_shown(store: Store, damage: str) -> None:
    digest = fsio.hashlib.sha256(b"picture").hexdigest()
    with store.writing() as writer:
        writer.publish_blob(b"picture")
        writer.commit(Batch([NewItem("a", "", {}, digest, digest)], vectors(1)))
    path = store.folder.blob(digest)
    path.unlink()
    if damage == "flipped":
        path.write_bytes(b"Picture")
    with pytest.raises(CollectionDamaged, match="add its image again"):
        store.blob(digest)
