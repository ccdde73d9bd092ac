"""Search: Collection.neighbors against bare FAISS and scikit-learn, and the way of one text query.

python bench/search.py --texts FILE.parquet --column text [--limit N] [--markdown PAGE]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import faiss
import numpy as np
import pyarrow.parquet
from tables import table, write_between_markers

import semsearch
from semsearch.vectors import Vectors

K = 10
QUERIES = 200


def main() -> None:
    """Index the texts once, then time each way of asking, in turns."""
    options = read_options()
    texts = pyarrow.parquet.read_table(options.texts, columns=[options.column])
    found = dict.fromkeys(text for text in texts[options.column].to_pylist() if text)
    with tempfile.TemporaryDirectory() as folder:
        collection = semsearch.create(Path(folder) / "c")
        report = collection.add(list(found)[: options.limit])
        parts = [neighbours(collection), text_query(collection, list(found)[:QUERIES])]
        parts.append(
            f"{report.added:,} texts indexed end to end in {report.seconds:.1f} s"
            f" on {os.cpu_count()} cores, the module's start included."
        )
    print("\n\n".join(parts))
    if options.markdown:
        write_between_markers(options.markdown, "search", "\n\n".join(parts))


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=Path, required=True, help="a parquet file of texts")
    parser.add_argument("--column", default="text", help="its column of texts")
    parser.add_argument("--limit", type=int, default=100_000, help="texts at most")
    parser.add_argument("--markdown", type=Path, help="a page with the markers to write between")
    return parser.parse_args()


def neighbours(collection: semsearch.Collection) -> str:
    """Return the table of exact search by vector, one query at a time and all at once."""
    from sklearn.neighbors import NearestNeighbors

    _, vectors = collection.vectors()
    queries = vectors[:: max(1, len(vectors) // QUERIES)][:QUERIES]
    brute = NearestNeighbors(n_neighbors=K, algorithm="brute", metric="cosine").fit(vectors)
    ways: dict[str, Callable[[Vectors], object]] = {
        "scikit-learn, brute force": brute.kneighbors,
        "faiss.knn over one array": lambda q: faiss.knn(
            q, vectors, K, metric=faiss.METRIC_INNER_PRODUCT
        ),
        "Collection.neighbors": lambda q: collection.neighbors(q, k=K),
    }
    batch, single = timed(ways, queries, at_once=True), timed(ways, queries, at_once=False)
    base, *_ = ways
    rows = [
        [
            name,
            f"{QUERIES / batch[name]:,.0f}",
            f"{batch[base] / batch[name]:.2f}",
            f"{1000 * single[name] / QUERIES:.2f}",
            f"{single[base] / single[name]:.2f}",
        ]
        for name in ways
    ]
    title = f"{len(vectors):,} x {vectors.shape[1]}, k = {K}"
    return table([title, "batch q/s", "times sklearn", "single ms", "times sklearn"], rows)


def timed(
    ways: dict[str, Callable[[Vectors], object]], queries: Vectors, *, at_once: bool
) -> dict[str, float]:
    """Return the median seconds of each way for all queries, measured in turns."""
    asked = [queries] if at_once else [queries[at : at + 1] for at in range(len(queries))]
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(5):
        for name, way in ways.items():
            started = time.perf_counter()
            for query in asked:
                way(query)
            seconds[name].append(time.perf_counter() - started)
    return {name: median(rounds) for name, rounds in seconds.items()}


def text_query(collection: semsearch.Collection, texts: list[str]) -> str:
    """Return how long one warm text query takes, and how much of it is the module's."""
    collection.search(texts[0])
    whole, encoding = [], []
    for text in texts:
        started = time.perf_counter()
        collection.search(text, k=K)
        whole.append(time.perf_counter() - started)
        started = time.perf_counter()
        collection.encode([text])
        encoding.append(time.perf_counter() - started)
    rows = [
        [name, *(f"{1000 * np.percentile(times, at):.2f}" for at in (50, 95))]
        for name, times in (("Collection.search of a text, with fields", whole),
                            ("of which encoding", encoding))
    ]  # fmt: skip
    return table(["one warm query, ms", "p50", "p95"], rows)


if __name__ == "__main__":
    main()
