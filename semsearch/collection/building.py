"""Building an index in a process of its own, and putting it in the place of the one before."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from semsearch import fsio
from semsearch.collection.indexing import KIND, NAME, IndexFiles, load
from semsearch.collection.searching import LiveView, mapping_of
from semsearch.errors import (
    CollectionError,
    CollectionLocked,
    IndexBuildStopped,
    IndexDamaged,
    SemsearchError,
    StorageError,
    StorageFull,
)
from semsearch.index import BuiltIndex, IndexJob, IndexPlan, run_worker
from semsearch.index.jobs import SUFFIX as INDEX_SUFFIX
from semsearch.index.plan import RECALL_TARGET
from semsearch.store import Derived, Snapshot, Store
from semsearch.store.segments import Ids
from semsearch.store.spaces import CURRENT
from semsearch.store.writer import Writer

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]

ATTEMPTS = 3
"""How often a build begins again because the collection was exchanged under it."""

PATIENCE = 600.0
"""How many seconds a finished index waits for whoever is writing."""

AUTO = "auto"

PAUSE = 0.1
"""Seconds between two attempts at the writer's lock."""


@dataclass(frozen=True)
class Wish:
    """Which index is wanted; `kind` None lets it be chosen by measurement."""

    kind: str | None = None
    recall_target: float = RECALL_TARGET
    is_automatic: bool = False
    state: str = CURRENT
    """The vectors it is of: those that are searched, or 'building', to be switched to."""


@dataclass(frozen=True)
class IndexReport:
    """An index that was built: what was chosen and measured, and what it covers."""

    plan: IndexPlan
    rows: int
    size: int
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return {
            "index": self.plan.spec,
            "recall": round(self.plan.recall, 4),
            "reason": self.plan.reason,
            "rows": self.rows,
            "bytes": self.size,
            "milliseconds": round(self.plan.milliseconds, 3),
            "exact_milliseconds": round(self.plan.exact_milliseconds, 3),
            "seconds": round(self.seconds, 3),
        }


class Builder:
    """Builds the index of one collection while searches go on; holds no lock but for moments."""

    def __init__(self, store: Store, view: LiveView, files: IndexFiles) -> None:
        self.store = store
        self._view = view
        self.files = files
        self._one_at_a_time = threading.Lock()

    def build(
        self, wish: Wish, progress: Progress | None = None, stop: threading.Event | None = None
    ) -> IndexReport:
        """Build an index of what stands now, let the catalogue name it and searches use it.

        Raises:
            CollectionError: the worker failed, or the collection was exchanged under it thrice.
            CollectionLocked: somebody wrote for longer than `PATIENCE`.
            IndexBuildStopped: `stop` was set.
        """
        stop = stop or threading.Event()
        with self._one_at_a_time:
            return self._build(wish, progress, stop)

    def _build(self, wish: Wish, progress: Progress | None, stop: threading.Event) -> IndexReport:
        start = time.monotonic()
        failure: SemsearchError | None = None
        for _ in range(ATTEMPTS):
            snapshot = self._snapshot(wish)
            try:
                built = run_worker(self._job(snapshot, wish), on_progress=progress, stop=stop)
            except (CollectionError, StorageError) as error:
                if not self._is_passing(error, snapshot):
                    raise
                failure = error
                continue
            if self._is_recorded(built, snapshot, wish, stop):
                self._view.refresh()
                rows = len(snapshot.every)
                return IndexReport(built.plan, rows, built.size, time.monotonic() - start)
        if failure is not None:
            raise failure
        raise CollectionError(
            f"the collection {self.store.folder.path.name!r} was exchanged under {ATTEMPTS} builds"
            " of its index",
            "build the index again when nothing compacts or re-encodes the collection",
        )

    def _snapshot(self, wish: Wish) -> Snapshot:
        """Return the vectors as they stand now; raises CollectionError where there are none."""
        if wish.state == CURRENT:
            return self.store.snapshot()
        return self.store.snapshot_of(wish.state)

    def _is_passing(self, error: SemsearchError, snapshot: Snapshot) -> bool:
        """Say whether the next attempt may succeed: a writer took away what the worker needed.

        It may have merged the segments, or swept the scratch file of the worker.
        """
        if isinstance(error, IndexBuildStopped | StorageFull):
            return False
        is_there = all(path.exists() for path, _ in self._files_of(snapshot))
        return not is_there or self.store.version != snapshot.version

    def _job(self, snapshot: Snapshot, wish: Wish) -> IndexJob:
        folder = self.store.folder
        dead = [] if snapshot.live is None else np.flatnonzero(~snapshot.live).tolist()
        cores = os.cpu_count() or 1
        return IndexJob(
            self._files_of(snapshot),
            snapshot.space.dim,
            folder.derived,
            folder.scratch,
            dead=tuple(dead),
            kind=AUTO if wish.kind is None else wish.kind,
            recall_target=wish.recall_target,
            threads=max(1, cores // 2) if wish.is_automatic else cores,
        )

    def _files_of(self, snapshot: Snapshot) -> tuple[tuple[Path, int], ...]:
        place = self.store.folder.segment
        return tuple((place(segment.sha256), len(segment)) for segment in snapshot.segments)

    def _is_recorded(
        self, built: BuiltIndex, snapshot: Snapshot, wish: Wish, stop: threading.Event
    ) -> bool:
        """Let the catalogue name a built file; False where it fits the collection no longer."""
        record = self._record_of(built, snapshot)
        is_recorded = False
        try:
            if not built.plan.is_exact:
                self.files.offer(load(record, snapshot))  # proves what stands on the disk
            is_recorded = self._patiently(lambda writer: self._exchange(writer, record, wish), stop)
            return is_recorded
        except (IndexDamaged, StorageError):
            if record.path.exists():
                raise
            return False  # swept away by a writer that cleaned up after another
        finally:
            if not is_recorded:
                self.files.offer(None)
            self._sweep(record)

    def _record_of(self, built: BuiltIndex, snapshot: Snapshot) -> Derived:
        """Return what the catalogue shall say; an exact search has a file too, of its plan."""
        folder, detail = self.store.folder, built.plan.as_dict()
        sha256, size, suffix = built.sha256, built.size, INDEX_SUFFIX
        if built.plan.is_exact:
            suffix = ".json"
            published = fsio.publish_bytes(
                json.dumps(detail).encode(),
                scratch=folder.scratch,
                place=lambda sha256: folder.derived_file(sha256, suffix),
            )
            sha256, size = published.sha256, published.size
        path = folder.derived_file(sha256, suffix)
        ids, version = snapshot.every, snapshot.version
        return Derived(KIND, NAME, snapshot.space.id, path, sha256, size, ids, detail, version)

    def _exchange(self, writer: Writer, record: Derived, wish: Wish) -> bool:
        snapshot = self._snapshot(wish)
        if snapshot.space.id != record.space_id or _has_lost(snapshot, record.ids):
            return False
        newest = self.files.record(record.space_id)
        if wish.is_automatic and newest is not None and newest.seq > record.seq:
            return True  # another process was faster
        published = fsio.Published(record.path, record.sha256, record.size)
        writer.record_derived(
            KIND, NAME, published, record.rows, record.ids, record.detail, record.space_id
        )
        return True

    def _patiently(self, change: Callable[[Writer], bool], stop: threading.Event) -> bool:
        """Make a change as soon as nobody else is writing."""
        deadline = time.monotonic() + PATIENCE
        is_told = False
        while True:
            try:
                with self.store.writing(brief=True) as writer:
                    return change(writer)
            except CollectionLocked as error:
                if time.monotonic() > deadline:
                    raise
                if not is_told:
                    logger.warning("the index is built and waits: %s", error.problem)
                    is_told = True
            if stop.wait(PAUSE):
                raise IndexBuildStopped("building the index was stopped", "build it again")

    def _sweep(self, record: Derived) -> None:
        """Remove a built file that the catalogue does not name."""
        newest = self.files.record(record.space_id)
        if newest is None or newest.sha256 != record.sha256:
            fsio.remove(record.path)


def _has_lost(snapshot: Snapshot, ids: Ids) -> bool:
    """Say whether some of `ids` have been erased, of which no code may come back to the disk."""
    mapping = mapping_of(ids, snapshot)
    return mapping is not None and bool((mapping < 0).any())
