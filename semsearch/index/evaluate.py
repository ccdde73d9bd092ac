"""How many of the true neighbours a search finds, measured on the stored vectors themselves."""

from __future__ import annotations

import numpy as np

from semsearch.index.native import RowNumbers
from semsearch.index.rows import NONE
from semsearch.index.view import SearchView
from semsearch.vectors import Vectors

N_QUERIES = 200
EQUAL = 1e-6
"""Scores this close are one score: either of two copies is as good an answer."""


def recall_at_k(view: SearchView, k: int = 10, n_queries: int = N_QUERIES, seed: int = 0) -> float:
    """Return the share of the k nearest that `view.search` finds for a sample of its own rows.

    Each query is a live row, itself left out. A neighbour counts as found when one of its score
    was. A view with fewer than two live rows has nothing to miss: 1.
    """
    own = sample_of_live(view, n_queries, seed)
    queries = view.rows.take(own)
    found = without_own(*view.search(queries, k + 1), own)
    expected = without_own(*view.search_exactly(queries, k + 1), own)
    return share_found(*found, *expected)


def sample_of_live(view: SearchView, n: int, seed: int) -> RowNumbers:
    """Return up to `n` live rows, drawn by `seed`, ascending."""
    live = np.arange(len(view.rows)) if view.live is None else np.flatnonzero(view.live)
    if len(live) <= n:
        return live
    return np.sort(np.random.default_rng(seed).choice(live, size=n, replace=False))


def without_own(rows: RowNumbers, scores: Vectors, own: RowNumbers) -> tuple[RowNumbers, Vectors]:
    """Return k of k + 1 found rows and scores: the query's own row left out, else the last."""
    drop = rows == own[:, None]
    drop[~drop.any(axis=1), -1] = True
    shape = (len(rows), rows.shape[1] - 1)
    return rows[~drop].reshape(shape), scores[~drop].reshape(shape)


def share_found(
    rows: RowNumbers, scores: Vectors, expected_rows: RowNumbers, expected_scores: Vectors
) -> float:
    """Return the share of expected rows (nq, k) in whose place a found row scores as well."""
    there = expected_rows != NONE
    wanted = np.count_nonzero(there, axis=1)
    if not wanted.any():
        return 1.0
    worst = np.where(there, expected_scores, np.inf).min(axis=1, keepdims=True)
    reached = np.count_nonzero((rows != NONE) & (scores >= worst - EQUAL), axis=1)
    return float(np.minimum(reached, wanted).sum() / wanted.sum())
