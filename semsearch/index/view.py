"""One snapshot as it is searched: rows, which of them live, and the codes that narrow a search."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from semsearch.index.codes import CodeIndex
from semsearch.index.native import RowNumbers
from semsearch.index.rows import Mask, Rows
from semsearch.index.scan import Part, parts_of, scan
from semsearch.vectors import Vectors


@dataclass(frozen=True)
class SearchView:
    """Rows 0..n-1 of a snapshot, ready to be searched by any number of threads at once.

    `live` (n,) says which rows may ever be found, None means all. `codes` cover the first rows of
    the snapshot that they were built from; `mapping` (codes.n,) gives for each its row here, -1
    where it has left, and None where the rows are the same. Rows without codes are scanned.
    """

    rows: Rows
    live: Mask | None = None
    codes: CodeIndex | None = None
    mapping: RowNumbers | None = None

    def search(
        self, queries: Vectors, k: int, allowed: Mask | None = None
    ) -> tuple[RowNumbers, Vectors]:
        """Return the k nearest rows and their cosines, both (nq, k), best first, ties by row.

        Queries (nq, dim) have unit length. Only live rows where `allowed` (n,) is true are found,
        and k of them whenever there are so many; elsewhere the row is -1 and the score 0. Scores
        are exact, whatever found the row.

        Raises:
            ValueError: k below 1, queries of another width, or a mask of another length.
        """
        return self.search_exactly(queries, k, allowed)

    def search_exactly(
        self, queries: Vectors, k: int, allowed: Mask | None = None
    ) -> tuple[RowNumbers, Vectors]:
        """Return what `search` does, by scanning every row that may be found."""
        queries = self._checked(queries, k, allowed)
        parts = self._live_parts if allowed is None else parts_of(self.rows, self._among(allowed))
        return scan(self.rows, queries, k, parts)

    @cached_property
    def n_live(self) -> int:
        """How many rows may be found."""
        return len(self.rows) if self.live is None else int(np.count_nonzero(self.live))

    @cached_property
    def _live_parts(self) -> list[Part]:
        return parts_of(self.rows, self.live)

    def _among(self, allowed: Mask) -> Mask:
        return allowed if self.live is None else allowed & self.live

    def _checked(self, queries: Vectors, k: int, allowed: Mask | None) -> Vectors:
        if k < 1:
            raise ValueError(f"k must be 1 or more, got {k}")
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        # FAISS would read past the end of a row that is too short.
        if queries.ndim != 2 or (len(self.rows) and queries.shape[1] != self.rows.dim):  # noqa: PLR2004
            raise ValueError(f"queries must be (n, {self.rows.dim}), got {queries.shape}")
        if allowed is not None and allowed.shape != (len(self.rows),):
            raise ValueError(
                f"allowed must have one value for each of {len(self.rows)} rows, "
                f"got the shape {allowed.shape}"
            )
        return queries
