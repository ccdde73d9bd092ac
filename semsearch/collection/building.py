"""Building an index in a process of its own, and putting it in the place of the one before."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from semsearch import fsio
from semsearch.collection.index_wishes import AUTO, IndexReport, Progress, Wish
from semsearch.collection.indexing import KIND, NAME, IndexFiles, load
from semsearch.collection.searching import LiveView, mapping_of
from semsearch.errors import (
    CollectionDamaged,
    CollectionError,
    CollectionLocked,
    IndexBuildStopped,
    IndexDamaged,
    SemsearchError,
    StorageError,
    StorageFull,
)
from semsearch.index import BuiltIndex, IndexJob, run_worker
from semsearch.index.jobs import SUFFIX as INDEX_SUFFIX
from semsearch.store import Derived, Snapshot, Store
from semsearch.store.segments import Ids
from semsearch.store.spaces import CURRENT
from semsearch.store.writer import Writer

logger = logging.getLogger(__name__)

ATTEMPTS = 3
"""How often a build begins again because the collection was exchanged under it."""

PATIENCE = 600.0
"""How many seconds a finished index waits for whoever is writing."""

PAUSE = 0.1
"""Seconds between two attempts at the writer's lock."""


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
            self._recover()
            snapshot = self._snapshot(wish)
            try:
                with held_open(self._files_of(snapshot)) as files:
                    job = self._job(snapshot, wish, files)
                    built = run_worker(job, on_progress=progress, stop=stop)
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

    def _recover(self) -> None:
        """Sweep now what a writer left that failed: the next one would sweep the new index too."""
        with suppress(CollectionLocked), self.store.writing(brief=True):
            pass

    def _snapshot(self, wish: Wish) -> Snapshot:
        """Return the vectors as they stand now; raises CollectionError where there are none."""
        if wish.state == CURRENT:
            return self.store.snapshot()
        return self.store.snapshot_of(wish.state)

    def _is_passing(self, error: SemsearchError, snapshot: Snapshot) -> bool:
        """Say whether the next attempt may succeed: a writer took away what the worker needed.

        It may have merged the segments, or swept the scratch files of the worker.
        """
        if isinstance(error, IndexBuildStopped | StorageFull):
            return False
        is_there = all(path.exists() for path in self._files_of(snapshot))
        return not is_there or self.store.version != snapshot.version

    def _job(self, snapshot: Snapshot, wish: Wish, files: Sequence[Path]) -> IndexJob:
        folder = self.store.folder
        dead = [] if snapshot.gone is None else np.flatnonzero(snapshot.gone).tolist()
        cores = os.cpu_count() or 1
        return IndexJob(
            tuple(zip(files, map(len, snapshot.segments), strict=True)),
            snapshot.space.dim,
            folder.derived,
            folder.scratch,
            dead=tuple(dead),
            kind=AUTO if wish.kind is None else wish.kind,
            recall_target=wish.recall_target,
            threads=max(1, cores // 2) if wish.is_automatic else cores,
        )

    def _files_of(self, snapshot: Snapshot) -> list[Path]:
        return [self.store.folder.segment(segment.sha256) for segment in snapshot.segments]

    def _is_recorded(
        self, built: BuiltIndex, snapshot: Snapshot, wish: Wish, stop: threading.Event
    ) -> bool:
        """Let the catalogue name a built file; False where it fits the collection no longer."""
        record = self._record_of(built, snapshot)
        is_recorded = False
        try:
            if not built.plan.is_exact:
                self.files.offer(load(record, snapshot))  # proves what stands on the disk
            is_recorded = self._patiently(
                lambda writer: self._exchange(writer, record, wish),
                stop,
                logging.INFO if wish.is_automatic else logging.WARNING,
            )
            return is_recorded
        except (IndexDamaged, StorageError):
            # Swept away by a writer that cleaned up after another, or made of what was erased.
            if record.path.exists() and not _has_lost(self._snapshot(wish), record.ids):
                raise
            return False
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
        if self._snapshot(wish).space.id != record.space_id:
            return False
        newest = self.files.record(record.space_id)
        if wish.is_automatic and newest is not None and newest.seq > record.seq:
            return True  # another process was faster
        published = fsio.Published(record.path, record.sha256, record.size)
        writer.record_derived(
            KIND, NAME, published, record.rows, record.ids, record.detail, record.space_id
        )
        return True

    def _patiently(
        self, change: Callable[[Writer], bool], stop: threading.Event, level: int
    ) -> bool:
        """Make a change as soon as nobody else is writing; a wait is logged at `level`."""
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
                    logger.log(level, "the index is built and waits: %s", error.problem)
                    is_told = True
            if stop.wait(PAUSE):
                raise IndexBuildStopped("building the index was stopped", "build it again")

    def _sweep(self, record: Derived) -> None:
        """Remove a built file that the catalogue does not name."""
        newest = self.files.record(record.space_id)
        if newest is None or newest.sha256 != record.sha256:
            fsio.remove(record.path)


@contextmanager
def held_open(files: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield paths by which another process can read `files`, though they be unlinked meanwhile.

    Every commit may merge small segments, faster than a process starts. Where the system shows no
    open files of a process, the paths are those of the files.

    Raises:
        CollectionDamaged: one of them is not there by now.
    """
    descriptors: list[int] = []
    try:
        for path in files:
            descriptors.append(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        own = Path(f"/proc/{os.getpid()}/fd")
        yield [own / str(number) for number in descriptors] if own.is_dir() else list(files)
    except FileNotFoundError as error:
        raise CollectionDamaged(
            f"the vector segment {str(error.filename)!r} is missing", "run `semsearch check`"
        ) from error
    finally:
        for number in descriptors:
            os.close(number)


def _has_lost(snapshot: Snapshot, ids: Ids) -> bool:
    """Say whether some of `ids` stand no longer on the disk."""
    mapping = mapping_of(ids, snapshot)
    return mapping is not None and bool((mapping < 0).any())
