"""The engines that Collection.neighbors is measured against; each file of theirs is imported here.

Runs in either Python: ours has faiss and scikit-learn, that of bench/peers.txt hnswlib and usearch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np


class Engine(Protocol):
    """Something that finds rows; what it is built of may be thrown away afterwards.

    `settings` are the values that trade recall for speed, cheapest first; none for exact ones.
    """

    settings: tuple[int, ...]

    def title(self) -> str:
        """Return its name with the parameters in force, for the table."""

    def build(self, vectors: np.ndarray) -> None:
        """Index unit vectors (n, dim)."""

    def set(self, value: int) -> None:
        """Put one of the settings in force."""

    def search(self, queries: np.ndarray, k: int) -> np.ndarray:
        """Return the rows (n, k) nearest to unit queries (n, dim)."""

    def index_bytes(self) -> int:
        """Return what its index takes when it is written to a file."""


class _Exact:
    """What needs no index."""

    settings: tuple[int, ...] = ()

    def set(self, value: int) -> None:
        raise NotImplementedError

    def index_bytes(self) -> int:
        return 0


class _ExactFaiss(_Exact):
    """faiss.knn over one array."""

    def __init__(self, threads: int) -> None:
        import faiss

        faiss.omp_set_num_threads(threads)
        self._faiss = faiss

    def title(self) -> str:
        return "faiss.knn over one array, exact"

    def build(self, vectors: np.ndarray) -> None:
        self._vectors = vectors

    def search(self, queries: np.ndarray, k: int) -> np.ndarray:
        metric = self._faiss.METRIC_INNER_PRODUCT
        return self._faiss.knn(queries, self._vectors, k, metric=metric)[1]


class _BruteSklearn(_Exact):
    """scikit-learn's brute force."""

    def __init__(self, threads: int) -> None:
        from sklearn.neighbors import NearestNeighbors

        self._neighbors = NearestNeighbors(algorithm="brute", metric="cosine", n_jobs=threads)

    def title(self) -> str:
        return "scikit-learn, brute force, exact"

    def build(self, vectors: np.ndarray) -> None:
        self._neighbors.fit(vectors)

    def search(self, queries: np.ndarray, k: int) -> np.ndarray:
        return self._neighbors.kneighbors(queries, k, return_distance=False)


class _FaissIndex:
    """What all indexes of faiss share."""

    settings: tuple[int, ...] = ()
    _index: Any

    def __init__(self, threads: int) -> None:
        import faiss

        faiss.omp_set_num_threads(threads)
        self._faiss = faiss

    def search(self, queries: np.ndarray, k: int) -> np.ndarray:
        return self._index.search(queries, k)[1]

    def index_bytes(self) -> int:
        written = 0

        def count(data: bytes) -> int:
            nonlocal written
            written += len(data)
            return len(data)

        writer = self._faiss.PyCallbackIOWriter(count)
        self._faiss.write_index(self._index, writer)
        del writer  # flushes
        return written


class _FaissIvf(_FaissIndex):
    """IVF1024,Flat: the index that faiss's own guidelines begin with."""

    settings = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 128, 192)

    def title(self) -> str:
        return f"faiss IVF{self._index.nlist},Flat, nprobe {self._index.nprobe}"

    def build(self, vectors: np.ndarray) -> None:
        lists = max(1, min(1024, len(vectors) // 40))
        metric = self._faiss.METRIC_INNER_PRODUCT
        self._index = self._faiss.index_factory(vectors.shape[1], f"IVF{lists},Flat", metric)
        self._index.train(vectors)
        self._index.add(vectors)

    def set(self, value: int) -> None:
        self._index.nprobe = min(value, self._index.nlist)


class _FaissHnsw(_FaissIndex):
    """HNSW32 with efConstruction 80."""

    settings = (16, 24, 32, 40, 48, 56, 64, 80, 96, 128, 192)

    def title(self) -> str:
        graph = self._index.hnsw
        return f"faiss HNSW32, efConstruction {graph.efConstruction}, efSearch {graph.efSearch}"

    def build(self, vectors: np.ndarray) -> None:
        metric = self._faiss.METRIC_INNER_PRODUCT
        self._index = self._faiss.IndexHNSWFlat(vectors.shape[1], 32, metric)
        self._index.hnsw.efConstruction = 80
        self._index.add(vectors)

    def set(self, value: int) -> None:
        self._index.hnsw.efSearch = value


class _Hnswlib:
    """hnswlib with M 16 and efConstruction 200, its own defaults."""

    settings = (16, 24, 32, 40, 48, 56, 64, 80, 96, 128, 192)

    def __init__(self, threads: int) -> None:
        import hnswlib

        self._hnswlib = hnswlib
        self._threads = threads
        self._ef = 0

    def title(self) -> str:
        return f"hnswlib M 16, efConstruction 200, ef {self._ef}"

    def build(self, vectors: np.ndarray) -> None:
        self._index = self._hnswlib.Index("ip", vectors.shape[1])
        self._index.init_index(len(vectors), ef_construction=200, M=16, random_seed=0)
        self._index.set_num_threads(self._threads)
        self._index.add_items(vectors)

    def set(self, value: int) -> None:
        self._ef = value
        self._index.set_ef(value)

    def search(self, queries: np.ndarray, k: int) -> np.ndarray:
        return self._index.knn_query(queries, k)[0].astype(np.int64)

    def index_bytes(self) -> int:
        return self._index.index_file_size()


class _Usearch:
    """usearch with its own connectivity 16 and expansion 128, vectors as bfloat16."""

    settings = (16, 24, 32, 40, 48, 56, 64, 80, 96, 128, 192)

    def __init__(self, threads: int) -> None:
        from usearch.index import Index

        self._new_index = Index
        self._threads = threads

    def title(self) -> str:
        return f"usearch bf16, expansion {self._index.expansion_search}"

    def build(self, vectors: np.ndarray) -> None:
        self._index = self._new_index(ndim=vectors.shape[1], metric="ip", dtype="bf16")
        self._index.add(np.arange(len(vectors)), vectors, threads=self._threads)

    def set(self, value: int) -> None:
        self._index.expansion_search = value

    def search(self, queries: np.ndarray, k: int) -> np.ndarray:
        threads = self._threads if len(queries) > 1 else 1  # one query is quicker without a pool
        return np.atleast_2d(self._index.search(queries, k, threads=threads).keys).astype(np.int64)

    def index_bytes(self) -> int:
        return self._index.serialized_length


OURS: dict[str, Callable[[int], Engine]] = {
    "exact": _ExactFaiss,
    "sklearn": _BruteSklearn,
    "ivf": _FaissIvf,
    "hnsw": _FaissHnsw,
}
PEERS: dict[str, Callable[[int], Engine]] = {"hnswlib": _Hnswlib, "usearch": _Usearch}
