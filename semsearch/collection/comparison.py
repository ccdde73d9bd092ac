"""Two vector spaces of one collection asked the same questions, so that a switch is no surprise."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from semsearch.collection.searching import Seen
from semsearch.store import Snapshot
from semsearch.store.segments import Ids
from semsearch.vectors import Vectors

SAMPLE = 200
"""Stored items that stand in as queries where none are given."""

SEED = 0


@dataclass(frozen=True)
class SpaceComparison:
    """How alike the answers of two vector spaces are, over `n_queries` queries.

    `overlap` is the mean share of the first k hits that are the same, `same_first` the share of
    queries whose first hit is the same, `cosine_gap` the mean distance between the two cosines
    of a query and each of its former hits. `is_sample` says that stored items were the queries,
    each of them left out of its own hits.
    """

    n_queries: int
    k: int
    is_sample: bool
    overlap: float
    same_first: float
    cosine_gap: float

    def __str__(self) -> str:
        asked = "stored items as queries" if self.is_sample else "queries"
        return (
            f"Asked with {self.n_queries:,} {asked}, {self.overlap:.0%} of the first {self.k} hits"
            f" are the same, and the very first for {self.same_first:.0%} of the queries; the"
            f" cosines of the former hits differ by {self.cosine_gap:.2f} on average."
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready values."""
        return asdict(self)


def compare_on_sample(old: Snapshot, new: Snapshot, k: int) -> SpaceComparison | None:
    """Compare by asking for the neighbours of stored items; None where there are fewer than two."""
    common = np.intersect1d(old.ids, new.ids, assume_unique=True)
    k = min(k, len(common) - 1)
    if k < 1:
        return None
    chance = np.random.default_rng(SEED)
    own = np.sort(chance.choice(common, min(SAMPLE, len(common)), replace=False))
    asked = old.take(own), new.take(own)
    before = _others(*_hits(old, asked[0], k + 1, common), own)
    after = _others(*_hits(new, asked[1], k + 1, common), own)
    return _compared(before, after[0], new, asked[1], is_sample=True)


def compare_on_queries(
    old: Snapshot, new: Snapshot, queries: tuple[Vectors, Vectors], k: int
) -> SpaceComparison | None:
    """Compare the hits of unit queries, (n, dim) in either space; None where nothing is stored."""
    common = np.intersect1d(old.ids, new.ids, assume_unique=True)
    k = min(k, len(common))
    if k < 1:
        return None
    before, after = _hits(old, queries[0], k, common), _hits(new, queries[1], k, common)
    return _compared(before, after[0], new, queries[1], is_sample=False)


def _hits(snapshot: Snapshot, queries: Vectors, k: int, among: Ids) -> tuple[Ids, Vectors]:
    is_all = len(among) == len(snapshot)
    mask = None if is_all else np.isin(snapshot.every, among, assume_unique=True)
    return Seen.of(snapshot, None).search(queries, k, mask)


def _others(ids: Ids, scores: Vectors, own: Ids) -> tuple[Ids, Vectors]:
    """Return hits (n, k + 1) without the query itself, or else without the last, shape (n, k)."""
    drop = ids == own[:, None]
    drop[~drop.any(axis=1), -1] = True
    kept: npt.NDArray[np.bool_] = ~drop
    return ids[kept].reshape(len(ids), -1), scores[kept].reshape(len(ids), -1)


def _compared(
    before: tuple[Ids, Vectors], after: Ids, new: Snapshot, queries: Vectors, *, is_sample: bool
) -> SpaceComparison:
    ids, scores = before
    same = [np.isin(mine, theirs).mean() for mine, theirs in zip(ids, after, strict=True)]
    gaps = [
        np.abs(new.take(hits) @ query - cosines).mean()
        for hits, cosines, query in zip(ids, scores, queries, strict=True)
    ]
    return SpaceComparison(
        n_queries=len(ids),
        k=ids.shape[1],
        is_sample=is_sample,
        overlap=float(np.mean(same)),
        same_first=float((ids[:, 0] == after[:, 0]).mean()),
        cosine_gap=float(np.mean(gaps)),
    )
