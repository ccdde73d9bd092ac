"""All items in another order than the nearest first: the least alike, and the most unusual."""

from __future__ import annotations

import numpy as np

from semsearch.collection.ranking import scores_of
from semsearch.collection.searching import Mask, Seen
from semsearch.search.ranked import Ranked, ranked
from semsearch.vectors import Vectors


def farthest(seen: Seen, query: Vectors, mask: Mask | None) -> Ranked:
    """Return the live items that `mask` allows by rising cosine to a query (dim,), ties by id."""
    return _rising(scores_of(seen, query, seen.snapshot.ids_in(mask)))


def unusual(seen: Seen, mask: Mask | None) -> Ranked:
    """Return the live items that `mask` allows, the most unusual of the collection first.

    The score is the mean cosine to the nearest ones in a sample of the whole collection, which is
    compared once a version of it, see `Seen.nearness`.
    """
    ids = seen.snapshot.ids_in(mask)
    return _rising(ranked(ids, seen.nearness[np.searchsorted(seen.snapshot.ids, ids)]))


def _rising(found: Ranked) -> Ranked:
    return found.take(np.lexsort((found.ids, found.scores)))
