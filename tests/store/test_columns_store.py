"""Typed columns of a store: as the database says, and kept up to date."""

from __future__ import annotations

import threading
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest

from semsearch.search import parse_filter, passing
from semsearch.store import Batch, Refresh, Space, Store
from semsearch.store import columns as columns_module
from tests.store.columned import KINDS, found, fresh, item, many, put, watched
from tests.store.rows import DIM


def test_every_type_is_read_as_it_was_stored(store: Store) -> None:
    put(
        store,
        item("a", n=2**53 + 1, t="é", b=True, d=date(2024, 5, 1), l=["x", "y"]),
        item("b", n=0.5, t="", b=False, d=datetime(2024, 5, 1, 12), l=[]),
        item("c"),
    )
    columns = fresh(store)
    assert found(store, columns, f"n = {2**53 + 1}") == ["a"]
    assert found(store, columns, f"n = {2**53}") == []
    assert found(store, columns, "n < 1") == ["b"]
    assert found(store, columns, "t = 'é'") == ["a"]
    assert found(store, columns, "t = ''") == ["b"]
    assert found(store, columns, "not b") == ["b"]
    assert found(store, columns, "d = '2024-05-01'") == ["a", "b"]
    assert found(store, columns, "d > '2024-05-01T00:00'") == ["b"]
    assert found(store, columns, "'y' in l") == ["a"]
    assert found(store, columns, "'y' not in l") == ["b"]
    for name in KINDS:
        assert found(store, columns, f"{name} is null") == ["c"]


def test_an_empty_collection_has_empty_columns(store: Store) -> None:
    put(store, item("a", n=1))
    with store.writing() as writer:
        writer.delete([1])
    assert found(store, fresh(store), "n = 1") == []
    empty = Store.create(store.folder.path.parent / "empty", Space(DIM, None, None, {}), {})
    for kind in KINDS.values():
        assert len(fresh(empty).column(empty.snapshot(), "x", kind)) == 0


def test_a_field_without_values_is_null_until_its_first_value_gives_it_a_type(
    store: Store,
) -> None:
    put(store, item("a", n=None), types={"n": ""})
    assert found(store, store.columns, "n <= 1") == []
    assert found(store, store.columns, "n is null") == ["a"]
    put(store, item("b", n=1))
    assert found(store, store.columns, "n <= 1") == ["b"]


def test_a_field_that_became_text_is_compared_as_it_is_spelled(store: Store) -> None:
    put(store, item("a", t=7), item("b", t=True), types={"t": "number"})
    columns = fresh(store)
    assert found(store, columns, "t = 7") == ["a"]
    put(store, item("c", t="7"), item("d", t=7.0), types={"t": "text"})
    assert found(store, columns, "t = '7'") == ["a", "c", "d"]
    assert found(store, columns, "t = 'true'") == ["b"]


def test_what_was_committed_is_found_and_nothing_else_is_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, *many(50))
    columns, counts = fresh(store), watched(store, monkeypatch)
    assert found(store, columns, "n = 51") == []
    assert counts == [50]
    put(store, *many(3, start=50))
    assert found(store, columns, "n >= 49") == ["k49", "k50", "k51", "k52"]
    assert counts == [50, 3]
    with store.writing() as writer:
        refresh = Refresh(1, item("k0", n=99, t="new"))
        writer.commit(Batch([], np.empty((0, DIM), np.float32), refreshed=[refresh]))
    assert found(store, columns, "n = 99 or n = 0") == ["k0"]
    assert found(store, columns, "t = 'new' or t > 'word 5' and n > 50") == ["k0"]
    assert counts[2:] == [1, 53]
    with store.writing() as writer:
        writer.delete([51])
    assert found(store, columns, "n >= 49") == ["k0", "k49", "k51", "k52"]
    assert counts[4:] == []


def test_an_older_snapshot_keeps_its_rows_and_is_in_nobodys_way(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, *many(10))
    columns, old = fresh(store), store.snapshot()
    put(store, *many(10, start=10))
    counts = watched(store, monkeypatch)
    assert len(columns.column(store.snapshot(), "n", "number")) == 20
    assert len(columns.column(old, "n", "number")) == 10
    assert found(store, columns, "n = 15") == ["k15"]
    assert counts == [20]


def test_an_item_that_was_deleted_since_the_snapshot_is_not_found_by_what_it_is_not(
    store: Store,
) -> None:
    put(store, *many(4))
    old = store.snapshot()
    with store.writing() as writer:
        writer.delete([1])
    for where in ("key <> 'k3'", "not key = 'k3'", "key in ('k0', 'k1', 'k2')"):
        mask = passing(parse_filter(where, store.fields()), store.columns.at(old))
        assert mask.tolist() == [False, True, True, False]
    assert found(store, store.columns, "text <> 'text of k2'") == ["k1", "k3"]


def test_rows_that_are_gone_leave_their_place(store: Store) -> None:
    """As after `compact`, which drops rows and leaves gaps between the ids."""
    put(store, *many(10))
    columns = fresh(store)
    column = columns.column(store.snapshot(), "n", "number")
    assert column.values.tolist() == list(range(10))  # type: ignore[union-attr]
    snapshot = store.snapshot()
    gap = columns_module.Snapshot(snapshot.version, snapshot.space, (), snapshot.dead)
    object.__setattr__(gap, "every", np.array([1, 4, 10]))
    for asked in (columns, fresh(store)):
        held = asked.column(gap, "t", "text")
        assert [held.words[code] for code in held.codes] == [b"word 0", b"word 3", b"word 2"]  # type: ignore[union-attr]


def test_columns_follow_whatever_happens_to_the_rows(store: Store) -> None:
    """Fifty random changes; each time the columns answer what the database answers."""
    random = np.random.default_rng(0)
    columns = fresh(store)
    put(store, item("k0", n=0, t="0"))
    for step in range(1, 50):
        live = store.snapshot().ids
        fields = {
            "n": [None, step, 2**60 + step][step % 3],
            "t": [None, f"w{step % 11}", f"v{step}"][random.integers(3)],
            "l": [None, [], [f"w{step % 5}", f"v{step}"]][random.integers(3)],
        }
        with store.writing() as writer:
            match random.integers(4):
                case 0 if len(live) > 1:
                    writer.delete([int(random.choice(live))])
                case 1 if len(live):
                    row = Refresh(int(random.choice(live)), item(f"r{step}", **fields))
                    writer.commit(Batch([], np.empty((0, DIM), np.float32), refreshed=[row],
                                        field_types={"l": "list"}))  # fmt: skip
                case _:
                    rows = np.eye(1, DIM, dtype=np.float32)
                    writer.commit(Batch([item(f"k{step}", **fields)], rows))
        snapshot = store.snapshot()
        for name in ("n", "t", "l"):
            kept = columns.column(snapshot, name, KINDS[name])
            anew = fresh(store).column(snapshot, name, KINDS[name])
            assert decoded(kept) == decoded(anew)


def decoded(column: Any) -> list[Any]:
    match type(column).__name__:
        case "NumberColumn":
            exact = dict(zip(column.large.tolist(), column.integers.tolist(), strict=True))
            return [exact.get(row, str(each)) for row, each in enumerate(column.values.tolist())]
        case "TextColumn":
            return [None if code < 0 else column.words[code] for code in column.codes]
        case "ListColumn":
            cut = [
                column.codes[a:b] for a, b in zip(column.starts, column.starts[1:], strict=False)
            ]
            return [
                None if is_missing else [column.words[code] for code in codes]
                for codes, is_missing in zip(cut, column.missing, strict=True)
            ]
    return list(column.values)


def test_threads_that_ask_for_one_column_read_it_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, *many(200))
    columns, counts = fresh(store), watched(store, monkeypatch)
    answers: list[list[str]] = []
    barrier = threading.Barrier(4)

    def ask() -> None:
        barrier.wait()
        answers.append(found(store, columns, "n < 3"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [["k0", "k1", "k2"]] * 4
    assert counts == [200]
