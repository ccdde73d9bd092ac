"""Small segments become one: few files, the same rows, no damage hidden."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import apsw
import numpy as np
import pytest

from semsearch import fsio
from semsearch.errors import CollectionDamaged
from semsearch.store import Batch, Store, merging
from semsearch.store.merging import FAN_IN, SMALL, foldable
from tests.store.rows import item, keys, put, stored_vectors, vectors


def sizes_after(batches: list[int]) -> tuple[list[int], int]:
    """Fold batches of so many bytes; return the sizes left, and all bytes that were written."""
    sizes: list[int] = []
    written = 0
    for new in batches:
        count = foldable(sizes, new)
        total = new + sum(sizes[len(sizes) - count :])
        sizes[len(sizes) - count :] = [total]
        written += total
    return sizes, written


@pytest.mark.parametrize("size", [SMALL // 4, SMALL, SMALL * 10])
def test_the_number_of_segments_grows_with_the_logarithm_of_the_rows(size: int) -> None:
    sizes, written = sizes_after([size] * 4000)
    assert len(sizes) <= FAN_IN * np.log(4000) / np.log(FAN_IN)
    assert written <= 9 * 4000 * size


def test_batches_of_any_sizes_leave_few_segments() -> None:
    for seed in range(20):
        chance = np.random.default_rng(seed)
        batches = np.exp(chance.uniform(np.log(1e3), np.log(1e7), 500)).astype(int).tolist()
        sizes, written = sizes_after(batches)
        assert len(sizes) <= 20
        assert written <= 9 * sum(batches) + 500 * SMALL


def test_no_segment_grows_beyond_the_largest() -> None:
    sizes, _ = sizes_after([merging.LARGEST // 3] * 40)
    assert max(sizes) <= merging.LARGEST


def test_single_rows_end_up_in_one_segment_with_their_vectors(store: Store) -> None:
    rows = [put(store, f"k{n}", seed=n) for n in range(12)]
    assert len(list(store.folder.segments.iterdir())) == 1
    assert keys(store) == [f"k{n}" for n in range(12)]
    assert np.array_equal(stored_vectors(store), np.concatenate(rows))


def test_a_folded_segment_keeps_ids_that_were_never_used(store: Store) -> None:
    put(store, "a")
    with store.writing() as writer:
        writer._connection.execute("UPDATE sqlite_sequence SET seq = 9 WHERE name = 'item'")
    put(store, "b", "c")
    [segment] = store.snapshot().segments
    assert segment.ids.tolist() == [1, 10, 11]


def test_two_batches_with_the_same_vectors_share_one_file(store: Store) -> None:
    n = SMALL // 16 + 1
    for letter in "ab":
        with store.writing() as writer:
            writer.commit(Batch([item(f"{letter}{row}") for row in range(n)], vectors(n)))
    assert len(list(store.folder.segments.iterdir())) == 1
    assert len(store.snapshot().segments) == 2
    put(store, "c")
    assert np.array_equal(stored_vectors(store)[: 2 * n], np.concatenate([vectors(n)] * 2))


def test_a_large_segment_stays_mapped_as_it_is(store: Store) -> None:
    n = SMALL // 16 + 1
    put(store, *(f"k{row}" for row in range(n)))
    [first] = store.snapshot().segments
    put(store, "b")
    assert store.snapshot().segments[0] is first


def test_a_damaged_segment_is_not_folded_into_a_sound_one(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    put(store, "a")
    [path] = store.folder.segments.iterdir()
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        put(store, "b", seed=1)
    assert path.exists()
    assert "is damaged" in caplog.text
    assert len(list(store.folder.segments.iterdir())) == 2


@pytest.mark.parametrize("operation", ["write", "fsync", "rename", "sync-folder", "unlink"])
def test_a_folding_that_dies_loses_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    rows = [put(store, "a"), put(store, "b", seed=1)]

    def die(at: str, path: Path) -> None:
        if at == operation and path != store.folder.lock:
            raise KeyboardInterrupt

    monkeypatch.setattr(fsio, "checkpoint", die)
    with pytest.raises(KeyboardInterrupt):
        put(store, "c", seed=2)
    monkeypatch.undo()
    again = Store(store.folder.path)
    there = keys(again)
    assert there == (["a", "b", "c"] if operation == "unlink" else ["a", "b"])
    assert np.array_equal(stored_vectors(again)[:2], np.concatenate(rows))
    put(again, "d", seed=3)
    assert keys(again) == [*there, "d"]
    assert len(list(store.folder.segments.iterdir())) == 1


def test_readers_never_meet_a_segment_that_was_just_folded(store: Store) -> None:
    put(store, "k")
    stop = threading.Event()
    surprises: list[Exception] = []

    def read() -> None:
        other = Store(store.folder.path, read_only=True)
        try:
            while not stop.is_set():
                held = other.snapshot()
                assert len(held.every) == held.ids[-1]
        except Exception as error:
            surprises.append(error)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for n in range(150):
        put(store, f"k{n}", seed=n)
    stop.set()
    for thread in threads:
        thread.join()
    assert surprises == []


def test_a_segment_that_is_missing_for_good_is_damage(store: Store) -> None:
    put(store, "a")
    [path] = store.folder.segments.iterdir()
    path.unlink()
    with pytest.raises(CollectionDamaged, match="is missing"):
        Store(store.folder.path).snapshot()


def test_the_catalogue_names_just_the_files_that_stand(store: Store) -> None:
    for n in range(5):
        put(store, f"k{n}", seed=n)
    connection = apsw.Connection(str(store.folder.database))
    named = {row[0] for row in connection.execute("SELECT sha256 FROM file")}
    connection.close()
    assert named == {path.stem for path in store.folder.segments.iterdir()}
