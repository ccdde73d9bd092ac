"""What the store promises: whole batches, stable ids, nothing lost, nothing resurrected."""

from __future__ import annotations

import numpy as np
import pytest

from semsearch.errors import (
    CollectionError,
    CollectionLocked,
)
from semsearch.store import Batch, NewItem, Refresh, Store
from tests.store.rows import DIM, item, keys, put, vectors


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
