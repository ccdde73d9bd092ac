"""One engine in a process of its own, so that its memory is its own; driven line by line.

python bench/engine_process.py NAME VECTORS.npy N QUERIES.npy THREADS

Each line read is a JSON list of a method of `Session` and its arguments; each line written is
what it returned. Runs in the Python of the engine's package, which need not be ours.
"""

from __future__ import annotations

import ctypes
import gc
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from engines import OURS, PEERS, Engine

K = 10
WARM_UP = 20
LONGEST = 2.0
"""Seconds after which single queries are asked no more in this round."""


class Session:
    """One engine over the first n rows of a file, and its stopwatch."""

    def __init__(self, engine: Engine, vectors: Path, n: int, queries: Path) -> None:
        self._engine = engine
        self._queries = np.load(queries)
        self._vectors, self._n = vectors, n
        self._before = memory()

    def build(self) -> float:
        """Index the vectors and return the seconds that it took, reading the file not counted."""
        vectors = np.array(np.load(self._vectors, mmap_mode="r")[: self._n])
        started = time.perf_counter()
        self._engine.build(vectors)
        return time.perf_counter() - started

    def settings(self) -> list[int]:
        """Return what `set` takes, cheapest first."""
        return list(self._engine.settings)

    def set(self, value: int) -> None:
        """Put one of the settings in force."""
        self._engine.set(value)

    def found(self) -> list[list[int]]:
        """Return the rows found for every query."""
        return self._engine.search(self._queries, K).tolist()

    def batch(self) -> float:
        """Return the queries a second of all at once."""
        started = time.perf_counter()
        self._engine.search(self._queries, K)
        return len(self._queries) / (time.perf_counter() - started)

    def single(self) -> float:
        """Return the queries a second of one at a time."""
        queries = [self._queries[at : at + 1] for at in range(len(self._queries))]
        for query in queries[:WARM_UP]:
            self._engine.search(query, K)
        done, started = 0, time.perf_counter()
        for query in queries:
            self._engine.search(query, K)
            done += 1
            if time.perf_counter() - started > LONGEST:
                break
        return done / (time.perf_counter() - started)

    def report(self) -> dict[str, Any]:
        """Return the engine's title, and in bytes its index and by how much memory grew."""
        gc.collect()
        release_free_memory()
        now = memory()
        return {
            "title": self._engine.title(),
            "index": self._engine.index_bytes(),
            "resident": now["VmRSS"] - self._before["VmRSS"],
            "mapped": now["RssFile"] - self._before["RssFile"],
        }


def memory() -> dict[str, int]:
    """Return what the kernel says of this process's memory, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if line.endswith(" kB"))
    return {name.rstrip(":"): 1024 * int(size) for name, size, _ in pairs}


def release_free_memory() -> None:
    """Let the allocator give back what was freed, which the build left behind."""
    ctypes.CDLL(None).malloc_trim(0)


def serve(session: Any) -> None:
    """Answer every line until the input ends."""
    for line in sys.stdin:
        method, *arguments = json.loads(line)
        print(json.dumps(getattr(session, method)(*arguments)), flush=True)


def main() -> None:
    """Make the engine named on the command line and serve it."""
    name, vectors, n, queries, threads = sys.argv[1:]
    engine = {**OURS, **PEERS}[name](int(threads))
    serve(Session(engine, Path(vectors), int(n), Path(queries)))


if __name__ == "__main__":
    main()
