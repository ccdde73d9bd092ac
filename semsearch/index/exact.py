"""Exact nearest neighbours by FAISS over blocks of vectors, whatever file they are mapped from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semsearch.vectors import Vectors

Ids = npt.NDArray[np.int64]

NONE = -1
"""The id where fewer than k neighbours exist."""

GATHERED_ROWS = 65_536
"""How many rows are copied at once when only some rows of a block may be found."""

FEW = 64
"""Up to so many excluded rows are cheaper to ask past than to copy around."""


@dataclass(frozen=True)
class Block:
    """Vectors (n, dim) of the ids first_id, first_id + 1, ...; `rows` are the findable ones."""

    first_id: int
    vectors: Vectors
    rows: Ids | None = None


def search_exact(queries: Vectors, blocks: Iterable[Block], k: int) -> tuple[Ids, Vectors]:
    """Return the k nearest ids and their cosines, both (n, k), best first.

    Queries and vectors have unit length. Equal scores come in the order of ids; where fewer than
    k rows exist, the id is -1 and the score 0.
    """
    ids = np.full((len(queries), k), NONE, dtype=np.int64)
    scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
    for block in blocks:
        for found_ids, found_scores in _search_block(queries, block, k):
            ids, scores = _best(np.hstack([ids, found_ids]), np.hstack([scores, found_scores]), k)
    scores[ids == NONE] = 0
    return ids, np.clip(scores, -1, 1)


def _search_block(queries: Vectors, block: Block, k: int) -> Iterator[tuple[Ids, Vectors]]:
    n = len(block.vectors)
    if block.rows is None:
        yield _knn(queries, block.vectors, k, np.arange(n) + block.first_id)
    elif len(block.rows) == 0:
        return
    elif n - len(block.rows) <= FEW:
        yield _search_past(queries, block, k)
    else:
        for start in range(0, len(block.rows), GATHERED_ROWS):
            rows = block.rows[start : start + GATHERED_ROWS]
            yield _knn(queries, block.vectors[rows], k, rows + block.first_id)


def _search_past(queries: Vectors, block: Block, k: int) -> tuple[Ids, Vectors]:
    """Search the whole block for so many more that the excluded rows cannot crowd out others."""
    n = len(block.vectors)
    rows = block.rows if block.rows is not None else np.arange(n)
    names = np.full(n, NONE, dtype=np.int64)
    names[rows] = rows + block.first_id
    ids, scores = _knn(queries, block.vectors, k + n - len(rows), names)
    scores[ids == NONE] = -np.inf
    return ids, scores


def _knn(queries: Vectors, vectors: Vectors, k: int, names: Ids) -> tuple[Ids, Vectors]:
    import faiss

    scores, rows = faiss.knn(
        queries, vectors, min(k, len(vectors)), metric=faiss.METRIC_INNER_PRODUCT
    )
    return names[rows], scores


def _best(ids: Ids, scores: Vectors, k: int) -> tuple[Ids, Vectors]:
    order = np.lexsort((ids, -scores), axis=1)[:, :k]
    return np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)
