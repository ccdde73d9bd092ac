"""All items in another order than the nearest first: the least alike, and the most unusual."""

from __future__ import annotations

import numpy as np

from semsearch.collection.ranking import scores_of
from semsearch.collection.searching import Mask, Seen
from semsearch.search.ranked import Ids, Ranked, ranked
from semsearch.vectors import Vectors


def farthest(seen: Seen, query: Vectors, mask: Mask | None) -> Ranked:
    """Return the live items that `mask` allows by rising cosine to a query (dim,), ties by id."""
    return _rising(scores_of(seen, query, _allowed(seen, mask)))


def unusual(seen: Seen, mask: Mask | None) -> Ranked:
    """Return the live items that `mask` allows, the most unusual of the collection first.

    The score is the mean cosine to the nearest ones in a sample of the whole collection, which is
    compared once a version of it, see `Seen.nearness`.
    """
    ids = _allowed(seen, mask)
    return _rising(ranked(ids, seen.nearness[np.searchsorted(seen.snapshot.ids, ids)]))


def _allowed(seen: Seen, mask: Mask | None) -> Ids:
    snapshot = seen.snapshot
    if mask is None:
        return snapshot.ids
    return snapshot.every[mask if snapshot.live is None else mask & snapshot.live]


def _rising(found: Ranked) -> Ranked:
    return found.take(np.lexsort((found.ids, found.scores)))
