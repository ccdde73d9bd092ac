"""The vectors of one snapshot as rows 0..n-1, in whatever files they stand, and exact scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from semsearch.index.native import (
    RowNumbers,
    inner_products,
    inner_products_of_pairs,
    inner_products_of_runs,
)
from semsearch.vectors import Vectors

Mask = npt.NDArray[np.bool_]

NONE = -1
"""The row where fewer than k neighbours exist."""

SIGN = np.uint32(0x8000_0000)
NO_SIGN = np.uint32(0x7FFF_FFFF)
ALL_BITS = np.uint64(0xFFFF_FFFF)
ROW_BITS = np.uint64(32)
NO_KEY = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


@dataclass(frozen=True, eq=False)
class Rows:
    """Unit vectors in blocks, each (n_block, dim); row r counts through the blocks in order."""

    blocks: tuple[Vectors, ...]

    def __len__(self) -> int:
        return int(self.starts[-1])

    @cached_property
    def starts(self) -> RowNumbers:
        """The first row of each block, and the number of rows at the end."""
        return np.cumsum([0, *(len(block) for block in self.blocks)], dtype=np.int64)

    @cached_property
    def dim(self) -> int:
        """The width of the vectors, 0 where there is no block."""
        return int(self.blocks[0].shape[1]) if self.blocks else 0

    def chunks(self, n_rows: int, end: int | None = None) -> Iterator[tuple[int, Vectors]]:
        """Yield (first row, vectors) of at most `n_rows` each, without copying, up to `end`."""
        last = len(self) if end is None else min(end, len(self))
        for first, block in zip(self.starts, self.blocks, strict=False):
            for start in range(0, min(len(block), last - int(first)), n_rows):
                stop = min(start + n_rows, last - int(first))
                yield int(first) + start, block[start:stop]

    def take(self, rows: RowNumbers) -> Vectors:
        """Return a copy of the vectors of `rows` (n,), shape (n, dim)."""
        taken = np.empty((len(rows), self.dim), dtype=np.float32)
        for number, place in self._by_block(rows):
            taken[place] = self.blocks[number][rows[place] - self.starts[number]]
        return taken

    def inner_products(self, queries: Vectors, rows: RowNumbers) -> Vectors:
        """Return the cosines of unit queries (nq, dim) and their rows (nq, c), shape (nq, c).

        Nothing is copied. One pair has one score whatever else is asked; row -1 scores -1.
        """
        scores = np.full(rows.shape, -1, dtype=np.float32)
        if not rows.size or not len(self):
            return scores
        queries, rows = np.ascontiguousarray(queries), np.ascontiguousarray(rows)
        if len(self.blocks) == 1:
            scores = inner_products(queries, self.blocks[0], rows)
        elif len(queries) == 1:
            self._inner_products_of_query(queries, rows[0], scores[0])
        else:
            self._inner_products_of_blocks(queries, rows, scores.reshape(-1))
        np.minimum(scores, 1, out=scores)
        return np.maximum(scores, -1, out=scores)

    def _inner_products_of_query(self, query: Vectors, rows: RowNumbers, scores: Vectors) -> None:
        """Fill in the scores of one query, for which the calls cost more than the products."""
        order = np.argsort(rows)
        ascending = rows[order]
        borders = np.searchsorted(ascending, self.starts)
        runs = [
            (block, ascending[start:end] - first)
            for block, first, start, end in zip(
                self.blocks, self.starts, borders, borders[1:], strict=False
            )
            if start < end
        ]
        scores[order[borders[0] :]] = inner_products_of_runs(query, runs)

    def _inner_products_of_blocks(
        self, queries: Vectors, rows: RowNumbers, scores: Vectors
    ) -> None:
        flat = rows.reshape(-1)
        known = np.flatnonzero(flat != NONE)
        for number, place in self._by_block(flat[known]):
            pairs = known[place]
            local = flat[pairs] - self.starts[number]
            scores[pairs] = inner_products_of_pairs(
                queries, pairs // rows.shape[1], self.blocks[number], local
            )

    def _by_block(self, rows: RowNumbers) -> Iterator[tuple[int, RowNumbers]]:
        """Yield each block that holds some of `rows` with their places, in the order given."""
        number = np.searchsorted(self.starts, rows, side="right") - 1
        # Numpy sorts small integers by radix, six times as fast as wide ones.
        order = np.argsort(number.astype(np.min_scalar_type(len(self.blocks))), kind="stable")
        borders = np.searchsorted(number[order], np.arange(len(self.blocks) + 1))
        for block in np.flatnonzero(np.diff(borders)):
            yield int(block), order[borders[block] : borders[block + 1]]


def best(rows: RowNumbers, scores: Vectors, k: int) -> tuple[RowNumbers, Vectors]:
    """Return the k best of rows and scores (nq, c), shape (nq, k): by score, equal ones by row.

    Where fewer than k are left, the row is -1 and the score 0. Rows are below 2**32.
    """
    keys = _keys(rows, scores)
    if keys.shape[1] > k:
        keys = np.partition(keys, k - 1, axis=1)[:, :k]
    keys.sort(axis=1)
    if keys.shape[1] == k and (keys[:, -1] != NO_KEY).all():  # as nearly always
        return (keys & ALL_BITS).astype(np.int64), _scores_of(keys)
    found = np.full((len(rows), k), NONE, dtype=np.int64)
    cosines = np.zeros((len(rows), k), dtype=np.float32)
    width = keys.shape[1]
    known = keys != NO_KEY
    found[:, :width][known] = (keys[known] & ALL_BITS).astype(np.int64)
    cosines[:, :width][known] = _scores_of(keys[known])
    return found, cosines


def padded(rows: RowNumbers, scores: Vectors, k: int) -> tuple[RowNumbers, Vectors]:
    """Return rows and scores (nq, fewer) as (nq, k), with -1 and 0 where nothing was found."""
    missing = ((0, 0), (0, k - rows.shape[1]))
    return np.pad(rows, missing, constant_values=NONE), np.pad(scores, missing)


def _keys(rows: RowNumbers, scores: Vectors) -> npt.NDArray[np.uint64]:
    """Return numbers whose ascending order is that of falling scores, then of rows."""
    bits = (scores + np.float32(0)).view(np.uint32)  # + 0 makes one zero of two
    falling = np.where(bits & SIGN, bits, bits ^ NO_SIGN)
    keys = falling.astype(np.uint64) << ROW_BITS
    keys |= rows.view(np.uint64) & ALL_BITS
    keys[rows == NONE] = NO_KEY
    return keys


def _scores_of(keys: npt.NDArray[np.uint64]) -> Vectors:
    falling = (keys >> ROW_BITS).astype(np.uint32)
    return np.where(falling & SIGN, falling, falling ^ NO_SIGN).view(np.float32)
