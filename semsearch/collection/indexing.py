"""Which FAISS index a search uses: the file that belongs to the current space, once it is checked.

A file that is missing or damaged costs speed and nothing else: searches are exact until it is
built anew.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from semsearch import fsio
from semsearch.collection.searching import LoadedIndex, mapping_of
from semsearch.errors import IndexDamaged, SemsearchError, StorageError
from semsearch.index import NONE, CodeIndex, IndexPlan, Rows, load_index
from semsearch.store import Derived, Snapshot, Store
from semsearch.store.segments import Ids

logger = logging.getLogger(__name__)

CANARIES = 16
"""Rows that are looked for when an index was read."""

K = 10
SAME = 0.999
FOUND_SHARE = 0.5
"""Which share of its measured recall an index must reach there; one of other vectors has none."""

QUARANTINE = "quarantine"

KIND = "index"
NAME = "vectors"

ATTEMPTS = 3
"""How often the catalogue is read again because the file it named was exchanged meanwhile."""


class IndexFiles:
    """The index of a collection as the catalogue names it; keeps no more than it hands out."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._refused: set[tuple[str, int]] = set()
        self._offered: LoadedIndex | None = None
        self._loading: str | None = None
        self.on_damage: Callable[[], None] = _nothing
        """Called when the file of the index turned out to be missing or damaged."""
        self.on_loaded: Callable[[], None] = _nothing
        """Called when an index that another process built is ready to be searched."""

    def record(self, space_id: int) -> Derived | None:
        """Return what the catalogue says of the index of a space, None where it has none."""
        found = [each for each in self._store.derived(KIND, space_id) if _is_readable(each)]
        return max(found, key=lambda each: each.seq, default=None)

    def index_for(self, snapshot: Snapshot, held: LoadedIndex | None) -> LoadedIndex | None:
        """Return the index to search `snapshot` with, None for an exact search.

        While a newer one is read in a thread of its own, the one that is `held` goes on serving:
        it covers fewer rows, and the others are searched exactly.
        """
        record = self.record(snapshot.space.id)
        if record is None or plan_of(record).is_exact:
            return None
        mine = held if held is not None and held.space_id == record.space_id else None
        if mine is not None and mine.sha256 == record.sha256:
            return mine
        if self._offered is not None and self._offered.sha256 == record.sha256:
            offered, self._offered = self._offered, None
            return offered
        if self._is_refused(record):
            return mine
        if mine is not None:
            self._load_beside(record, snapshot)
            return mine
        return self._loaded(record, snapshot)

    def offer(self, index: LoadedIndex | None) -> None:
        """Have an index ready for the moment at which the catalogue names it; None: no longer."""
        self._offered = index

    def _load_beside(self, record: Derived, snapshot: Snapshot) -> None:
        if self._loading == record.sha256:
            return
        self._loading = record.sha256

        def load() -> None:
            try:
                loaded = self._loaded(record, snapshot)
                if loaded is not None:
                    self._offered = loaded
                    self.on_loaded()
            except (SemsearchError, ValueError) as error:
                logger.debug("no index is loaded any more: %s", error)  # closed, most likely
            finally:
                self._loading = None

        threading.Thread(target=load, name="semsearch-load-index", daemon=True).start()

    def _loaded(self, record: Derived | None, snapshot: Snapshot) -> LoadedIndex | None:
        for _ in range(ATTEMPTS):
            if record is None or plan_of(record).is_exact:
                return None
            try:
                return load(record, snapshot)
            except IndexDamaged as error:
                newest = self.record(snapshot.space.id)
                if newest is not None and newest.seq == record.seq:
                    self._refuse(record, error)
                    return None
                record = newest  # another process exchanged the file between two looks
        return None

    def _is_refused(self, record: Derived) -> bool:
        return (record.sha256, record.seq) in self._refused

    def _refuse(self, record: Derived, error: IndexDamaged) -> None:
        self._refused.add((record.sha256, record.seq))
        logger.warning("%s; searches are exact until the index is built anew", error.problem)
        if not self._store.read_only:
            self._quarantine(record)
        self.on_damage()

    def _quarantine(self, record: Derived) -> None:
        """Keep a damaged file for whoever wants to look at it; the rebuilt one has its name."""
        folder = self._store.folder
        with suppress(StorageError, OSError):
            if record.path.exists() and fsio.digest_of(record.path) != record.sha256:
                fsio.make_folder(folder.path / QUARANTINE)
                fsio.rename(record.path, folder.path / QUARANTINE / record.path.name)


def load(record: Derived, snapshot: Snapshot) -> LoadedIndex:
    """Read an index of the space of `snapshot` into memory, and prove that it is what was built.

    Raises:
        IndexDamaged: its file is missing, or not what was written.
    """
    index = load_index(
        record.path,
        sha256=record.sha256,
        size=record.size,
        dim=snapshot.space.dim,
        n=record.rows,
    )
    codes = CodeIndex(index, plan_of(record), record.rows)
    rows = Rows(tuple(segment.vectors for segment in snapshot.segments))
    _check_canaries(codes, rows, mapping_of(record.ids, snapshot), record)
    return LoadedIndex(record.sha256, record.space_id, record.ids, codes)


def _check_canaries(codes: CodeIndex, rows: Rows, mapping: Ids | None, record: Derived) -> None:
    """Prove on some rows that the codes are those of these vectors: most find themselves."""
    there = np.arange(codes.n) if mapping is None else np.flatnonzero(mapping != NONE)
    if not len(there):
        return
    own = there[np.linspace(0, len(there) - 1, min(CANARIES, len(there)), dtype=np.int64)]
    queries = rows.take(own if mapping is None else mapping[own])
    try:
        places = codes.candidates(queries, codes.count(K), codes.reach(K, 1.0))
    except (RuntimeError, MemoryError) as error:
        raise _damaged(record, "FAISS cannot search it") from error
    if mapping is not None:
        places = np.where(places == NONE, NONE, mapping[places])
    n_found = np.count_nonzero(rows.inner_products(queries, places).max(axis=1) > SAME)
    if n_found < FOUND_SHARE * codes.plan.recall * len(own):
        raise _damaged(record, f"of {len(own)} stored rows only {n_found} find themselves")


def _damaged(record: Derived, reason: str) -> IndexDamaged:
    name = record.path.name
    return IndexDamaged(f"the index file {name!r} cannot be used: {reason}", "build it again")


def plan_of(record: Derived) -> IndexPlan:
    """Return how the index of a record is searched."""
    return IndexPlan.from_dict(record.detail)


def _is_readable(record: Derived) -> bool:
    try:
        plan_of(record)
    except ValueError:
        return False  # another version of semsearch wrote it
    return True


def _nothing() -> None:
    pass
