"""One snapshot as it is searched: rows, which of them live, and the codes that narrow a search."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from semsearch.errors import IndexDamaged
from semsearch.index.codes import CodeIndex
from semsearch.index.exact import scan
from semsearch.index.native import RowNumbers
from semsearch.index.rescore import finds_itself, search_codes
from semsearch.index.rows import Mask, Rows, padded
from semsearch.index.scope import Coverage, Scope
from semsearch.vectors import Vectors

N_CANARIES = 16

FEW_ROWS = 4096
"""Up to so many rows are scanned: that costs less than any way through the codes."""

SCANNED_SHARE = 32
"""One row of so many may be found: scanning those beats searching the codes of all."""

CANDIDATES_AT_ONCE = 1_000_000


@dataclass(frozen=True, eq=False)
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

    def __post_init__(self) -> None:
        n_codes = 0 if self.codes is None else self.codes.n
        if self.mapping is not None and len(self.mapping) != n_codes:
            raise ValueError(f"a mapping of {len(self.mapping)} rows for {n_codes} codes")
        if self.mapping is None and n_codes > len(self.rows):
            raise ValueError(f"{n_codes} codes for {len(self.rows)} rows need a mapping")
        if self.live is not None and self.live.shape != (len(self.rows),):
            raise ValueError(f"live has the shape {self.live.shape} for {len(self.rows)} rows")

    def search(
        self, queries: Vectors, k: int, allowed: Mask | None = None
    ) -> tuple[RowNumbers, Vectors]:
        """Return the k nearest rows and their cosines, both (nq, k), best first, ties by row.

        Queries (nq, dim) have unit length. Only live rows where `allowed` (n,) is true are found,
        and k of them whenever there are so many; elsewhere the row is -1 and the score 0. Scores
        are exact, whatever found the row.

        Raises:
            ValueError: k below 1, queries of another width or not finite, a mask of another length.
        """
        queries = self._checked(queries, k)
        scope = self._scope(allowed)
        if k > scope.n > 0:
            return padded(*self.search(queries, scope.n, allowed), k)
        if self.codes is None or _is_scanned(self.codes, scope, k):
            return scan(self.rows, queries, k, scope.parts)
        at_once = max(1, CANDIDATES_AT_ONCE // self.codes.count(k))
        found = [
            search_codes(self.codes, scope, queries[start : start + at_once], k)
            for start in range(0, max(1, len(queries)), at_once)
        ]
        if len(found) == 1:
            return found[0]
        return np.vstack([rows for rows, _ in found]), np.vstack([scores for _, scores in found])

    def search_exactly(
        self, queries: Vectors, k: int, allowed: Mask | None = None
    ) -> tuple[RowNumbers, Vectors]:
        """Return what `search` does, by scanning every row that may be found."""
        queries = self._checked(queries, k)
        return scan(self.rows, queries, k, self._scope(allowed).parts)

    def check_codes(self, seed: int = 0) -> None:
        """Search some rows by the codes: were these not built from these rows, they would be lost.

        Raises:
            IndexDamaged: more rows did not find themselves than an index of its recall loses.
        """
        if self.codes is None:
            return
        found = finds_itself(self.codes, self.everything, N_CANARIES, seed)
        lost = len(found) - int(np.count_nonzero(found))
        if lost > max(1, round(2 * len(found) * (1 - self.codes.plan.recall))):
            raise IndexDamaged(
                f"{lost} of {len(found)} stored rows are not found by the index that holds them",
                "it is rebuilt from the stored vectors; until then search compares them all",
            )

    @property
    def n_live(self) -> int:
        """How many rows may be found."""
        return self.everything.n

    @property
    def n_tail(self) -> int:
        """How many of them have no codes, so that every search scans them."""
        return sum(len(part) for part in self.everything.tail_parts)

    @cached_property
    def _coverage(self) -> Coverage:
        n_codes = 0 if self.codes is None else self.codes.n
        return Coverage(n_codes, len(self.rows), self.mapping)

    @cached_property
    def everything(self) -> Scope:
        """All rows that may ever be found, as a search without a filter has it."""
        return Scope(self.rows, self._coverage, self.live)

    def _scope(self, allowed: Mask | None) -> Scope:
        if allowed is None:
            return self.everything
        if allowed.shape != (len(self.rows),) or allowed.dtype != np.bool_:
            raise ValueError(
                f"allowed must be one bool for each of {len(self.rows)} rows, "
                f"got {allowed.dtype} of the shape {allowed.shape}"
            )
        findable = allowed if self.live is None else allowed & self.live
        return Scope(self.rows, self._coverage, findable)

    def _checked(self, queries: Vectors, k: int) -> Vectors:
        if k < 1:
            raise ValueError(f"k must be 1 or more, got {k}")
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        # FAISS would read past the end of a row that is too short.
        if queries.ndim != 2 or (len(self.rows) and queries.shape[1] != self.rows.dim):  # noqa: PLR2004
            raise ValueError(f"queries must be (n, {self.rows.dim}), got {queries.shape}")
        if not np.isfinite(queries.sum()):
            raise ValueError("a query holds a value that is NaN or infinite")
        return queries


def _is_scanned(codes: CodeIndex, scope: Scope, k: int) -> bool:
    few = max(FEW_ROWS, codes.n // SCANNED_SHARE, 4 * codes.count(k))
    return scope.n_codes <= few
