"""Passages stand beside their items in every vector space, and go when these go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from semsearch.store import Batch, NewItem, Space, Store
from semsearch.store.database import open_writer
from semsearch.store.passages import Span
from semsearch.store.restoring import restore
from tests.store.rows import vectors

TEXT = "0123456789" * 3
SPANS = [(0, 10), (10, 20), (20, 30)]


def items(*keys: str) -> list[NewItem]:
    """Return items, those with a capital key split in three."""
    return [
        NewItem(key, TEXT, {}, f"digest of {key}", spans=SPANS if key.isupper() else [])
        for key in keys
    ]


def add(store: Store, *keys: str) -> np.ndarray:
    new = items(*keys)
    rows = vectors(sum(len(each.spans) + 1 for each in new), len(keys), store.space.dim)
    with store.writing() as writer:
        writer.commit(Batch(new, rows))
    return rows


def begun(store: Store) -> Space:
    with store.writing() as writer:
        return writer.spaces.begin(6, "new", "2" * 64, {})


def extend(store: Store, space: Space, ids: Sequence[int], spans: Sequence[Sequence[Span]]) -> int:
    rows = vectors(sum(len(each) + 1 for each in spans), ids[0], 6)
    with store.writing() as writer:
        return writer.spaces.extend(space.id, np.array(ids), rows, spans)


def switch(store: Store, state: str) -> None:
    with store.writing() as writer:
        assert writer.spaces.make_current(store.spaces()[state].id) == 0


def is_sound(store: Store) -> bool:
    return store.check(full=True).level == "ok"


def test_passages_have_the_ids_before_their_item(store: Store) -> None:
    rows = add(store, "a", "B", "c", "D")
    snapshot = store.snapshot()
    assert snapshot.ids.tolist() == [1, 5, 6, 10]
    assert snapshot.passages.ids.tolist() == [2, 3, 4, 7, 8, 9]
    assert snapshot.passages.item_ids.tolist() == [5, 5, 5, 10, 10, 10]
    assert snapshot.passages.span(8) == (10, 20)
    assert np.array_equal(snapshot.take(snapshot.every), rows)
    assert is_sound(store)


def test_a_snapshot_tells_items_from_what_a_search_may_find(store: Store) -> None:
    add(store, "a", "B", "c")
    snapshot = store.snapshot()
    assert len(snapshot) == 3
    assert snapshot.live is not None
    assert snapshot.findable is not None
    assert snapshot.every[snapshot.live].tolist() == [1, 5, 6]
    assert snapshot.every[snapshot.findable].tolist() == [1, 2, 3, 4, 6]
    assert snapshot.parents is not None
    assert snapshot.every[snapshot.parents].tolist() == [1, 5, 5, 5, 5, 6]


def test_without_split_texts_every_row_is_an_item(store: Store) -> None:
    add(store, "a", "b")
    snapshot = store.snapshot()
    assert (snapshot.live, snapshot.findable, snapshot.parents) == (None, None, None)


def test_passages_of_deleted_items_are_gone_at_once_and_dropped_by_compacting(
    store: Store,
) -> None:
    add(store, "a", "B", "C")
    with store.writing() as writer:
        writer.delete([5])
    snapshot = store.snapshot()
    assert len(snapshot) == 2
    assert snapshot.passages.item_ids.tolist() == [9, 9, 9]
    assert snapshot.findable is not None
    assert snapshot.every[snapshot.findable].tolist() == [1, 6, 7, 8]
    with store.writing() as writer:
        assert writer.compact().dropped == 1
    after = store.snapshot()
    assert after.every.tolist() == [1, 6, 7, 8, 9]
    assert after.passages.ids.tolist() == [6, 7, 8]
    assert store._rows("SELECT count(*) FROM passage") == [(3,)]
    assert is_sound(store)


def test_a_store_that_is_opened_later_sees_the_same_passages(store: Store) -> None:
    for keys in (("a", "B"), ("C",), ("d", "E")):
        add(store, *keys)
        store.snapshot()
    with store.writing() as writer:
        writer.delete([5])
    step, anew = store.snapshot().passages, Store(store.folder.path).snapshot().passages
    assert step.ids.tolist() == anew.ids.tolist()
    assert step.item_ids.tolist() == anew.item_ids.tolist()


def test_each_space_has_passages_of_its_own(store: Store) -> None:
    add(store, "a", "B", "C")
    space = begun(store)
    assert extend(store, space, [1, 5, 9], [[(0, 15), (15, 30)], [], [(0, 30)]]) == 3
    assert store.snapshot().passages.item_ids.tolist() == [5, 5, 5, 9, 9, 9]
    switch(store, "building")
    snapshot = store.snapshot()
    assert snapshot.ids.tolist() == [1, 5, 9]
    assert snapshot.passages.item_ids.tolist() == [1, 1, 9]
    assert snapshot.passages.ids.tolist() == [10, 11, 12]
    assert is_sound(store)
    switch(store, "previous")
    assert store.snapshot().passages.item_ids.tolist() == [5, 5, 5, 9, 9, 9]
    assert is_sound(store)


def test_a_space_that_is_dropped_takes_its_passages_along(store: Store) -> None:
    add(store, "a", "B")
    extend(store, begun(store), [1, 5], [[(0, 15), (15, 30)], [(0, 30)]])
    with store.writing() as writer:
        writer.spaces.drop("building")
    assert store._rows("SELECT DISTINCT space_id FROM passage") == [(1,)]
    assert is_sound(store)


def test_deleted_items_lose_their_passages_in_every_space(store: Store) -> None:
    add(store, "a", "B", "c")
    extend(store, begun(store), [1, 5, 6], [[(0, 15), (15, 30)], [(0, 30)], []])
    with store.writing() as writer:
        writer.delete([1, 5])
        writer.compact()
    assert store._rows("SELECT count(*) FROM passage") == [(0,)]
    assert is_sound(store)
    switch(store, "building")
    assert store.snapshot().every.tolist() == [6]


def test_a_space_that_is_filled_in_many_pieces_keeps_its_order_in_few_files(store: Store) -> None:
    n = 40
    add(store, *(f"k{number}" for number in range(n)))
    space = begun(store)
    for first in range(1, n + 1, 2):
        extend(store, space, [first, first + 1], [SPANS, []])
    snapshot = store.snapshot_of("building")
    assert (np.diff(snapshot.every) > 0).all()
    assert len(snapshot.every) == n + 3 * n // 2
    assert len(snapshot.segments) <= 8
    switch(store, "building")
    assert len(store.snapshot()) == n
    assert is_sound(store)


def test_items_that_were_added_between_two_pieces_find_their_place(store: Store) -> None:
    add(store, "a", "b", "c")
    space = begun(store)
    extend(store, space, [1], [SPANS])
    add(store, "d")
    late = int(store.snapshot().ids[-1])
    extend(store, space, [2, 3], [SPANS, SPANS])
    extend(store, space, [late], [SPANS])
    snapshot = store.snapshot_of("building")
    assert (np.diff(snapshot.every) > 0).all()
    switch(store, "building")
    assert store.snapshot().ids.tolist() == [1, 2, 3, late]
    assert store.snapshot().passages.item_ids.tolist() == [1] * 3 + [2] * 3 + [3] * 3 + [late] * 3
    assert is_sound(store)


def test_items_deleted_meanwhile_leave_no_passages(store: Store) -> None:
    add(store, "a", "b", "c")
    space = begun(store)
    with store.writing() as writer:
        writer.delete([2])
    assert extend(store, space, [1, 2, 3], [SPANS, SPANS, []]) == 2
    assert store.snapshot_of("building").passages.item_ids.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("sql", "wrong"),
    [
        ("UPDATE passage SET item_id = 99 WHERE id = 2", "belong to no item"),
        ("UPDATE passage SET id = 77 WHERE id = 4", "have no vectors"),
        ("DELETE FROM passage WHERE id = 3", "that do not exist"),
        ("UPDATE passage SET stop = 31 WHERE id = 4", "do not stand in its text"),
        ("UPDATE passage SET start = 12, stop = 12 WHERE id = 3", "do not stand in its text"),
        ("UPDATE sqlite_sequence SET seq = 3 WHERE name = 'item'", "would give ids from 4"),
    ],
)
def test_a_check_finds_passages_that_are_not_as_they_were(
    store: Store, sql: str, wrong: str
) -> None:
    add(store, "a", "B")
    connection = open_writer(store.folder.database)
    connection.execute(sql)
    connection.close()
    report = store.check(full=True)
    assert report.level == "source"
    assert any(wrong in finding.wrong for finding in report.findings)


def test_a_backup_holds_the_passages(store: Store, tmp_path: Path) -> None:
    add(store, "a", "B")
    store.backup(tmp_path / "b.tar")
    restore(tmp_path / "b.tar", tmp_path / "again")
    assert Store(tmp_path / "again").snapshot().passages.ids.tolist() == [2, 3, 4]
