"""The verbs of a collection that look after it: what it holds, its index, its files."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from semsearch.collection import classifier as classifiers
from semsearch.collection import clustering as clusterings
from semsearch.collection.checks import check_whole
from semsearch.collection.facts import files_by_kind, index_facts
from semsearch.collection.index_check import check_index
from semsearch.collection.indexed import MOST_QUERIES, N_QUERIES, Indexed
from semsearch.collection.judging import scale_of
from semsearch.collection.reencodable import Reencodable
from semsearch.store import BackupReport, CheckReport, CompactReport, Snapshot


class Upkeep(Reencodable, Indexed):
    """What there is to know about a collection, and what keeps it in order."""

    def info(self) -> dict[str, Any]:
        """Return what there is to know about the collection, JSON-ready."""
        seen = self._view.now()
        space = seen.snapshot.space
        files = files_by_kind(self._store.folder)
        scale = self._judge.known(space)
        return {
            "name": self.name,
            "path": str(self.path),
            "rows": seen.view.n_live,
            "passages": len(seen.snapshot.passages),
            "deleted_rows": _count_deleted(seen.snapshot),
            "modality": self.modality,
            "fields": self.fields,
            "dim": space.dim,
            "handle": space.handle,
            "module": space.card,
            "other_spaces": {
                state: other.handle
                for state, other in self._store.spaces().items()
                if other.id != space.id
            },
            **index_facts(seen, self._indexes.record(space.id)),
            "bytes": sum(kind["bytes"] for kind in files.values()),
            "files": files,
            "clusterings": self._store.result_names(clusterings.KIND),
            "classifiers": self._store.result_names(classifiers.KIND),
            "calibration": None if scale is None else scale_of(scale),
        }

    def compact(self) -> CompactReport:
        """Drop what deleted items hold, join small files and shrink the database.

        Searches go on meanwhile; nothing else can be written.

        Raises:
            CollectionLocked: another process is writing, or reads and would not let go.
            StorageFull: there is no room to write the files anew; nothing was changed.
            CollectionDamaged: a file is not what was written.
        """
        with self._store.writing() as writer:
            report = writer.compact()
        self._keeper.after_change()
        return report

    def backup(self, path: str | Path) -> BackupReport:
        """Write everything that cannot be made again into one new file, as it stands now.

        Searches and writers go on meanwhile. `semsearch.restore` makes a collection of it again.

        Raises:
            StorageError: something stands at `path`, or it cannot be written.
            CollectionDamaged: a file is not what was written; damage is not backed up.
        """
        return self._store.backup(Path(path))

    def check(
        self, full: bool = False, repair: bool = False, n_queries: int = N_QUERIES
    ) -> CheckReport:
        """Prove on the disk that the collection is what was written; tell what is not.

        `full` reads every row, vector and file, and compares the index with an exact search on
        `n_queries` stored items. `repair` looks at all of that, sweeps, and sets aside what can be
        made again; what only you could make stays as it is. Searches and writers may go on, unless
        `repair` is wanted.

        Returns:
            A report: its `level` is "ok", "derived" (nothing is lost) or "source", its `findings`
            name the thing, what is wrong, what to do, and the keys of the items touched.

        Raises:
            ValueError: `n_queries` is below 1 or above 100,000.
            CollectionLocked: another process is writing, and `repair` is wanted.
        """
        check_whole(n_queries, "n_queries", 1, MOST_QUERIES)
        full = full or repair  # what only digests tell has to be found to be mended
        report = self._store.check(full=full, repair=repair)
        if not full:
            return report
        started = time.perf_counter()
        report = report.joined(*check_index(self._store, n_queries, repair=repair))
        return replace(report, seconds=report.seconds + time.perf_counter() - started)


def _count_deleted(snapshot: Snapshot) -> int:
    """Return how many deleted items have their vectors still."""
    return int(np.count_nonzero(snapshot.rows_of(snapshot.dead) >= 0))
