"""A FAISS index as a source of candidates; nothing on it changes during a search."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from semsearch.index.native import RowNumbers, library
from semsearch.index.plan import IndexPlan
from semsearch.index.rows import NONE
from semsearch.vectors import Vectors

TUNED_FOR = 11
"""The plan's numbers are those of ten neighbours of a stored row, which itself is the eleventh."""

WIDER = 4
WIDEST_GRAPH = 4096


@dataclass(frozen=True, eq=False)
class CodeIndex:
    """A FAISS index over the first `n` rows of the snapshot that it was built from.

    How far a search goes is its `reach`: lists of an IVF, efSearch of an HNSW, and of any other
    index the number of rows that are asked for.
    """

    index: Any
    plan: IndexPlan
    n: int

    def candidates(
        self, queries: Vectors, count: int, reach: int, selector: Any | None = None
    ) -> RowNumbers:
        """Return `count` positions (nq, count) for each query, -1 where fewer were met.

        An index that takes no `selector` ignores it: the caller drops what may not be found.
        """
        asked = count if self._kind != "other" else max(count, reach)
        parameters = self._parameters(max(count, reach), reach, selector)
        _, positions = self.index.search(queries, min(asked, self.n), params=parameters)
        return self._known(np.asarray(positions, dtype=np.int64))

    def count(self, k: int) -> int:
        """Return how many candidates promise k neighbours.

        With the root of k alone, 1,000 neighbours of 200,000 sentences had a recall of 0.89.
        """
        scale = max(1.0, k / TUNED_FOR) ** 0.5
        beyond = 2 * max(0, k - TUNED_FOR)
        return int(min(self.n, max(k, round(self.plan.candidates * scale) + beyond)))

    def reach(self, k: int, share: float) -> int:
        """Return how far to go for k rows when a `share` of all rows may be found."""
        scale = max(1.0, k / TUNED_FOR) ** 0.5
        lists = max(1, self.plan.nprobe) * scale / max(share, 1 / self.n)
        return int(min(self.widest, round(lists)))

    def wider(self, reach: int) -> int:
        """Return the next reach to try when too few rows were met."""
        return min(self.widest, reach * WIDER)

    @cached_property
    def widest(self) -> int:
        """The reach beyond which a scan costs less, or nothing is left: all lists, all rows."""
        if self._kind == "lists":
            return self.n_lists
        return min(self.n, WIDEST_GRAPH) if self._kind == "graph" else self.n

    @cached_property
    def n_lists(self) -> int:
        """How many lists the index has, 0 where it has none."""
        return int(self._searched.nlist) if self._kind == "lists" else 0

    @property
    def is_graph(self) -> bool:
        """Whether the index is an HNSW, whose reach is efSearch."""
        return self._kind == "graph"

    def _known(self, positions: RowNumbers) -> RowNumbers:
        """Drop positions that no row has: a list of a damaged IVF may hold any number."""
        strange = positions.view(np.uint64) >= np.uint64(self.n)  # -1 too, which stays as it is
        if strange.any():
            positions[strange] = NONE
        return positions

    @cached_property
    def _searched(self) -> Any:
        """The index behind the transformations of vectors, if there are any."""
        faiss = library()
        index = faiss.downcast_index(self.index)
        return faiss.downcast_index(index.index) if _is_transforming(index) else index

    @cached_property
    def _kind(self) -> str:
        faiss = library()
        if isinstance(self._searched, faiss.IndexIVF):
            return "lists"
        if isinstance(self._searched, faiss.IndexHNSW):
            return "graph"
        scanned = (faiss.IndexFlat, faiss.IndexScalarQuantizer)
        return "scan" if isinstance(self._searched, scanned) else "other"

    def _parameters(self, ef_search: int, reach: int, selector: Any | None) -> Any | None:
        faiss = library()
        options = {} if selector is None else {"sel": selector}
        if self._kind == "lists":
            parameters: Any = faiss.SearchParametersIVF(nprobe=reach, **options)
        elif self._kind == "graph":
            parameters = faiss.SearchParametersHNSW(efSearch=ef_search, **options)
        elif self._kind == "scan":
            parameters = faiss.SearchParameters(**options)
        else:
            return None
        if _is_transforming(self.index):
            return faiss.SearchParametersPreTransform(index_params=parameters)
        return parameters


def _is_transforming(index: Any) -> bool:
    return isinstance(index, library().IndexPreTransform)
