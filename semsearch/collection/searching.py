"""The path of one search: snapshot, allowed rows, exact neighbours, rows of the hits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semsearch.collection.records import Hit
from semsearch.index import Block, search_exact
from semsearch.search import parse_filter
from semsearch.store import Snapshot, Store
from semsearch.store.segments import Ids, Segment
from semsearch.vectors import Vectors


def allowed_ids(store: Store, where: str | None) -> Ids | None:
    """Return the ids of the items that pass a filter, ascending; None where there is no filter.

    Asked before a query is encoded, so that a mistake in the filter is told at once.
    """
    if where is None:
        return None
    condition = parse_filter(where, store.fields())
    return store.ids_where(condition.sql, condition.values)


def nearest(
    store: Store, queries: Vectors, k: int, allowed: Ids | None, leave_out: Ids | None = None
) -> tuple[Ids, Vectors]:
    """Return ids and cosines (n, k) of the allowed items nearest to unit `queries`, best first."""
    snapshot = store.snapshot()
    dead = snapshot.dead if leave_out is None else np.union1d(snapshot.dead, leave_out)
    return search_exact(queries, blocks(snapshot, dead, allowed), k)


def blocks(snapshot: Snapshot, dead: Ids, allowed: Ids | None) -> list[Block]:
    """Return the segments as blocks, with the rows of each that may be found."""
    return [_block(segment, dead, allowed) for segment in snapshot.segments]


def hits_of(store: Store, ids: Ids, scores: Vectors) -> list[list[Hit]]:
    """Return the rows behind (n, k) ids as hits, one list a query."""
    items = store.items(sorted({int(id_) for id_ in ids.flat if id_ >= 0}))
    return [
        [
            Hit(item.key, float(score), item.text, item.fields)
            for id_, score in zip(row_ids, row_scores, strict=True)
            if (item := items.get(int(id_))) is not None
        ]
        for row_ids, row_scores in zip(ids, scores, strict=True)
    ]


def keys_of(store: Store, ids: Sequence[int]) -> list[str | None]:
    """Return the key of each id, None for -1 and for ids without a row."""
    found = store.keys(sorted({id_ for id_ in ids if id_ >= 0}))
    return [found.get(id_) for id_ in ids]


def _block(segment: Segment, dead: Ids, allowed: Ids | None) -> Block:
    first, n = segment.first_id, len(segment)
    gone = _within(dead, first, n)
    if allowed is None:
        rows = np.setdiff1d(np.arange(n), gone, assume_unique=True) if len(gone) else None
    else:
        rows = np.setdiff1d(_within(allowed, first, n), gone, assume_unique=True)
    return Block(first, segment.vectors, rows)


def _within(ids: Ids, first: int, n: int) -> Ids:
    start, end = np.searchsorted(ids, [first, first + n])
    return ids[start:end] - first
