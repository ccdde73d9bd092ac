"""What searches see: one unchanging view of the collection, another one after each commit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from semsearch.collection.records import Hit
from semsearch.collection.unusual import nearness
from semsearch.index import NONE, CodeIndex, Rows, SearchView
from semsearch.search import parse_filter, passing
from semsearch.search.ranked import Scores
from semsearch.store import Snapshot, Store
from semsearch.store.segments import Ids
from semsearch.vectors import Vectors, as_vectors, unit

Mask = npt.NDArray[np.bool_]

ATTEMPTS = 3
"""How often a search begins again because another process erased what it had found."""


@dataclass(frozen=True)
class LoadedIndex:
    """A FAISS index in memory, and the ids (n,) whose vectors it covers.

    It stays right whatever is added, deleted or compacted: an id is never used again, and its
    vector in a space never changes.
    """

    sha256: str
    space_id: int
    ids: Ids
    codes: CodeIndex


class Indexes(Protocol):
    """Where a view gets its index from."""

    def index_for(self, snapshot: Snapshot, held: LoadedIndex | None) -> LoadedIndex | None:
        """Return the index to search `snapshot` with, None for an exact search."""


@dataclass(frozen=True)
class Seen:
    """One version of the collection as it is searched; any number of threads may search it."""

    snapshot: Snapshot
    index: LoadedIndex | None
    view: SearchView
    """Finds items by their own vectors."""
    findable: SearchView
    """Finds what a search by content may find: passages, and items whose texts were not split."""

    @classmethod
    def of(cls, snapshot: Snapshot, index: LoadedIndex | None) -> Seen:
        """Return `snapshot` as it is searched with `index`."""
        rows = Rows(tuple(segment.vectors for segment in snapshot.segments))
        codes = None if index is None else index.codes
        mapping = None if index is None else mapping_of(index.ids, snapshot)
        view = SearchView(rows, snapshot.live, codes, mapping)
        if not len(snapshot.passages):
            return cls(snapshot, index, view, view)
        return cls(snapshot, index, view, SearchView(rows, snapshot.findable, codes, mapping))

    @cached_property
    def nearness(self) -> Scores:
        """How near each live item, in the order of ids, is to its nearest ones of a sample."""
        live = self.snapshot.live
        rows = np.arange(len(self.snapshot.every)) if live is None else np.flatnonzero(live)
        return nearness(self.view.rows, rows)

    def search(self, queries: Vectors, k: int, allowed: Mask | None = None) -> tuple[Ids, Vectors]:
        """Return ids and cosines (n, k) of the allowed items nearest to unit queries, best first.

        Where fewer than k items exist, the id is -1 and the score 0.
        """
        rows, scores = self.view.search(queries, k, allowed)
        if not len(self.snapshot.every):
            return rows, scores
        ids = self.snapshot.every[rows]
        ids[rows == NONE] = NONE
        return ids, scores


class LiveView:
    """What searches see now. No search waits for a lock, unless something was just committed."""

    def __init__(self, store: Store, indexes: Indexes) -> None:
        self._store = store
        self._indexes = indexes
        self._refreshing = threading.Lock()
        self._held: Seen | None = None
        self.on_change: Callable[[], None] = _nothing
        """Called when something was committed since the last search."""

    def now(self) -> Seen:
        """Return the collection as it stands now, with all that any process has committed."""
        held = self._held
        if held is not None and held.snapshot.version == self._store.version:
            return held
        with self._refreshing:
            return self._refreshed()

    def refresh(self) -> None:
        """Look again for the index, which came or went without a commit."""
        with self._refreshing:
            self._refreshed(anew=True)

    def close(self) -> None:
        """Let go of the view; its files close when the last search of it has returned."""
        self._held = None

    def _refreshed(self, *, anew: bool = False) -> Seen:
        held, snapshot = self._held, self._store.snapshot()
        if held is not None and held.snapshot is snapshot and not anew:
            return held  # another thread was faster
        index = self._indexes.index_for(snapshot, None if held is None else held.index)
        if held is not None and held.snapshot is snapshot and held.index is index:
            return held
        fresh = Seen.of(snapshot, index)
        self._held = fresh
        if held is not None:
            self.on_change()
        return fresh


def _nothing() -> None:
    pass


def mapping_of(ids: Ids, snapshot: Snapshot) -> Ids | None:
    """Return the row of each id that an index covers, -1 where gone; None where row = position."""
    if len(ids) <= len(snapshot.every) and np.array_equal(snapshot.every[: len(ids)], ids):
        return None
    return snapshot.rows_of(ids)


MATRIX = 2
SMALL, LARGE = 1e-6, 1e30
"""Squared lengths between which rounding, overflow and NaN are no question."""

Allowing = Callable[[Snapshot], Mask | None]
"""Says which rows of a snapshot may be found; None: all that live."""


def allowing(store: Store, where: str | None) -> Allowing:
    """Return what a filter allows, checked now: a mistake is told before a query is encoded.

    Raises:
        QueryError: the filter cannot be understood.
    """
    if where is None:
        return lambda _: None
    tree = parse_filter(where, store.columns.types())
    return lambda snapshot: _with_passages(passing(tree, store.columns.at(snapshot)), snapshot)


def _with_passages(mask: Mask, snapshot: Snapshot) -> Mask:
    """Return a mask over rows with that of its item for each passage, which has no fields."""
    return mask if snapshot.parents is None else mask[snapshot.parents]


def passing_ids(store: Store, where: str) -> Ids:
    """Return the ids of the items that pass a filter, ascending."""
    allowed, snapshot = allowing(store, where), store.snapshot()
    return snapshot.ids_in(allowed(snapshot))


def unit_queries(vectors: Any, dim: int) -> Vectors:
    """Return queries as unit vectors (n, dim); see `as_vectors` and `unit` for what is raised.

    What most programs pass, sound float32, is checked in a few microseconds by its lengths alone.
    """
    if type(vectors) is np.ndarray and vectors.dtype == np.float32 and vectors.ndim == MATRIX:
        squares = np.einsum("nd,nd->n", vectors, vectors)
        is_sound = len(squares) and squares.min() > SMALL and squares.max() < LARGE
        if is_sound and vectors.shape[1] == dim:
            return np.ascontiguousarray(vectors / np.sqrt(squares)[:, None])
    return unit(as_vectors(vectors, dim))


def nearest_hits(
    store: Store, view: LiveView, encode: Callable[[Snapshot], Vectors], k: int, where: str | None
) -> list[list[Hit]]:
    """Return the k items nearest to each of the unit queries that `encode` makes, best first.

    `encode` makes them in the vector space of the snapshot; it is not called where the filter is
    wrong, nor where nothing passes it and [] comes back.
    """
    allowed = allowing(store, where)
    seen = view.now()
    mask = allowed(seen.snapshot)
    if mask is not None and not mask.any():
        return []
    queries = encode(seen.snapshot)
    hits: list[list[Hit]] = []
    for _ in range(ATTEMPTS):
        before, seen = seen, view.now()  # encoding has taken its time
        if seen is not before:
            mask = allowed(seen.snapshot)
        if seen.snapshot.space.id != before.snapshot.space.id:
            queries = encode(seen.snapshot)
        ids, scores = seen.search(queries, k, mask)
        hits = hits_of(store, ids, scores)
        if sum(map(len, hits)) == np.count_nonzero(ids != NONE):
            break
    return hits


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
