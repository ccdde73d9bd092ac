"""Exact nearest neighbours over rows, of which some may not be found, by FAISS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from semsearch.index.native import RowNumbers, knn, knn_among
from semsearch.index.rows import NONE, Mask, Rows, best
from semsearch.vectors import Vectors

GATHERED_ROWS = 65_536
"""How many rows are copied at once when only some rows of a block may be found."""

FEW = 64
"""Up to so many rows that may not be found are cheaper to ask past than to copy around."""

FEW_QUERIES = 20
"""Below it FAISS scores pair by pair, and nothing needs copying; from it on by matrix products."""

ASKED_BEYOND = 16
"""How many more than k are asked for, so that rounding cannot move a row across the border."""

ROUNDING = 2e-6
"""Matrix products and single products of unit vectors differ by less."""

WIDER = 8
SCORES_AT_ONCE = 4_000_000


@dataclass(frozen=True, eq=False)
class Part:
    """A run of rows from `first`; of its vectors (n, dim) only those at `only` may be found."""

    first: int
    vectors: Vectors
    only: RowNumbers | None = None

    def __len__(self) -> int:
        return len(self.vectors) if self.only is None else len(self.only)


def parts_of(rows: Rows, findable: Mask | None, start: int = 0) -> list[Part]:
    """Return the findable rows from `start` on, one part a block at most; None stands for all."""
    parts = []
    for first, block in zip(rows.starts.tolist(), rows.blocks, strict=False):
        skipped = max(0, start - first)
        if skipped < len(block):
            mask = None if findable is None else findable[first + skipped : first + len(block)]
            parts.append(_part(first + skipped, block[skipped:], mask))
    return [part for part in parts if len(part)]


def scan(rows: Rows, queries: Vectors, k: int, parts: Sequence[Part]) -> tuple[RowNumbers, Vectors]:
    """Return the k nearest rows of the parts and their cosines, both (nq, k), best first.

    Equal scores come in the order of rows, however many are equal; where fewer than k rows are
    findable, the row is -1 and the score 0.
    """
    found = np.full((len(queries), k), NONE, dtype=np.int64)
    cosines = np.zeros((len(queries), k), dtype=np.float32)
    n_findable = sum(len(part) for part in parts)
    left, ask = np.arange(len(queries)), k + ASKED_BEYOND
    while len(left) and n_findable:
        at_once = max(1, SCORES_AT_ONCE // min(ask, n_findable))
        open_ = []
        for start in range(0, len(left), at_once):
            chosen = left[start : start + at_once]
            candidates, worst = _nearest(queries[chosen], parts, min(ask, n_findable))
            scores = rows.inner_products(queries[chosen], candidates)
            found[chosen], cosines[chosen] = best(candidates, scores, k)
            open_.append(chosen[cosines[chosen, -1] < worst + ROUNDING])
        # Where the border runs through equal scores, rows beyond it have not been seen yet.
        left = np.concatenate(open_) if ask < n_findable else left[:0]
        ask *= WIDER
    return found, cosines


def _part(first: int, vectors: Vectors, mask: Mask | None) -> Part:
    if mask is None:
        return Part(first, vectors)
    only = np.flatnonzero(mask)
    start, end = (int(only[0]), int(only[-1]) + 1) if len(only) else (0, 0)
    if end - start == len(only):
        return Part(first + start, vectors[start:end])
    return Part(first, vectors, only)


def _nearest(queries: Vectors, parts: Sequence[Part], ask: int) -> tuple[RowNumbers, Vectors]:
    """Return `ask` rows (nq, ask), all but exactly the nearest, and the worst score of each."""
    kept = [(np.empty((len(queries), 0), np.int64), np.empty((len(queries), 0), np.float32))]
    for part in parts:
        for found_in_part in _search_part(queries, part, ask):
            kept.append(found_in_part)
            if sum(rows.shape[1] for rows, _ in kept) > 2 * ask:
                kept = [best(*_side_by_side(kept), ask)]
    found, scores = _side_by_side(kept)
    if found.shape[1] > ask:
        found, scores = best(found, scores, ask)
    scores = np.where(found == NONE, np.float32(-np.inf), scores)
    return found, scores.min(axis=1)


def _side_by_side(found: Sequence[tuple[RowNumbers, Vectors]]) -> tuple[RowNumbers, Vectors]:
    return np.hstack([rows for rows, _ in found]), np.hstack([scores for _, scores in found])


def _search_part(queries: Vectors, part: Part, ask: int) -> Iterator[tuple[RowNumbers, Vectors]]:
    if part.only is None:
        places, scores = knn(queries, part.vectors, ask)
        yield places + part.first, scores
    elif len(part.vectors) - len(part) <= FEW:
        yield _search_past(queries, part, part.only, ask)
    elif len(queries) < FEW_QUERIES:
        places, scores = knn_among(queries, part.vectors, part.only, ask)
        yield places + part.first, scores
    else:
        for start in range(0, len(part), GATHERED_ROWS):
            only = part.only[start : start + GATHERED_ROWS]
            places, scores = knn(queries, part.vectors[only], ask)
            yield only[places] + part.first, scores


def _search_past(
    queries: Vectors, part: Part, only: RowNumbers, ask: int
) -> tuple[RowNumbers, Vectors]:
    """Search the whole part for so many more that the others cannot crowd out the findable."""
    is_findable = np.zeros(len(part.vectors), dtype=np.bool_)
    is_findable[only] = True
    places, scores = knn(queries, part.vectors, ask + len(is_findable) - len(only))
    rows = np.where(is_findable[places], places + part.first, NONE)
    return best(rows, scores, min(ask, len(only)))
