"""Hits that say different things: near-duplicates folded into one, and each unlike those before.

Pure arrays: vectors (n, dim) of unit length stand in the order of their hits, best first.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from semsearch.search.ranked import Scores
from semsearch.vectors import Vectors

Places = npt.NDArray[np.int64]

BLOCK = 256
"""So many hits at once are compared with those that stand."""

ROUNDING = 2e-6
"""The cosine of a vector to its own copy may be less than 1 by this much."""

STANDS = -1
EARLIER = -2


def folded(vectors: Vectors, threshold: float, earlier: Vectors) -> Places:
    """Return for each hit the place of the better hit that it is folded into, shape (n,).

    STANDS (-1) where it stands for itself, EARLIER (-2) where its cosine to one of `earlier` (m,
    dim), the hits of pages before, is at least `threshold`. Of several better hits the first one
    takes it; a hit that is folded takes no others.
    """
    into = np.full(len(vectors), STANDS, dtype=np.int64)
    border = threshold - ROUNDING
    if len(earlier):
        into[_nearest(vectors, earlier) >= border] = EARLIER
    standing = np.empty(0, dtype=np.int64)
    for start in range(0, len(vectors), BLOCK):
        open_ = start + np.flatnonzero(into[start : start + BLOCK] == STANDS)
        _fold_into(into, vectors, open_, standing, border)
        standing = np.concatenate([standing, _fold_within(into, vectors, open_, border)])
    return into


def _fold_into(
    into: Places, vectors: Vectors, open_: Places, standing: Places, border: float
) -> None:
    """Fold the open hits into those that stand before them."""
    if not len(standing) or not len(open_):
        return
    is_near = vectors[open_] @ vectors[standing].T >= border
    has = is_near.any(axis=1)
    into[open_[has]] = standing[is_near[has].argmax(axis=1)]


def _fold_within(into: Places, vectors: Vectors, open_: Places, border: float) -> Places:
    """Fold the open hits of a block into each other; return those that stand."""
    open_ = open_[into[open_] == STANDS]
    is_near = vectors[open_] @ vectors[open_].T >= border
    for place in range(len(open_)):
        if into[open_[place]] == STANDS:
            after = open_[place + 1 :][is_near[place, place + 1 :]]
            into[after[into[after] == STANDS]] = open_[place]
    return np.asarray(open_[into[open_] == STANDS], dtype=np.int64)


def diverse(
    vectors: Vectors, relevance: Scores, k: int, diversity: float, earlier: Vectors
) -> Places:
    """Return the places of k hits by maximal marginal relevance, in the order they were chosen.

    The next one has the largest (1 - diversity) * relevance - diversity * likeness, which is its
    largest cosine to the hits chosen before and to `earlier` (m, dim), the pages before; with
    nothing before, the best. Equal ones come in the order of the hits.
    """
    chosen = np.empty(min(k, len(vectors)), dtype=np.int64)
    value = (1 - diversity) * relevance.astype(np.float64)
    likeness = _nearest(vectors, earlier) if len(earlier) else None
    for number in range(len(chosen)):
        gain = value if likeness is None else value - diversity * likeness
        best = int(gain.argmax())
        chosen[number], value[best] = best, -np.inf
        to_best = vectors @ vectors[best]
        likeness = to_best if likeness is None else np.maximum(likeness, to_best)
    return chosen


def _nearest(vectors: Vectors, others: Vectors) -> Scores:
    """Return for each vector its largest cosine to one of the others, shape (n,)."""
    blocks = range(0, len(vectors), BLOCK)
    largest = [(vectors[start : start + BLOCK] @ others.T).max(axis=1) for start in blocks]
    return np.concatenate([np.empty(0, np.float32), *largest])


def stretched(scores: Scores) -> Scores:
    """Return scores of any scale from 0 to 1, as they are compared with cosines."""
    if not len(scores):
        return scores
    low, high = scores.min(), scores.max()
    if low == high:
        return np.ones_like(scores)
    return np.asarray((scores - low) / (high - low), dtype=np.float32)
