"""The way of a search through codes: candidates, wider until there are enough, scored exactly."""

from __future__ import annotations

import logging

import numpy as np

from semsearch.index.codes import CodeIndex
from semsearch.index.exact import scan
from semsearch.index.native import RowNumbers
from semsearch.index.rows import NONE, Mask, best
from semsearch.index.scope import Scope
from semsearch.vectors import Vectors

logger = logging.getLogger(__name__)

EQUAL = 1e-6
ALL_FULL = np.empty(0, dtype=np.int64)


def search_codes(
    codes: CodeIndex, scope: Scope, queries: Vectors, k: int
) -> tuple[RowNumbers, Vectors]:
    """Return the k nearest rows of the scope and their cosines, both (nq, k), best first.

    Rows without codes are scanned. A query for which the codes gave too few rows is answered by a
    scan of all, so k rows are found wherever there are k.
    """
    try:
        candidates = _candidates(codes, scope, queries, k)
    except RuntimeError as error:  # FAISS's own
        logger.warning(
            "the index %s refused a search (%s): all is compared", codes.plan.spec, error
        )
        return scan(scope.rows, queries, k, scope.parts)
    scores = scope.rows.inner_products(queries, candidates)
    if scope.tail_parts:
        tail_rows, tail_scores = scan(scope.rows, queries, k, scope.tail_parts)
        candidates = np.hstack([candidates, tail_rows])
        scores = np.hstack([scores, tail_scores])
    rows, scores = best(candidates, scores, k)
    left = _short(rows, min(k, scope.n))
    if len(left):
        rows[left], scores[left] = scan(scope.rows, queries[left], k, scope.parts)
    return rows, scores


def finds_itself(codes: CodeIndex, scope: Scope, n: int, seed: int) -> Mask:
    """Return for up to `n` coded rows of the scope whether a search by codes finds them again."""
    positions = np.arange(codes.n) if scope.codes is None else np.flatnonzero(scope.codes)
    if len(positions) > n:
        positions = np.random.default_rng(seed).choice(positions, size=n, replace=False)
    own = scope.coverage.rows_of(positions)[:, None]
    queries = scope.rows.take(own[:, 0])
    scores = scope.rows.inner_products(queries, _candidates(codes, scope, queries, 1))
    # A copy of the row is as good as the row.
    return np.asarray(scores.max(axis=1, initial=-1) >= _own(scope, queries, own) - EQUAL)


def _own(scope: Scope, queries: Vectors, own: RowNumbers) -> Vectors:
    return scope.rows.inner_products(queries, own)[:, 0]


def _candidates(codes: CodeIndex, scope: Scope, queries: Vectors, k: int) -> RowNumbers:
    count, reach = codes.count(k), codes.reach(k, scope.n_codes / codes.n)
    found = candidates_of(codes, scope, queries, count, reach)
    left = _short(found, min(count, scope.n_codes))
    while len(left) and reach < codes.widest:
        reach = codes.wider(reach)
        found[left] = candidates_of(codes, scope, queries[left], count, reach)
        left = left[_short(found[left], min(count, scope.n_codes))]
    return found


def candidates_of(
    codes: CodeIndex, scope: Scope, queries: Vectors, count: int, reach: int
) -> RowNumbers:
    """Return up to `count` findable rows (nq, count) that the codes name at this reach, else -1."""
    rows = scope.found_rows(codes.candidates(queries, count, reach, scope.selector))
    if rows.shape[1] > count:  # asked for more, as the index takes no selector
        order = np.argsort(rows == NONE, axis=1, kind="stable")[:, :count]
        return np.take_along_axis(rows, order, axis=1)
    return rows


def _short(rows: RowNumbers, wanted: int) -> RowNumbers:
    """Return the places of the queries that have fewer than `wanted` rows."""
    if wanted <= rows.shape[1] and rows.min(initial=0) != NONE:
        return ALL_FULL
    return np.flatnonzero((rows != NONE).sum(axis=1) < wanted)
