"""Vector spaces side by side: built in pieces, made current at one moment, gone without a trace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import numpy as np
import pytest

from semsearch.errors import CollectionDamaged, CollectionError, ResultNotFound
from semsearch.store import Batch, NewItem, Space, Store
from semsearch.vectors import Vectors

DIM, WIDE = 4, 6


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.create(tmp_path / "c", Space(DIM, "old", "1" * 64, {}), {"modality": "text"})
    with made.writing() as writer:
        writer.commit(Batch(items(6), rows(1, 6, DIM)))
        writer.delete([3])
    yield made
    made.close()


def items(n: int, first: int = 1) -> list[NewItem]:
    return [NewItem(f"k-{i}", f"text {i}", {}, f"{i:064x}") for i in range(first, first + n)]


def rows(first: int, n: int, dim: int) -> Vectors:
    """Return rows that tell their id and width."""
    return np.outer(np.arange(first, first + n), np.ones(dim)).astype(np.float32)


def begun(store: Store) -> Space:
    with store.writing() as writer:
        return writer.spaces.begin(WIDE, "new", "2" * 64, {})


def extend(store: Store, space: Space, *ids: int) -> int:
    vectors = np.outer(ids, np.ones(WIDE)).astype(np.float32)
    with store.writing() as writer:
        return writer.spaces.extend(space.id, np.array(ids), vectors)


def switch(store: Store, state: str) -> None:
    with store.writing() as writer:
        assert writer.spaces.make_current(store.spaces()[state].id) == 0


def segment_files(store: Store) -> set[str]:
    return {path.stem for path in store.folder.segments.iterdir()}


def named_segments(store: Store) -> set[str]:
    connection = apsw.Connection(str(store.folder.database))
    named = {row[0] for row in connection.execute("SELECT sha256 FROM segment")}
    manifest = {
        row[0] for row in connection.execute("SELECT sha256 FROM file WHERE kind = 'segment'")
    }
    connection.close()
    assert named == manifest
    return named


def test_a_space_that_is_built_misses_every_live_item_and_changes_no_search(store: Store) -> None:
    before = store.snapshot()
    space = begun(store)
    assert store.missing(space.id).tolist() == [1, 2, 4, 5, 6]
    assert store.missing(store.space.id).tolist() == []
    extend(store, space, 1, 2)
    assert store.missing(space.id).tolist() == [4, 5, 6]
    assert store.space.id == before.space.id
    np.testing.assert_array_equal(store.snapshot().take(before.ids), before.take(before.ids))


def test_vectors_of_items_that_are_gone_or_done_are_left_out(store: Store) -> None:
    space = begun(store)
    assert extend(store, space, 1, 2, 3, 4) == 3
    assert extend(store, space, 2, 4, 5) == 1
    assert extend(store, space, 2, 4, 5) == 0
    assert store.snapshot_of("building").every.tolist() == [1, 2, 4, 5]


def test_rows_that_come_late_stand_in_their_place(store: Store) -> None:
    space = begun(store)
    extend(store, space, 2, 5)
    extend(store, space, 1, 4, 6)
    snapshot = store.snapshot_of("building")
    assert snapshot.every.tolist() == [1, 2, 4, 5, 6]
    assert snapshot.take(snapshot.every)[:, 0].tolist() == [1, 2, 4, 5, 6]
    assert segment_files(store) == named_segments(store)


def test_batches_do_not_become_as_many_files(store: Store) -> None:
    space = begun(store)
    for id_ in (1, 2, 4, 5, 6):
        extend(store, space, id_)
    snapshot = store.snapshot_of("building")
    assert len(snapshot.segments) == 1
    assert snapshot.take(snapshot.every)[:, 0].tolist() == [1, 2, 4, 5, 6]
    assert segment_files(store) == named_segments(store)


def test_damaged_rows_are_not_written_anew(store: Store) -> None:
    space = begun(store)
    extend(store, space, 2, 5)
    [segment] = store.snapshot_of("building").segments
    file = store.folder.segment(segment.sha256)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(CollectionDamaged, match="is damaged"):
        extend(store, space, 1, 4, 6)


def test_a_switch_keeps_the_old_space_and_a_second_one_drops_it(store: Store) -> None:
    old = store.space
    space = begun(store)
    extend(store, space, 1, 2, 4, 5, 6)
    switch(store, "building")
    assert (store.space.id, store.snapshot().space.dim) == (space.id, WIDE)
    assert store.snapshot().ids.tolist() == [1, 2, 4, 5, 6]
    assert store.spaces()["previous"].id == old.id
    third = begun(store)
    extend(store, third, 1, 2, 4, 5, 6)
    switch(store, "building")
    assert {state: one.id for state, one in store.spaces().items()} == {
        "current": third.id,
        "previous": space.id,
    }
    assert segment_files(store) == named_segments(store)


def test_the_previous_space_comes_back_whole(store: Store) -> None:
    old, before = store.space, store.snapshot()
    space = begun(store)
    extend(store, space, 1, 2, 4, 5, 6)
    switch(store, "building")
    switch(store, "previous")
    assert store.space.id == old.id
    np.testing.assert_array_equal(store.snapshot().take(before.ids), before.take(before.ids))
    assert store.spaces()["previous"].id == space.id


def test_a_space_that_misses_an_item_is_never_searched(store: Store) -> None:
    space = begun(store)
    extend(store, space, 1, 2, 4, 5)
    with store.writing() as writer:
        assert writer.spaces.make_current(space.id) == 1
    assert store.space.id != space.id


def test_an_id_of_a_space_is_never_used_again(store: Store) -> None:
    first = begun(store)
    with store.writing() as writer:
        writer.spaces.drop("building")
    second = begun(store)
    assert len({store.space.id, first.id, second.id}) == 3
    with pytest.raises(CollectionError, match="were dropped meanwhile"):
        extend(store, first, 1, 2)


def test_dropping_frees_the_files_and_says_how_much(store: Store) -> None:
    extend(store, begun(store), 1, 2, 4)
    before = sum(path.stat().st_size for path in store.folder.segments.iterdir())
    with store.writing() as writer:
        freed = writer.spaces.drop("building")
    after = sum(path.stat().st_size for path in store.folder.segments.iterdir())
    assert freed == before - after >= 3 * WIDE * 4
    assert segment_files(store) == named_segments(store)


@pytest.mark.parametrize("state", ["building", "previous"])
def test_what_is_not_there_is_told(store: Store, state: str) -> None:
    with store.writing() as writer, pytest.raises(CollectionError, match="^the collection 'c' "):
        writer.spaces.drop(state)
    with pytest.raises(CollectionError, match="^the collection 'c' "):
        store.snapshot_of(state)
    with store.writing() as writer, pytest.raises(CollectionError, match="were dropped meanwhile"):
        writer.spaces.make_current(99)


def test_two_spaces_cannot_be_built_at_once(store: Store) -> None:
    begun(store)
    with pytest.raises(CollectionError, match="is being re-encoded with 'new' already"):
        begun(store)


def test_results_belong_to_the_space_of_their_vectors(store: Store) -> None:
    old = store.space
    with store.writing() as writer:
        writer.save_result("classifier", "mood", {"a": np.ones(2)}, {})
    space = begun(store)
    extend(store, space, 1, 2, 4, 5, 6)
    switch(store, "building")
    assert store.result_names("classifier") == []
    with pytest.raises(ResultNotFound, match="was trained on vectors of 'old'.*train it again"):
        store.load_result("classifier", "mood")
    with store.writing() as writer:  # trained before the switch and stored after it
        writer.save_result("classifier", "late", {"a": np.ones(3)}, {}, space_id=old.id)
    with pytest.raises(ResultNotFound, match="'late' was trained on vectors of 'old'"):
        store.load_result("classifier", "late")
    switch(store, "previous")
    assert store.result_names("classifier") == ["late", "mood"]
    assert store.load_result("classifier", "mood")[0]["a"].tolist() == [1, 1]


def test_dropping_a_space_drops_its_results(store: Store) -> None:
    with store.writing() as writer:
        writer.save_result("classifier", "mood", {"a": np.ones(2)}, {})
    extend(store, begun(store), 1, 2, 4, 5, 6)
    switch(store, "building")
    with store.writing() as writer:
        writer.spaces.drop("previous")
    assert list(store.folder.heads.iterdir()) == []
    with pytest.raises(ResultNotFound, match="no classifier named 'mood' is stored"):
        store.load_result("classifier", "mood")
