"""A collection in a process of its own, driven as engine_process.py is.

python bench/our_process.py COLLECTION VECTORS.npy N QUERIES.npy

VECTORS.npy are the rows that stand in the collection, under their numbers as keys.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from bare import Bare, index_bytes
from engine_process import WARM_UP, K, Session, memory, serve
from filling import WHERE, fill

import semsearch
from semsearch.index.plan import EXACT, IndexPlan

ROUNDS = 9
FILTERED = 100

Way = Callable[[np.ndarray, int], np.ndarray]


class _OurEngine:
    """Collection.neighbors, as an engine among others."""

    settings: tuple[int, ...] = ()

    def __init__(self, collection: Path) -> None:
        self.path = collection
        self._collection: semsearch.Collection | None = None

    @property
    def collection(self) -> semsearch.Collection:
        """The collection, opened when it is first asked for."""
        if self._collection is None:
            self._collection = semsearch.open(self.path, auto_index=False)
        return self._collection

    @property
    def plan(self) -> IndexPlan:
        """How the index is searched that a search uses now."""
        codes = self.collection._view.now().view.codes
        return (
            IndexPlan(EXACT, self.collection.info()["index_reason"])
            if codes is None
            else codes.plan
        )

    def title(self) -> str:
        return "**Collection.neighbors**"

    def build(self, vectors: np.ndarray) -> None:
        self.collection.build_index()

    def set(self, value: int) -> None:
        raise NotImplementedError

    def search(self, queries: np.ndarray, k: int) -> np.ndarray:
        return self.collection.neighbors(queries, k=k)[0]

    def index_bytes(self) -> int:
        return index_bytes(self.path)


class OurSession(Session):
    """The same stopwatch, and what only a collection has."""

    def __init__(self, engine: _OurEngine, vectors: Path, n: int, queries: Path) -> None:
        super().__init__(engine, vectors, n, queries)
        self._ours = engine

    def import_libraries(self) -> None:
        """Import what a search needs, so that only the collection counts as growth from now on."""
        import faiss  # noqa: F401

        self._before = memory()

    def fill(self) -> dict[str, float]:
        """Store the vectors; return the seconds, and by how many bytes memory peaked."""
        seconds = fill(self._ours.path, self._vectors, self._n)
        return {"seconds": seconds, "peak": memory()["VmHWM"] - self._before["VmRSS"]}

    def build(self) -> float:
        """Let the collection build its index and return the seconds that it took."""
        self._ours.collection.neighbors(self._queries[:1], k=K)  # opened before the clock starts
        started = time.perf_counter()
        self._ours.build(self._queries)
        return time.perf_counter() - started

    def build_peak(self) -> int:
        """Return the largest memory, in bytes, of a process that built an index for this one."""
        return 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss

    def found(self) -> list[list[int]]:
        """Return the rows found for every query: ids are ours, keys are numbers of rows."""
        ids = self._ours.search(self._queries, K)
        keys = self._ours.collection.keys(ids)
        return np.array([int(key or -1) for key in keys]).reshape(ids.shape).tolist()

    def plan(self) -> dict[str, Any]:
        """Return the plan of the index, and why it was chosen."""
        return self._ours.plan.as_dict()

    def info(self) -> dict[str, Any]:
        """Return what the collection says of itself."""
        return self._ours.collection.info()

    def first(self) -> dict[str, float]:
        """Return the seconds of opening and of the first neighbours, and the memory they took."""
        started = time.perf_counter()
        self._ours.collection.similar("0", k=K)
        seconds = time.perf_counter() - started
        return {"seconds": seconds, "resident": memory()["VmRSS"] - self._before["VmRSS"]}

    def first_filtered(self) -> float:
        """Return the seconds of the first search that is narrowed by two fields."""
        return self._filtered(self._queries[:1])[0]

    def filtered(self) -> float:
        """Return the seconds of one such search, the median of many."""
        return median(self._filtered(self._queries[1 : FILTERED + 1]))

    def _filtered(self, queries: np.ndarray) -> list[float]:
        taken = []
        for at in range(len(queries)):
            started = time.perf_counter()
            self._ours.collection.neighbors(queries[at : at + 1], k=K, where=WHERE)
            taken.append(time.perf_counter() - started)
        return taken

    def overhead(self) -> dict[str, float]:
        """Return how much longer the collection takes than the bare search that it wraps.

        `batch` is a share of the bare time, `single` are milliseconds; medians over pairs that
        are asked one right after the other.
        """
        bare = Bare(self._ours.path, self._ours.plan, self._vectors, self._n)
        ways = (self._ours.search, bare.search)
        both = [timed(ways, self._queries, self._queries, turn) for turn in range(ROUNDS + 1)][1:]
        ours, alone = self._singles(ways)
        return {
            "batch": median(ours / alone for ours, alone in both) - 1,
            "bare batch": len(self._queries) / median(alone for _, alone in both),
            "single": 1000 * (ours - alone),
            "bare single": 1 / alone,
        }

    def _singles(self, ways: tuple[Way, Way]) -> tuple[float, float]:
        """Return the median seconds of one query; never one that the other way just warmed up."""
        n = len(self._queries)
        pairs = [
            timed(ways, self._queries[at : at + 1], self._queries[other : other + 1], at)
            for at in range(n)
            for other in [(at + n // 2) % n]
        ][WARM_UP:]
        return median(ours for ours, _ in pairs), median(alone for _, alone in pairs)


def timed(
    ways: tuple[Way, Way], one: np.ndarray, other: np.ndarray, turn: int
) -> tuple[float, float]:
    """Return the seconds of the first way for `one` and the second for `other`, in turns."""
    asked, seconds = (one, other), [0.0, 0.0]
    for at in (0, 1) if turn % 2 else (1, 0):
        started = time.perf_counter()
        ways[at](asked[at], K)
        seconds[at] = time.perf_counter() - started
    return seconds[0], seconds[1]


def main() -> None:
    """Open the collection named on the command line and serve it."""
    collection, vectors, n, queries = sys.argv[1:]
    serve(OurSession(_OurEngine(Path(collection)), Path(vectors), int(n), Path(queries)))


if __name__ == "__main__":
    main()
