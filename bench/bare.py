"""The bare search that Collection.neighbors wraps: a FAISS index, then exact scores, no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from semsearch.index.plan import IndexPlan


def index_bytes(collection: Path) -> int:
    """Return the size of the FAISS files of a collection."""
    return sum(path.stat().st_size for path in (collection / "derived").glob("*.faiss"))


def newest_index(collection: Path) -> Path:
    """Return the FAISS file of a collection that was written last."""
    return max((collection / "derived").glob("*.faiss"), key=lambda path: path.stat().st_mtime)


class Bare:
    """The index of a collection and the array of its vectors, asked without the collection."""

    def __init__(self, collection: Path, plan: IndexPlan, vectors: Path, n: int) -> None:
        import faiss

        self._faiss = faiss
        self._vectors = np.asarray(np.load(vectors, mmap_mode="r")[:n])
        self._candidates = plan.candidates
        self._index = None
        if not plan.is_exact:
            self._index = faiss.read_index(str(newest_index(collection)))
            self._parameters = self._parameters_of(self._index, plan.nprobe)

    def search(self, queries: np.ndarray, k: int) -> np.ndarray:
        """Return the rows (n, k) of the best scores, best first."""
        faiss = self._faiss
        if self._index is None:
            return faiss.knn(queries, self._vectors, k, metric=faiss.METRIC_INNER_PRODUCT)[1]
        _, rows = self._index.search(queries, self._candidates, params=self._parameters)
        scores = self._scores(queries, rows)
        kept = np.argpartition(scores, -k, axis=1)[:, -k:]
        order = np.argsort(-np.take_along_axis(scores, kept, 1), axis=1)
        return np.take_along_axis(rows, np.take_along_axis(kept, order, 1), 1)

    def _scores(self, queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
        faiss = self._faiss
        scores = np.empty(rows.shape, np.float32)
        usual = faiss.omp_get_max_threads()
        if len(queries) == 1:
            faiss.omp_set_num_threads(1)  # to wait for a second thread would take longer
        faiss.fvec_inner_products_by_idx(
            faiss.swig_ptr(scores),
            faiss.swig_ptr(queries),
            faiss.swig_ptr(self._vectors),
            faiss.swig_ptr(rows),
            queries.shape[1],
            *rows.shape,
        )
        faiss.omp_set_num_threads(usual)
        return scores

    def _parameters_of(self, index: Any, reach: int) -> Any | None:
        """Return how far a search goes, as the kind of index takes it."""
        faiss = self._faiss
        index = faiss.downcast_index(index)
        if isinstance(index, faiss.IndexPreTransform):
            inner = self._parameters_of(index.index, reach)
            return faiss.SearchParametersPreTransform(index_params=inner)
        if isinstance(index, faiss.IndexIVF):
            return faiss.SearchParametersIVF(nprobe=reach)
        if isinstance(index, faiss.IndexHNSW):
            return faiss.SearchParametersHNSW(efSearch=max(self._candidates, reach))
        return None
