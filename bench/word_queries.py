"""How fast queries by words are among 100,000 documents: real sentences, four to a document."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from goals import Goal, at_most
from tables import table

import semsearch

N = 100_000
SENTENCES = 4
WARM_UP = 10
LIMIT = 50
"""Milliseconds within which 95 of 100 queries are to be answered."""


def word_section(sentences: Sequence[str], queries: Sequence[str]) -> tuple[str, list[Goal]]:
    """Index documents of real sentences, ask them by words, and return times with their goal.

    A query is a whole sentence, any word of which may stand in a document, the commonest too.
    """
    documents = documents_of(sentences)
    with tempfile.TemporaryDirectory() as folder:
        # The module plays no part; this one needs no time.
        collection = semsearch.create(Path(folder) / "words", module="hashing", auto_index=False)
        collection.add(documents)
        taken = {k: milliseconds(collection, queries, k) for k in (10, 100)}
        collection.close()
    rows = [
        [
            f"the {k} best hits, with texts",
            *(f"{np.percentile(ms, at):.1f}" for at in (50, 95, 100)),
        ]
        for k, ms in taken.items()
    ]
    size = sum(map(len, documents)) / 1e6
    words = np.mean([len(query.split()) for query in queries])
    head = [f"any of the words, among {len(documents):,} documents, ms", "p50", "p95", "worst"]
    told = (
        f"{len(queries)} queries of {words:.0f} words on average, stop words among them;"
        f" {size:.0f} MB of documents, each of {SENTENCES} real sentences."
    )
    p95 = float(np.percentile(taken[10], 95))
    goal = at_most(f"words among {len(documents):,} documents, p95 ms", p95, LIMIT, "{:.1f}")
    return f"{table(head, rows)}\n\n{told}", [goal]


def documents_of(sentences: Sequence[str], n: int = N) -> list[str]:
    """Return n documents of sentences drawn by a fixed seed."""
    drawn = np.random.default_rng(0).integers(0, len(sentences), (n, SENTENCES))
    return [" ".join(sentences[at] for at in row) for row in drawn.tolist()]


def milliseconds(collection: semsearch.Collection, queries: Sequence[str], k: int) -> list[float]:
    """Return how long each query takes."""
    for query in queries[:WARM_UP]:
        collection.search(query, k=k, mode="lexical")
    taken = []
    for query in queries:
        started = time.perf_counter()
        collection.search(query, k=k, mode="lexical")
        taken.append(1000 * (time.perf_counter() - started))
    return taken
