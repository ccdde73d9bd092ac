"""The verbs of a collection that concern its index."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from semsearch.collection.checks import check_k, check_seed, check_whole
from semsearch.collection.index_wishes import AUTO, Progress, Wish
from semsearch.collection.opened import OpenedCollection
from semsearch.errors import CollectionError
from semsearch.index import check_request, recall_at_k
from semsearch.index.evaluate import sample_of_live
from semsearch.index.plan import RECALL_TARGET
from semsearch.vectors import Vectors

N_QUERIES = 200
MOST_QUERIES = 100_000

TIMED = 20
"""Queries that are timed one by one; the median of them is told."""


class Indexed(OpenedCollection):
    """A collection whose searches may go through a FAISS index."""

    def build_index(
        self,
        kind: str | None = None,
        recall_target: float = RECALL_TARGET,
        progress: Progress | None = None,
        wait: bool = True,
    ) -> dict[str, Any] | None:
        """Build the index anew, in a process of its own; searches go on and change over to it.

        `kind` is "exact" (no index), "flat", "ivf", "hnsw" or a FAISS factory string; by default
        the fastest that finds `recall_target` of the ten nearest is chosen, by measuring on the
        collection's own vectors. `progress(done, total)` is told the rows. With wait=False the
        build goes on in the background and None comes back.

        Returns:
            What `info` tells of the index, and the seconds it took.

        Raises:
            ValueError: FAISS knows no such index, or cannot build it for these vectors.
            CollectionError: the process that builds failed, or the collection is read-only.
        """
        wish = Wish(kind, recall_target)
        check_request(AUTO if kind is None else kind, recall_target, self.dim)
        if self._store.read_only:
            raise CollectionError(
                f"the collection {self.name!r} was opened read-only",
                "open it without read_only to build its index",
            )
        if not wait:
            self._keeper.start(wish)
            return None
        self._keeper.stop()
        return self._builder.build(wish, progress).as_dict()

    def index_is_due(self) -> bool:
        """Say whether the collection has outgrown the index it has, or has none and needs one."""
        return self._keeper.wish_if_due() is not None

    def build_index_if_due(self, progress: Progress | None = None) -> dict[str, Any] | None:
        """Build the index where the collection has outgrown the one it has, of the same kind.

        Returns:
            What `build_index` does, None where nothing was to do.
        """
        wish = self._keeper.wish_if_due()
        return None if wish is None else self._builder.build(wish, progress).as_dict()

    def evaluate_index(
        self, k: int = 10, n_queries: int = N_QUERIES, seed: int = 0
    ) -> dict[str, Any]:
        """Measure the index against an exact search, on stored items as queries.

        Returns:
            The index; `recall`, the share of the true k nearest that are found (0..1); the number
            of queries; the median milliseconds of one query through the index and without it.
        """
        check_k(k)
        check_seed(seed)
        check_whole(n_queries, "n_queries", 1, MOST_QUERIES)
        view = self._view.now().findable
        queries = view.rows.take(sample_of_live(view, min(n_queries, TIMED), seed))
        return {
            "index": "exact" if view.codes is None else view.codes.plan.spec,
            "k": k,
            "recall": round(recall_at_k(view, k, n_queries, seed), 4),
            "n_queries": min(n_queries, view.n_live),
            "milliseconds": _milliseconds(view.search, queries, k),
            "exact_milliseconds": _milliseconds(view.search_exactly, queries, k),
        }


def _milliseconds(search: Callable[..., Any], queries: Vectors, k: int) -> float:
    """Return the median time of one query, 0 where there is none."""
    times = []
    for number in range(len(queries)):
        start = time.perf_counter()
        search(queries[number : number + 1], k)
        times.append(time.perf_counter() - start)
    return round(float(np.median(times)) * 1000, 3) if times else 0.0
