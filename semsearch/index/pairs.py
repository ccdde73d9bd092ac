"""All pairs of rows that are at least so alike, found tile by tile: a range search, exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from semsearch.index.exact import ROUNDING
from semsearch.index.native import RowNumbers, inner_products_of_pairs
from semsearch.index.rows import Rows
from semsearch.vectors import Vectors

LEFT_ROWS, RIGHT_ROWS = 1024, 4096
"""A tile of so many cosines takes 16 MiB, whatever the number of rows."""

Progress = Callable[[int, int], None]


class Pairs(NamedTuple):
    """Places among the rows of either side, and the cosine of each pair; all of shape (n,)."""

    left: RowNumbers
    right: RowNumbers
    scores: Vectors


def pairs_within(
    left: tuple[Rows, RowNumbers],
    right: tuple[Rows, RowNumbers] | None,
    threshold: float,
    progress: Progress | None = None,
) -> Iterator[Pairs]:
    """Yield the pairs whose cosine is `threshold` or more, some at a time, each pair once.

    A side is vectors of unit length and which rows of them are asked, shape (n,). Without `right`
    the rows of `left` are paired among themselves, the earlier place first. Tiles come in a fixed
    order, the pairs of a tile by left and then right place. Scores are those of a search.
    `progress(done, total)` counts left rows, by the share of all comparisons that is done.
    """
    mine, theirs = left, right or left
    n, m = len(mine[1]), len(theirs[1])
    firsts = [0 if right else start // RIGHT_ROWS * RIGHT_ROWS for start in range(0, n, LEFT_ROWS)]
    done, total = 0, sum(LEFT_ROWS * (m - first) for first in firsts)
    for start, first in zip(range(0, n, LEFT_ROWS), firsts, strict=True):
        queries = mine[0].take(mine[1][start : start + LEFT_ROWS])
        for other in range(first, m, RIGHT_ROWS):
            vectors = theirs[0].take(theirs[1][other : other + RIGHT_ROWS])
            found = _pairs_of_tile(queries, vectors, threshold)
            places = Pairs(found.left + start, found.right + other, found.scores)
            if right is None:
                places = _only(places, places.left < places.right)
            if len(places.left):
                yield places
        done += LEFT_ROWS * (m - first)
        if progress is not None:
            progress(round(n * done / max(1, total)), n)


def _pairs_of_tile(queries: Vectors, vectors: Vectors, threshold: float) -> Pairs:
    """Return the pairs of a tile; the products only choose, for they round by the tile's shape."""
    near = np.flatnonzero(queries @ vectors.T >= np.float32(threshold - ROUNDING))
    left, right = np.divmod(near, len(vectors))
    scores = inner_products_of_pairs(queries, left, vectors, right)
    scores = np.clip(scores, -1, 1)
    return _only(Pairs(left, right, scores), scores >= np.float32(threshold))


def _only(pairs: Pairs, mask: np.typing.NDArray[np.bool_]) -> Pairs:
    return Pairs(pairs.left[mask], pairs.right[mask], pairs.scores[mask])
