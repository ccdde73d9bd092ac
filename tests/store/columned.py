"""Items with fields of every type, and what a filter over their columns finds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semsearch.search import parse_filter, passing
from semsearch.store import Batch, NewItem, Store
from semsearch.store import columns as columns_module
from semsearch.store.column_files import find_saved
from semsearch.store.columns import Columns, save_columns
from tests.store.rows import DIM

KINDS = {"n": "number", "t": "text", "b": "boolean", "d": "date", "l": "list"}


def item(key: str, **fields: Any) -> NewItem:
    return NewItem(key, f"text of {key}", fields, content=f"digest of {key}")


def put(store: Store, *items: NewItem, types: dict[str, str] | None = None) -> None:
    rows = np.zeros((len(items), DIM), np.float32)
    rows[:, 0] = 1
    found = {name: KINDS[name] for each in items for name in each.fields}
    with store.writing() as writer:
        writer.commit(Batch(items, rows, field_types=types or found))


def fresh(store: Store) -> Columns:
    """Return the columns as a new process would have them: none in memory."""
    return Columns(store.folder, store._read)


def found(store: Store, columns: Columns, where: str) -> list[str]:
    """Return the keys of the live items that pass a filter, oldest first."""
    snapshot = store.snapshot()
    mask = passing(parse_filter(where, columns.types()), columns.at(snapshot))
    ids = snapshot.every[mask if snapshot.live is None else mask & snapshot.live].tolist()
    keys = store.keys(ids)
    return [keys[id_] for id_ in ids]


def watched(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows by the number of rows of every reading of the database."""
    counts: list[int] = []
    read = columns_module.read_column

    def counting(connection: Any, name: str, kind: str, ids: Any, *, whole: bool) -> Any:
        counts.append(len(ids))
        time.sleep(0.02)  # so that threads meet
        return read(connection, name, kind, ids, whole=whole)

    monkeypatch.setattr(columns_module, "read_column", counting)
    return counts


def many(n: int, start: int = 0) -> list[NewItem]:
    return [item(f"k{i}", n=i, t=f"word {i % 7}") for i in range(start, start + n)]


def saved(store: Store, *names: str) -> list[str]:
    store.columns.clear()
    return save_columns(store, names)


def file_of(store: Store, name: str) -> Path:
    entry = find_saved(store._read, store.folder, name, store.fields()[name])
    assert entry is not None
    return entry.path
