"""The part of a check that concerns the index: it loads, and finds what an exact search finds."""

from __future__ import annotations

from typing import Any

from semsearch.collection.indexing import KIND, load, plan_of
from semsearch.collection.searching import Seen
from semsearch.errors import CollectionDamaged, IndexDamaged
from semsearch.index import recall_at_k
from semsearch.store import Derived, Finding, Snapshot, Store

K = 10

MARGIN = 0.05
"""How far below its target, or what it reached of that when it was built, the recall of an index
may fall before it is told: rows were added and deleted since, and a sample is a sample."""


def check_index(
    store: Store, n_queries: int, *, repair: bool = False
) -> tuple[list[Finding], dict[str, Any], int]:
    """Load the index of the current vectors, and compare it with an exact search.

    Returns:
        What is wrong with it; its kind and recall; how many of the findings were mended.
    """
    try:
        snapshot, record = store.snapshot(), _record(store)
    except CollectionDamaged:
        return [], {}, 0  # told by the other checks; there is nothing to compare with
    if record is None or plan_of(record).is_exact:
        return [], {"index": "exact", "recall": 1.0}, 0
    try:
        recall = _recall(record, snapshot, n_queries)
    except IndexDamaged as error:
        if not _stands(store, record):  # a newer one took its place meanwhile
            return check_index(store, n_queries, repair=repair)
        return [_finding(error.problem)], {}, int(repair and _is_rejected(store, record))
    plan = plan_of(record)
    facts = {"index": plan.spec, "recall": round(recall, 4)}
    promised = min(plan.recall_target, plan.recall)
    if recall < promised - MARGIN:
        wrong = f"it finds {recall:.3f} of the true nearest and was built to find {promised:g}"
        return [_finding(wrong)], facts, 0
    return [], facts, 0


def _record(store: Store) -> Derived | None:
    return max(store.derived(KIND), key=lambda each: each.seq, default=None)


def _stands(store: Store, record: Derived) -> bool:
    """Say whether the catalogue still names this very index."""
    newest = _record(store)
    return newest is not None and newest.seq == record.seq


def _is_rejected(store: Store, record: Derived) -> bool:
    """Set a damaged index aside; False where a newer one took its place meanwhile."""
    with store.writing() as writer:
        if not _stands(store, record):
            return False
        writer.reject_derived(record, "is not what was written")
        return True


def _recall(record: Derived, snapshot: Snapshot, n_queries: int) -> float:
    return recall_at_k(Seen.of(snapshot, load(record, snapshot)).findable, K, n_queries)


def _finding(wrong: str) -> Finding:
    remedy = "build it again with `semsearch build-index`"
    return Finding("derived", "the index", f"is not sound: {wrong}", remedy)
