"""An index that is kept up by itself: built in the background when the collection outgrows it."""

from __future__ import annotations

import logging
import threading
import weakref

import numpy as np

from semsearch.collection.building import Builder
from semsearch.collection.index_wishes import Wish
from semsearch.collection.indexing import plan_of
from semsearch.collection.searching import mapping_of
from semsearch.errors import IndexBuildStopped, SemsearchError
from semsearch.index.kinds import SCANNED_VALUES
from semsearch.index.plan import EXACT
from semsearch.store import Derived, Snapshot

logger = logging.getLogger(__name__)

CHANGED_SHARE = 0.2
"""The index is built anew when so large a share of what it covers was added or has left since."""

SLOW_SHARE = 0.05
"""The same for rows that were added, once scanning them alone takes longer than it should."""

SECONDS_TO_STOP = 10.0


def is_outgrown(snapshot: Snapshot) -> bool:
    """Say whether scanning all vectors takes so long that an index is worth building."""
    rows = len(snapshot) + len(snapshot.passages)
    return rows * snapshot.space.dim > SCANNED_VALUES


def is_due(snapshot: Snapshot, record: Derived | None) -> bool:
    """Say whether a collection has outgrown the way in which it is searched."""
    has_outgrown = is_outgrown(snapshot)
    if record is None:
        return has_outgrown
    plan = plan_of(record)
    if plan.kind == EXACT:
        return False  # as somebody wished
    if not plan.is_exact and not _stands(record):
        return True
    mapping = mapping_of(record.ids, snapshot)
    n_left = 0 if mapping is None else int(np.count_nonzero(mapping < 0))
    n_added = len(snapshot.every) - (record.rows - n_left)
    is_slow = n_added * snapshot.space.dim > SCANNED_VALUES and n_added > SLOW_SHARE * record.rows
    has_changed = n_added + n_left > CHANGED_SHARE * record.rows
    return (is_slow or has_changed) and (has_outgrown or not plan.is_exact)


def same_again(record: Derived | None) -> Wish:
    """Return the wish for an index of the kind that there was, or for the best."""
    if record is None:
        return Wish(is_automatic=True)
    plan = plan_of(record)
    return Wish(plan.kind, plan.recall_target, is_automatic=True)


def _stands(record: Derived) -> bool:
    try:
        return record.path.stat().st_size == record.size
    except OSError:
        return False


class Keeper:
    """Starts a build where one is due, never two at once, and ends it with the collection."""

    def __init__(self, builder: Builder, *, is_automatic: bool) -> None:
        self._builder = builder
        self._is_automatic = is_automatic and not builder.store.read_only
        self._starting = threading.Lock()
        self._run: _Run | None = None
        self._at_exit: weakref.finalize[[], Keeper] | None = None

    def after_change(self) -> None:
        """Build in the background where that is due; see `after_damage`."""
        self._start_by_itself(only_if_due=True)

    def after_damage(self) -> None:
        """Build in the background what was found to be damaged.

        A build that has failed is not tried again before the collection has grown by a fifth.

        Never raises: what the caller does succeeds, whatever becomes of the index.
        """
        self._start_by_itself(only_if_due=False)

    def _start_by_itself(self, *, only_if_due: bool) -> None:
        if not self._is_automatic:
            return
        try:
            snapshot, record = self._now()
            n_failed = 0 if self._run is None else self._run.n_failed
            if len(snapshot.every) < (1 + CHANGED_SHARE) * n_failed:
                return  # it would fail again
            if not only_if_due or is_due(snapshot, record):
                self.start(same_again(record))
        except SemsearchError as error:
            logger.warning("the index is not looked after: %s", error)

    def wish_if_due(self) -> Wish | None:
        """Return which index is due, None where the one that stands will do."""
        snapshot, record = self._now()
        return same_again(record) if is_due(snapshot, record) else None

    def wish_for_next(self, snapshot: Snapshot) -> Wish | None:
        """Return which index the vectors need that searches are to be switched to, if any."""
        ready = self._builder.files.record(snapshot.space.id)
        if ready is not None:
            return same_again(ready) if is_due(snapshot, ready) else None
        serving = self._builder.files.record(self._builder.store.space.id)
        if serving is not None and not plan_of(serving).is_exact:
            return same_again(serving)
        is_wished = serving is not None and plan_of(serving).kind == EXACT
        is_wanted = self._is_automatic and not is_wished and is_outgrown(snapshot)
        return same_again(serving) if is_wanted else None

    def _now(self) -> tuple[Snapshot, Derived | None]:
        snapshot = self._builder.store.snapshot()
        return snapshot, self._builder.files.record(snapshot.space.id)

    def start(self, wish: Wish) -> None:
        """Build in a thread of its own; one that is at work goes on instead."""
        with self._starting:
            if self._run is not None and self._run.thread.is_alive():
                return
            if self._at_exit is not None:
                self._at_exit.detach()
            self._run = _Run(self._builder, wish)
            self._run.thread.start()
            # A program that ends, or forgets to close, leaves no process behind.
            self._at_exit = weakref.finalize(self, self._run.stop)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the build in the background; say whether none is at work any more."""
        run = self._run
        if run is None:
            return True
        run.thread.join(seconds)
        return not run.thread.is_alive()

    def stop(self) -> None:
        """Give the build in the background up."""
        with self._starting:
            run = self._run
        if run is not None:
            run.stop()

    def close(self) -> None:
        """Give the build in the background up, and begin no other."""
        with self._starting:
            self._is_automatic = False
        self.stop()


class _Run:
    """One build in a thread; holds nothing of the collection that was not built for it."""

    def __init__(self, builder: Builder, wish: Wish) -> None:
        self._builder = builder
        self._wish = wish
        self._stopping = threading.Event()
        self.n_failed = 0
        """How many rows there were when the build failed, 0 where it did not."""
        self.thread = threading.Thread(target=self._build, name="semsearch-index", daemon=True)

    def stop(self) -> None:
        """End the worker, and return when the thread has ended too."""
        self._stopping.set()
        if self.thread is not threading.current_thread():
            self.thread.join(SECONDS_TO_STOP)

    def _build(self) -> None:
        path = self._builder.store.folder.path
        try:
            report = self._builder.build(self._wish, stop=self._stopping)
            logger.info("the index of %s was built in %.1f s", path, report.seconds)
        except IndexBuildStopped:
            logger.info("the index of %s was not built to its end", path)
        except Exception:
            if self._stopping.is_set():
                return
            self.n_failed = len(self._builder.store.snapshot().every)
            logger.exception("the index of %s could not be built; searches are exact", path)
