"""R15: rows and indexes come and go for a long time, and memory stays what it was."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

import semsearch
from tests.faults import defects as seeded
from tests.faults import (
    index_defects,  # noqa: F401 - puts its defects beside the others
    memory_use,
)

KIND = "IVF16,SQ8"
BATCH = 500
AT_ONCE = 2000
QUERIES = 64
WARM_BUILDS = 1
REBUILT_EVERY, COMPACTED_EVERY = 6, 3


def endure(
    path: str, *, seed: int, seconds: float, rows: int, dim: int, defect: str | None = None
) -> dict[str, Any]:
    """Add, delete, search, compact and rebuild; return samples of memory, and what is held."""
    seeded.apply(defect)
    chance = np.random.default_rng(seed)
    with semsearch.create(Path(path) / "small", None, dim=dim, auto_index=False) as small:
        small.add(vectors=_drawn(chance, 5000, dim), keys=[f"s{number}" for number in range(5000)])
        small.build_index(KIND)
        small.delete(["s0"])
        small.compact()
        small.neighbors(_drawn(chance, QUERIES, dim), 10)
    base = memory_use.resident()
    with semsearch.create(Path(path) / "c", None, dim=dim, auto_index=False) as collection:
        work = _Work(collection, chance, rows)
        for _ in range(WARM_BUILDS * REBUILT_EVERY):
            work.round()
        held = rows * dim * 4 + int(collection.info()["index_bytes"])
        start, samples = time.monotonic(), []
        while time.monotonic() - start < seconds:
            work.round()
            samples.append((time.monotonic() - start, memory_use.own(), memory_use.resident()))
    return {"base": base, "held": held, "samples": samples, "rounds": work.rounds}


class _Work:
    """A collection of always as many rows, of which the oldest leave as others come."""

    def __init__(
        self, collection: semsearch.Collection, chance: np.random.Generator, rows: int
    ) -> None:
        self._collection = collection
        self._chance = chance
        self._dim = collection.dim
        self._keys = [f"k{number}" for number in range(rows)]
        self._born = rows
        self.rounds = 0
        for start in range(0, rows, AT_ONCE):
            keys = self._keys[start : start + AT_ONCE]
            collection.add(vectors=self._drawn(len(keys)), keys=keys)
        collection.build_index(KIND)

    def round(self) -> None:
        """Exchange some rows and search; now and then compact, or build the index anew."""
        self.rounds += 1
        new = [f"k{self._born + number}" for number in range(BATCH)]
        self._born += BATCH
        self._collection.add(vectors=self._drawn(BATCH), keys=new)
        self._collection.delete(self._keys[:BATCH])
        self._keys = self._keys[BATCH:] + new
        self._collection.neighbors(self._drawn(QUERIES), 10)
        # Each page of every vector is touched, so that what is in memory does not depend on luck.
        self._collection._view.now().view.search_exactly(self._drawn(1), 10)
        if self.rounds % COMPACTED_EVERY == 0:
            self._collection.compact()
        if self.rounds % REBUILT_EVERY == 0:
            self._collection.build_index(KIND)
        self._collection.neighbors(self._drawn(1), 10)

    def _drawn(self, n: int) -> Any:
        return _drawn(self._chance, n, self._dim)


def _drawn(chance: np.random.Generator, n: int, dim: int) -> Any:
    drawn = chance.standard_normal((n, dim), dtype=np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
