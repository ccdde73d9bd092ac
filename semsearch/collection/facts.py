"""What `info` tells of the index and of the files of a collection."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from semsearch.collection.indexing import QUARANTINE, plan_of
from semsearch.collection.keeping import is_outgrown
from semsearch.collection.searching import Seen
from semsearch.store import Derived
from semsearch.store.folder import Folder

DATABASE = "database"
OTHER = "other"


def files_by_kind(folder: Folder) -> dict[str, dict[str, int]]:
    """Return {kind: {"files": n, "bytes": n}} of what stands in a folder, every kind named.

    The kinds are database, segments, images, results, derived, quarantine and other.
    """
    kinds = {
        folder.segments: "segments",
        folder.blobs: "images",
        folder.heads: "results",
        folder.derived: "derived",
        folder.path / QUARANTINE: QUARANTINE,
    }
    counts = {kind: {"files": 0, "bytes": 0} for kind in (DATABASE, *kinds.values(), OTHER)}
    for path, size in _files(folder.path):
        if path.name.startswith(folder.database.name):
            kind = DATABASE
        else:
            inside = path.relative_to(folder.path).parts[0]
            kind = kinds.get(folder.path / inside, OTHER)
        counts[kind]["files"] += 1
        counts[kind]["bytes"] += size
    return counts


def index_facts(seen: Seen, record: Derived | None) -> dict[str, Any]:
    """Return what there is to know about the way in which a collection is searched.

    `recall` was measured when the index was built; the rows of the tail, which came later, and
    all rows where there is no index, are searched exactly.
    """
    codes, n_rows = seen.findable.codes, seen.findable.n_live
    n_tail = n_rows if codes is None else seen.findable.n_tail
    return {
        "index": "exact" if codes is None else codes.plan.spec,
        "recall": 1.0 if codes is None else round(codes.plan.recall, 4),
        "index_reason": _reason(seen, record),
        "index_rows": n_rows - n_tail,
        "tail_rows": n_tail,
        "index_bytes": 0 if codes is None or record is None else record.size,
    }


def _reason(seen: Seen, record: Derived | None) -> str:
    """Return one sentence that says why searches go the way they go."""
    if seen.view.codes is not None:
        return seen.view.codes.plan.reason
    if record is not None:
        plan = plan_of(record)
        if plan.is_exact:
            return plan.reason
        return "the index is missing or damaged; every search scans all vectors until it is built"
    if is_outgrown(seen.snapshot):
        return "no index was built yet, so every search scans all vectors"
    return "so few vectors are scanned at once, which needs no index"


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    for inside, _, names in os.walk(folder):
        for name in names:
            path = Path(inside, name)
            try:
                size = path.lstat().st_size
            except FileNotFoundError:
                continue  # a writer is at work
            yield path, size
