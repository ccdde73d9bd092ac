"""Collections of the user's own vectors with two fields, filled a part at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import semsearch
from semsearch.collection.encoders import VECTORS, OwnVectors, VectorRow
from semsearch.collection.ingest import Ingest

SOURCES = ("amazon", "imdb", "mail", "yelp")
WHERE = "stars <= 2 and source = 'yelp'"
"""Two predicates that one row in ten passes."""


def fill(path: Path, vectors: Path, n: int) -> float:
    """Store the first n vectors of a file under their numbers as keys; return the seconds.

    Below `Collection.add`, whose vectors= takes no fields.
    """
    rows = np.asarray(np.load(vectors, mmap_mode="r")[:n])
    started = time.perf_counter()
    with semsearch.create(path, module=None, dim=rows.shape[1], auto_index=False) as collection:
        Ingest(collection._store, OwnVectors(), VECTORS).run(entries(rows), n)
    return time.perf_counter() - started


def entries(rows: np.ndarray) -> Iterator[VectorRow]:
    """Yield each vector with its number as key, and fields that do not follow its order."""
    random = np.random.default_rng(0)
    stars = random.integers(1, 6, len(rows)).tolist()
    sources = random.integers(0, len(SOURCES), len(rows)).tolist()
    for row, content in enumerate(rows):
        fields = {"stars": stars[row], "source": SOURCES[sources[row]]}
        yield VectorRow(row + 1, str(row), content, fields=fields)
