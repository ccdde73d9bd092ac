"""The calls of FAISS on arrays that stay where they are: scores of pairs, and scans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from semsearch.vectors import Vectors

RowNumbers = npt.NDArray[np.int64]

FEW_PAIRS = 4096
"""So many products take less time than it takes to wait for a second thread on a busy machine:
100 of 512 dimensions took 11 ms in two threads and 0.02 ms in one, beside eight busy processes."""

SMALL_SCAN = 100_000_000
"""So many multiplications are made by the calling thread, and those of one query however many.

FAISS cuts such a scan into short runs and waits for the other thread after each: 10,000 x 512 and
one query took 0.4 ms in one thread, 1.4 in two on an idle machine, and 16 on a busy one.
"""


@cache
def library() -> Any:
    """Return FAISS, imported now; as Any, for half of what we call is missing in its stubs."""
    import faiss

    return faiss


@contextmanager
def threads(n: int | None) -> Iterator[None]:
    """Let FAISS use `n` threads, None for as many as it does; the setting is the thread's own.

    On busy cores, small work took many times as long with two threads that wait for each other.
    """
    faiss = library()
    usual = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(n or usual)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(usual)


def inner_products(queries: Vectors, vectors: Vectors, rows: RowNumbers) -> Vectors:
    """Return the products of queries (nq, dim) and their rows (nq, c) of vectors: (nq, c).

    A negative row scores -inf; any other must exist.
    """
    faiss = library()
    n_queries, n_rows = rows.shape
    scores = np.empty(rows.shape, dtype=np.float32)
    with threads(1 if rows.size <= FEW_PAIRS else None):
        faiss.fvec_inner_products_by_idx(
            faiss.swig_ptr(scores),
            _floats(queries),
            _floats(vectors),
            _integers(rows),
            vectors.shape[1],
            n_queries,
            n_rows,
        )
    return scores


def inner_products_of_pairs(
    queries: Vectors, numbers: RowNumbers, vectors: Vectors, rows: RowNumbers
) -> Vectors:
    """Return the product of queries[numbers[i]] and vectors[rows[i]] for each i, shape (n,)."""
    faiss = library()
    scores = np.empty(len(rows), dtype=np.float32)
    with threads(1 if len(rows) <= FEW_PAIRS else None):
        faiss.pairwise_indexed_inner_product(
            vectors.shape[1],
            len(rows),
            _floats(queries),
            _integers(numbers),
            _floats(vectors),
            _integers(rows),
            faiss.swig_ptr(scores),
        )
    return scores


def inner_products_of_runs(query: Vectors, runs: Sequence[tuple[Vectors, RowNumbers]]) -> Vectors:
    """Return the products of one query (1, dim) and the rows of vectors of all runs, shape (n,)."""
    faiss = library()
    ends = np.cumsum([len(rows) for _, rows in runs]).tolist()
    scores = np.empty(ends[-1] if ends else 0, dtype=np.float32)
    with threads(1):
        for (vectors, rows), end in zip(runs, ends, strict=True):
            faiss.fvec_inner_products_by_idx(
                faiss.swig_ptr(scores[end - len(rows) : end]),
                _floats(query),
                _floats(vectors),
                _integers(rows),
                vectors.shape[1],
                1,
                len(rows),
            )
    return scores


def knn(queries: Vectors, vectors: Vectors, k: int) -> tuple[RowNumbers, Vectors]:
    """Return the places and scores, both (nq, k or fewer), of the nearest vectors (n, dim)."""
    faiss = library()
    with threads(_threads_of_scan(queries, len(vectors))):
        scores, places = faiss.knn(
            queries, vectors, min(k, len(vectors)), metric=faiss.METRIC_INNER_PRODUCT
        )
    return places, scores


def knn_among(
    queries: Vectors, vectors: Vectors, only: RowNumbers, k: int
) -> tuple[RowNumbers, Vectors]:
    """Return what `knn` does among the places `only`, one pair at a time and without a copy."""
    faiss = library()
    k = min(k, len(only))
    scores = np.empty((len(queries), k), dtype=np.float32)
    places = np.empty((len(queries), k), dtype=np.int64)
    with threads(_threads_of_scan(queries, len(only))):
        faiss.knn_inner_product(
            _floats(queries),
            _floats(vectors),
            vectors.shape[1],
            len(queries),
            len(vectors),
            k,
            faiss.swig_ptr(scores),
            faiss.swig_ptr(places),
            faiss.IDSelectorArray(only),
        )
    return places, scores


def packed_selector(mask: npt.NDArray[np.bool_]) -> Any:
    """Return FAISS's selector of the positions where `mask` (n,) is true; it holds its own bits."""
    return library().IDSelectorBitmap(np.packbits(mask, bitorder="little"))


def _threads_of_scan(queries: Vectors, n_rows: int) -> int | None:
    is_small = len(queries) == 1 or queries.size * n_rows <= SMALL_SCAN
    return 1 if is_small else None


def _floats(array: Vectors) -> Any:
    """Return a pointer for FAISS; it refuses an array of other numbers or in another order."""
    if array.dtype != np.float32:
        raise TypeError(f"vectors must be float32, got {array.dtype}")
    return library().swig_ptr(array)


def _integers(array: RowNumbers) -> Any:
    if array.dtype != np.int64:
        raise TypeError(f"rows must be int64, got {array.dtype}")
    return library().swig_ptr(array)
