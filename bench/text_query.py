"""Texts in, hits out: indexing end to end, its memory, and one warm query, in a fresh process.

python bench/text_query.py FILE.txt N

Driven line by line by bench/search.py: `["measure"]` is answered with everything.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from engine_process import memory, serve
from goals import Goal, at_least, at_most
from tables import table

import semsearch
from semsearch.modules.runtime import import_tensorflow

QUERIES = 200
WARM_UP = 10


class TextSession:
    """The first n lines of a file, indexed with fields, and asked for by other lines."""

    def __init__(self, file: Path, n: int) -> None:
        lines = file.read_text(encoding="utf-8").splitlines()
        self._queries = lines[-QUERIES:]
        self._texts = lines[: min(n, len(lines) - QUERIES)]

    def measure(self) -> dict[str, Any]:
        """Index the texts, then encode them without a collection, then ask."""
        import_tensorflow()
        before = memory()["VmRSS"]
        with tempfile.TemporaryDirectory() as folder:
            collection = semsearch.create(Path(folder) / "c", auto_index=False)
            seconds = self._added(collection)
            peak = memory()["VmHWM"] - before
            started = time.perf_counter()
            collection.module.encode(self._texts)
            encoding = time.perf_counter() - started
            built = collection.build_index()
            return {
                "n": len(self._texts),
                "seconds": seconds,
                "encoding": encoding,
                "peak": peak,
                "built": built["seconds"],
                "queries": self._asked(collection),
            }

    def _added(self, collection: semsearch.Collection) -> float:
        collection.encode(self._queries[:WARM_UP])  # the network is built before the clock starts
        rows = (
            {"key": str(at), "text": text, "words": len(text.split()), "initial": text[0]}
            for at, text in enumerate(self._texts)
        )
        started = time.perf_counter()
        collection.add(rows, text="text", key="key")
        return time.perf_counter() - started

    def _asked(self, collection: semsearch.Collection) -> dict[str, list[float]]:
        """Return the milliseconds of each query, by what was asked."""
        where = "words <= 12 and initial = 'T'"
        ways: dict[str, Callable[[str], object]] = {
            "search": collection.search,
            "filtered": lambda text: collection.search(text, where=where),
            "encoding": lambda text: collection.encode([text]),
        }
        for way in ways.values():
            for text in self._queries[:WARM_UP]:
                way(text)
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for text in self._queries:
            for name, way in ways.items():
                started = time.perf_counter()
                way(text)
                taken[name].append(1000 * (time.perf_counter() - started))
        return taken


def text_table(told: dict[str, Any]) -> str:
    """Return the times of a warm query, and a sentence on indexing."""
    names = {
        "search": "Collection.search of a text, with fields",
        "filtered": "the same, narrowed by two fields",
        "encoding": "of which encoding",
    }
    rows = [
        [words, *(f"{np.percentile(told['queries'][name], at):.2f}" for at in (50, 95))]
        for name, words in names.items()
    ]
    head = [f"one warm query among {told['n']:,} texts, ms", "p50", "p95"]
    return (
        f"{table(head, rows)}\n\n{told['n']:,} texts indexed end to end in {told['seconds']:.1f} s;"
        f" the encoder alone takes {told['encoding']:.1f} s for them, and the index is built in"
        f" {told['built']:.1f} s. Memory peaks"
        f" {told['peak'] / 1e6:,.0f} MB above what stands when TensorFlow is imported."
    )


def text_goals(told: dict[str, Any]) -> list[Goal]:
    """Return what a text query and indexing are held to."""
    search, encoding = middle(told["queries"]["search"]), middle(told["queries"]["encoding"])
    share = 100 * told["encoding"] / told["seconds"]
    return [
        at_most("`Collection.search` of a text, warm, p50 ms", search, 10),
        at_most("of which all but the encoder, ms", search - encoding, 3),
        at_least("indexing: the encoder's share of the whole, %", share, 85, "{:.0f}"),
        at_most("indexing: peak memory above TensorFlow, MB", told["peak"] / 1e6, 1500, "{:,.0f}"),
    ]


def middle(values: Sequence[float]) -> float:
    """Return the median."""
    return float(np.median(values))


def main() -> None:
    """Serve the file named on the command line."""
    file, n = sys.argv[1:]
    serve(TextSession(Path(file), int(n)))


if __name__ == "__main__":
    main()
