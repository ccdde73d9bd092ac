"""Compacting gives the room of deleted rows back, and a purge leaves no byte of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import apsw
import numpy as np
import pytest

from semsearch import fsio
from semsearch.errors import CollectionDamaged, StorageError, StorageFull
from semsearch.store import Batch, CompactReport, NewItem, Store, merging
from semsearch.store.merging import SMALL
from tests.store.rows import item, keys, put, stored_vectors, vectors

LARGE = SMALL // 16 + 1
"""Rows of a segment that is not folded into the next."""

SECRET = "the-combination-is-7-4-1-9"


class Usage(NamedTuple):
    free: int


def bury(store: Store, *ids: int, erase: bool = False) -> None:
    with store.writing() as writer:
        writer.delete(ids, erase=erase)


def compact(store: Store) -> CompactReport:
    with store.writing() as writer:
        return writer.compact()


def put_many(store: Store, letter: str, n: int = LARGE, text: str = "") -> np.ndarray:
    rows = vectors(n, ord(letter))
    with store.writing() as writer:
        writer.commit(Batch([item(f"{letter}{row}", text) for row in range(n)], rows))
    return rows


def test_compacting_drops_deleted_rows_and_keeps_the_others(store: Store) -> None:
    rows = np.concatenate([put_many(store, "a"), put_many(store, "b")])
    bury(store, 2, 3, LARGE + 5, 2 * LARGE)
    live = np.delete(np.arange(2 * LARGE), [1, 2, LARGE + 4, 2 * LARGE - 1])
    before = keys(store)
    report = compact(store)
    assert report.dropped == 4
    assert keys(store) == before
    assert store.snapshot().live is None
    assert store.snapshot().ids.tolist() == (live + 1).tolist()
    assert np.array_equal(stored_vectors(store), rows[live])


def test_compacting_shrinks_the_disk(store: Store) -> None:
    put_many(store, "a", text="x" * 500)
    put_many(store, "b", text="y" * 500)
    bury(store, *range(1, 2 * LARGE))
    report = compact(store)
    assert report.bytes_after == pytest.approx(store.bytes_on_disk(), abs=4096)
    assert report.bytes_after < report.bytes_before / 10
    assert keys(store) == [f"b{LARGE - 1}"]


def test_compacting_joins_the_segments_that_are_left(store: Store) -> None:
    for letter in "abc":
        put_many(store, letter)
    assert len(store.snapshot().segments) == 3
    compact(store)
    assert len(store.snapshot().segments) == 1
    assert len(list(store.folder.segments.iterdir())) == 1


def test_a_second_compacting_writes_no_file_anew(store: Store) -> None:
    put_many(store, "a")
    bury(store, 1)
    compact(store)
    [before] = [path.stat().st_ino for path in store.folder.segments.iterdir()]
    compact(store)
    assert [path.stat().st_ino for path in store.folder.segments.iterdir()] == [before]


def test_segments_are_joined_up_to_the_largest_only(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "LARGEST", 2 * SMALL + 1000)
    rows = [put_many(store, letter) for letter in "abc"]
    compact(store)
    assert [len(segment) for segment in store.snapshot().segments] == [2 * LARGE, LARGE]
    assert np.array_equal(stored_vectors(store), np.concatenate(rows))


def test_when_all_is_deleted_nothing_is_left_and_adding_goes_on(store: Store) -> None:
    put(store, "a", "b")
    bury(store, 1, 2)
    compact(store)
    assert list(store.folder.segments.iterdir()) == []
    put(store, "c")
    assert store.snapshot().ids.tolist() == [3]


def test_two_segments_that_become_the_content_of_one_keep_its_file(store: Store) -> None:
    rows = put_many(store, "a")
    put(store, "b")
    bury(store, LARGE + 1)
    compact(store)
    assert np.array_equal(stored_vectors(store), rows)


def test_a_snapshot_from_before_can_still_be_searched(store: Store) -> None:
    rows = put_many(store, "a")
    bury(store, 1)
    held = store.snapshot()
    compact(store)
    assert np.array_equal(held.take(held.ids), rows[1:])


def test_images_that_no_item_has_leave_the_disk_with_their_thumbnails(store: Store) -> None:
    digests = []
    with store.writing() as writer:
        for name in (b"one", b"two"):
            writer.publish_blob(name)
            digests += [fsio.hashlib.sha256(name).hexdigest()]
        items = [NewItem(d[:5], "", {}, d, d) for d in digests]
        writer.commit(Batch(items, vectors(2)))
    store.folder.thumbnails.mkdir()
    small = store.folder.thumbnails / f"{digests[0]}-256.webp"
    small.write_bytes(b"small")
    bury(store, 1)
    compact(store)
    assert not store.folder.blob(digests[0]).exists()
    assert not small.exists()
    assert store.blob(digests[1]) == b"two"


def test_a_damaged_segment_is_not_copied(store: Store) -> None:
    put_many(store, "a")
    bury(store, 1)
    [path] = store.folder.segments.iterdir()
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(CollectionDamaged, match="is damaged"):
        compact(store)
    assert path.exists()


def test_a_disk_without_room_is_told_before_anything_changes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_many(store, "a")
    bury(store, 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1000))
    with pytest.raises(StorageFull, match=r"needs \d+ MB free .* and 0 MB are; free some space"):
        compact(store)
    assert len(store.snapshot().every) == LARGE


@pytest.mark.parametrize("stop", range(16))
def test_compacting_that_dies_anywhere_loses_nothing_and_goes_on(
    store: Store, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    rows = np.concatenate([put_many(store, "a"), put_many(store, "b")])
    bury(store, 1, LARGE + 1)
    left = iter(range(stop))

    def die(operation: str, path: Path) -> None:
        if path != store.folder.lock and next(left, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr(fsio, "checkpoint", die)
    try:
        compact(store)
    except KeyboardInterrupt:
        pass
    else:
        assert stop > 7
    monkeypatch.undo()
    again = Store(store.folder.path)
    for _ in range(2):
        assert np.array_equal(stored_vectors(again), np.delete(rows, [0, LARGE], axis=0))
        compact(again)
    named = {row[0] for row in apsw_rows(store, "SELECT sha256 FROM file")}
    assert {path.stem for path in store.folder.segments.iterdir()} == named


def apsw_rows(store: Store, sql: str) -> list[tuple[str]]:
    connection = apsw.Connection(str(store.folder.database))
    rows = list(connection.execute(sql))
    connection.close()
    return rows


def places_of(store: Store, needle: bytes) -> list[Path]:
    """Return the files of a collection in which some bytes stand."""
    files = [path for path in store.folder.path.rglob("*") if path.is_file()]
    return [path for path in files if needle in path.read_bytes()]


def plant(store: Store) -> bytes:
    """Store a secret in every place that keeps something of an item; return its vector."""
    put_many(store, "a")
    rows = vectors(2, 99)
    secret = NewItem("secret", SECRET, {"note": SECRET}, "c")
    with store.writing() as writer:
        writer.commit(Batch([secret, item("plain")], rows))
        for kind, suffix in (("index", ".faiss"), ("column", ".npz")):
            published = fsio.publish_bytes(
                SECRET.encode() + rows[0].tobytes() + kind.encode(),
                scratch=store.folder.scratch,
                place=lambda sha256, end=suffix: store.folder.derived_file(sha256, end),
            )
            writer.record_derived(kind, "main", published, LARGE + 2, None, {"words": [SECRET]})
        arrays = {"ids": np.array([LARGE + 1])}
        writer.save_result("clustering", "default", arrays, {"keywords": [SECRET]})
        arrays = {"ids": np.array([LARGE + 2])}
        writer.save_result("clustering", "other", arrays, {"keywords": ["plain"]})
    store.folder.quarantine.mkdir()
    (store.folder.quarantine / "damaged.npy").write_bytes(rows[0].tobytes())
    return rows[0].tobytes()


def test_a_purge_leaves_no_byte_of_text_or_vector(store: Store) -> None:
    vector = plant(store)
    assert len(places_of(store, SECRET.encode())) > 2
    assert len(places_of(store, vector)) > 2
    bury(store, LARGE + 1, erase=True)
    compact(store)
    assert places_of(store, SECRET.encode()) == []
    assert places_of(store, vector) == []
    assert keys(store)[-1] == "plain"
    assert store.result_names("clustering") == ["other"]
    assert store.derived("index") == []


def test_a_purge_that_died_is_finished_by_the_next_compacting(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    vector = plant(store)
    bury(store, LARGE + 1, erase=True)

    def die(operation: str, path: Path) -> None:
        if operation == "fsync":
            raise KeyboardInterrupt

    monkeypatch.setattr(fsio, "checkpoint", die)
    with pytest.raises(KeyboardInterrupt):
        compact(store)
    monkeypatch.undo()
    compact(Store(store.folder.path))
    assert places_of(store, SECRET.encode()) == []
    assert places_of(store, vector) == []


def test_a_file_that_was_made_before_a_purge_is_not_recorded_after_it(store: Store) -> None:
    plant(store)
    late, clean = (
        fsio.publish_bytes(
            data,
            scratch=store.folder.scratch,
            place=lambda sha256: store.folder.derived_file(sha256, ".faiss"),
        )
        for data in (SECRET.encode(), b"codes")
    )
    bury(store, LARGE + 1, erase=True)
    compact(store)
    with store.writing() as writer:
        with pytest.raises(StorageError, match="were erased meanwhile; make it again"):
            writer.record_derived("index", "main", late, LARGE + 2, None, {})
        writer.record_derived("index", "main", clean, LARGE, None, {})
    assert places_of(store, SECRET.encode()) == []
    assert len(store.derived("index")) == 1


def test_compacting_without_a_purge_keeps_derived_files_and_results(store: Store) -> None:
    plant(store)
    bury(store, 1)
    compact(store)
    assert len(store.derived("index")) == 1
    assert store.result_names("clustering") == ["default", "other"]


def test_the_pages_keep_their_checksums(store: Store) -> None:
    put_many(store, "a")
    bury(store, 1)
    compact(store)
    connection = apsw.Connection(str(store.folder.database))
    assert connection.reserve_bytes() == 8
    connection.close()
