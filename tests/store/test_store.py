"""What the store promises: whole batches, stable ids, nothing lost, nothing resurrected."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from pathlib import Path

import apsw
import numpy as np
import pytest

from semsearch import fsio
from semsearch.errors import (
    CollectionDamaged,
    CollectionError,
    CollectionExists,
    CollectionLocked,
    CollectionNotFound,
    FormatTooNew,
    ResultNotFound,
    StorageError,
    StorageFull,
)
from semsearch.store import Batch, NewItem, Refresh, Space, Store

DIM = 4


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "reviews", Space(DIM, None, None, {}), {"modality": "text"})


def item(key: str, text: str = "", **fields: str | int) -> NewItem:
    return NewItem(key, text or f"text of {key}", fields, content=f"digest of {text or key}")


def vectors(n: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, DIM)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def put(store: Store, *keys: str, seed: int = 0) -> np.ndarray:
    rows = vectors(len(keys), seed)
    with store.writing() as writer:
        writer.commit(Batch([item(key) for key in keys], rows))
    return rows


def keys(store: Store) -> list[str]:
    ids = store.snapshot().ids.tolist()
    return [store.items(ids)[id_].key for id_ in ids]


def test_a_committed_batch_is_there_after_opening_again(store: Store) -> None:
    rows = put(store, "a", "b")
    store.close()
    again = Store(store.folder.path)
    assert keys(again) == ["a", "b"]
    assert np.array_equal(again.snapshot().take(again.snapshot().ids), rows)


def test_vectors_are_taken_in_the_order_asked_for_across_segments(store: Store) -> None:
    first, second = put(store, "a", "b", seed=1), put(store, "c", "d", seed=2)
    taken = store.snapshot().take(np.array([4, 1, 3], dtype=np.int64))
    assert np.array_equal(taken, np.stack([second[1], first[0], second[0]]))


def test_a_deleted_item_is_not_live_and_its_id_is_never_used_again(store: Store) -> None:
    put(store, "a", "b")
    with store.writing() as writer:
        writer.delete([2])
    put(store, "c")
    assert keys(store) == ["a", "c"]
    assert store.snapshot().ids.tolist() == [1, 3]


def test_a_replaced_item_keeps_its_key_and_gets_a_new_id(store: Store) -> None:
    put(store, "a")
    with store.writing() as writer:
        writer.commit(Batch([item("a", "better")], vectors(1, 5), replaced=[1]))
    assert store.live_items(["a"])["a"].text == "better"
    assert store.snapshot().ids.tolist() == [2]


def test_a_refreshed_item_keeps_its_vector(store: Store) -> None:
    rows = put(store, "a")
    with store.writing() as writer:
        changed = NewItem("a", "text of a", {"stars": 3}, "digest of a")
        writer.commit(Batch([], np.empty((0, DIM), np.float32), refreshed=[Refresh(1, changed)]))
    assert store.live_items(["a"])["a"].fields == {"stars": 3}
    assert np.array_equal(store.snapshot().take(store.snapshot().ids), rows)


def test_a_batch_that_fails_leaves_nothing_behind(store: Store) -> None:
    put(store, "a")
    with pytest.raises(apsw.ConstraintError), store.writing() as writer:
        writer.commit(Batch([item("b"), item("a")], vectors(2)))
    assert keys(store) == ["a"]
    with store.writing():
        pass
    assert len(list(store.folder.segments.iterdir())) == 1


def test_a_reader_sees_what_another_store_committed(store: Store) -> None:
    reader = Store(store.folder.path, read_only=True)
    assert len(reader.snapshot()) == 0
    put(store, "a")
    assert keys(reader) == ["a"]


def test_a_held_snapshot_does_not_change(store: Store) -> None:
    put(store, "a")
    held = store.snapshot()
    put(store, "b")
    assert held.ids.tolist() == [1]
    assert store.snapshot().ids.tolist() == [1, 2]


def test_a_second_writer_is_refused_and_told_who_writes(store: Store) -> None:
    other = Store(store.folder.path)
    refused = pytest.raises(CollectionLocked, match=r"process \d+ .* since")
    with store.writing(), refused, other.writing():
        pass


def test_a_read_only_store_refuses_to_write(store: Store) -> None:
    reader = Store(store.folder.path, read_only=True)
    with pytest.raises(CollectionError, match="opened read-only"), reader.writing():
        pass


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


def test_creating_over_something_else_is_refused(store: Store, tmp_path: Path) -> None:
    space = Space(DIM, None, None, {})
    with pytest.raises(CollectionExists, match="stands at .* already"):
        Store.create(store.folder.path, space, {})
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "todo.txt").write_text("mine")
    with pytest.raises(CollectionExists, match="is not empty and is not a collection"):
        Store.create(tmp_path / "notes", space, {})
    assert (tmp_path / "notes" / "todo.txt").read_text() == "mine"


def test_a_creation_that_fails_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(operation: str, path: Path) -> None:
        if operation == "rename" and path.name == "reviews":
            raise OSError(30, "Read-only file system")

    monkeypatch.setattr(fsio, "checkpoint", fail)
    with pytest.raises(StorageError, match=r"cannot be written \(Read-only file system\)"):
        Store.create(tmp_path / "reviews", Space(DIM, None, None, {}), {})
    assert list(tmp_path.iterdir()) == []


def test_opening_what_is_no_collection_says_so(tmp_path: Path) -> None:
    with pytest.raises(CollectionNotFound, match="no collection stands at"):
        Store(tmp_path / "nowhere")
    with pytest.raises(CollectionNotFound, match="is not a collection"):
        Store(tmp_path)


def test_a_newer_format_is_refused_with_the_remedy(store: Store) -> None:
    stamp = json.loads(store.folder.format.read_text())
    store.folder.format.write_text(json.dumps(stamp | {"major": 99}))
    with pytest.raises(FormatTooNew, match="has format 99, .* upgrade semsearch"):
        Store(store.folder.path)


def test_a_newer_minor_format_is_read_and_not_written(store: Store) -> None:
    put(store, "a")
    stamp = json.loads(store.folder.format.read_text())
    store.folder.format.write_text(json.dumps(stamp | {"minor": 9}))
    newer = Store(store.folder.path)
    assert keys(newer) == ["a"]
    with pytest.raises(FormatTooNew, match=r"has format 2.9, .* writes 2.0; upgrade"):
        put(newer, "b")


def test_folders_that_a_copy_dropped_are_made_again(store: Store) -> None:
    store.folder.scratch.rmdir()
    store.folder.blobs.rmdir()
    put(store, "a")
    assert keys(store) == ["a"]


def test_a_closed_store_says_so(store: Store) -> None:
    put(store, "a")
    store.close()
    with pytest.raises(ValueError, match="is closed; open it again"):
        store.snapshot()


def open_files(folder: Path) -> int:
    """Return how many files of a folder this process holds open."""
    held = 0
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the listing's own
            held += link.readlink().is_relative_to(folder)
    return held


def test_closing_lets_go_of_every_file(store: Store) -> None:
    put(store, "a")
    waiting, done = threading.Event(), threading.Event()

    def read_and_stay() -> None:
        store.snapshot()
        waiting.set()
        done.wait(5)

    thread = threading.Thread(target=read_and_stay)
    thread.start()
    waiting.wait(5)
    assert open_files(store.folder.path) > 0
    store.close()
    assert open_files(store.folder.path) == 0
    done.set()
    thread.join()


def test_many_threads_may_read_while_the_store_is_closed(store: Store) -> None:
    put(store, *(f"k{n}" for n in range(500)))
    surprises: list[Exception] = []

    def read() -> None:
        try:
            while True:
                store.items(range(1, 501))
        except ValueError:
            pass
        except Exception as error:
            surprises.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    store.close()
    for thread in threads:
        thread.join(5)
    assert surprises == []


def test_threads_that_ended_leave_no_file_open(store: Store) -> None:
    put(store, "a")
    store.snapshot()
    before = open_files(store.folder.path)
    for _ in range(10):
        thread = threading.Thread(target=store.snapshot)
        thread.start()
        thread.join()
    # SQLite keeps a handle aside while another connection has locks on the file.
    assert open_files(store.folder.path) <= before + 1


def test_a_new_segment_leaves_the_others_mapped_as_they_are(store: Store) -> None:
    put(store, "a", seed=1)
    [first] = store.snapshot().segments
    put(store, "b", seed=2)
    assert store.snapshot().segments[0] is first


def test_an_empty_collection_is_removed_and_a_filled_one_is_not(store: Store) -> None:
    other = Store(store.folder.path)
    with other.writing():
        store.remove_if_empty()
    assert store.folder.path.exists()
    put(store, "a")
    store.remove_if_empty()
    assert keys(store) == ["a"]
    with store.writing() as writer:
        writer.delete([1])
    store.remove_if_empty()
    assert not store.folder.path.exists()


def test_an_unreadable_format_file_is_damage(store: Store) -> None:
    store.folder.format.write_text("not json")
    with pytest.raises(CollectionDamaged, match="does not say which format"):
        Store(store.folder.path)


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


def test_a_field_that_brings_two_types_becomes_text(store: Store) -> None:
    with store.writing() as writer:
        writer.commit(Batch([item("a")], vectors(1), field_types={"stars": "number"}))
        writer.commit(
            Batch([item("b")], vectors(1), field_types={"stars": "text", "ok": "boolean"})
        )
    assert store.fields() == {"ok": "boolean", "stars": "text"}


def test_a_field_without_a_value_takes_the_type_of_the_first(store: Store) -> None:
    types = [
        {"stars": "", "ok": ""},
        {"stars": "number", "ok": "boolean"},
        {"stars": "", "ok": ""},
    ]
    with store.writing() as writer:
        for number, each in enumerate(types):
            writer.commit(Batch([item(f"k{number}")], vectors(1), field_types=each))
    assert store.fields() == {"ok": "boolean", "stars": "number"}


def test_a_result_comes_back_as_it_was_saved(store: Store) -> None:
    labels = np.array([0, 1, 1])
    with store.writing() as writer:
        writer.save_result("clustering", "default", {"labels": labels}, {"seed": 3})
    arrays, detail = store.load_result("clustering", "default")
    assert np.array_equal(arrays["labels"], labels)
    assert detail == {"seed": 3}
    assert store.result_names("clustering") == ["default"]


def test_a_replaced_result_leaves_no_file_behind(store: Store) -> None:
    for seed in range(3):
        with store.writing() as writer:
            writer.save_result("clustering", "default", {"labels": np.arange(seed)}, {})
    assert len(list(store.folder.heads.iterdir())) == 1


def test_an_unknown_result_names_those_there_are(store: Store) -> None:
    with store.writing() as writer:
        writer.save_result("classifier", "sentiment", {}, {})
    with pytest.raises(ResultNotFound, match="no classifier named 'mood' .* there are: sentiment"):
        store.load_result("classifier", "mood")


def test_a_damaged_result_is_told_and_not_loaded(store: Store) -> None:
    with store.writing() as writer:
        writer.save_result("classifier", "sentiment", {"w": np.ones(3)}, {})
    [head] = store.folder.heads.iterdir()
    data = bytearray(head.read_bytes())
    data[len(data) // 2] ^= 1
    head.write_bytes(data)
    with pytest.raises(CollectionDamaged, match="make it again"):
        store.load_result("classifier", "sentiment")


def test_two_batches_with_the_same_vectors_share_one_file(store: Store) -> None:
    put(store, "a", "b", seed=1)
    put(store, "c", "d", seed=1)
    assert len(list(store.folder.segments.iterdir())) == 1
    assert keys(store) == ["a", "b", "c", "d"]
