"""Held-out queries, their exact neighbours, and how many of them an engine finds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import faiss
import numpy as np
from million import QUERIES

K = 10
SAME = 1e-5
"""Scores closer than this are equal: which of two such rows is found does not matter."""


class Truth:
    """The first n rows of a file as what is searched; other rows are queries (1000, dim)."""

    def __init__(self, vectors: Path, limit: int, queries: Path | None = None) -> None:
        """Take the queries from the end of another file if one is named."""
        every = np.load(vectors, mmap_mode="r")
        asked = every if queries is None else np.load(queries, mmap_mode="r")
        self.n = min(limit, len(every) - (QUERIES if queries is None else 0))
        self.dim = every.shape[1]
        self.queries = np.ascontiguousarray(asked[-QUERIES:])
        self._vectors = every[: self.n]
        scores, _ = faiss.knn(self.queries, self._vectors, K, faiss.METRIC_INNER_PRODUCT)
        self._enough = scores[:, -1:] - SAME

    def recall(self, found: Sequence[Sequence[int]]) -> float:
        """Return the share of the 10 nearest that were found, rows (1000, 10); -1 is no row."""
        rows = np.asarray(found)
        scores = np.einsum("qd,qkd->qk", self.queries, self._vectors[rows])
        right = (scores >= self._enough) & (rows >= 0)
        return float(right.mean())
