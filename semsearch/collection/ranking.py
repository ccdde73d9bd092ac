"""Items by the cosine of their best passage to a query."""

from __future__ import annotations

from semsearch.collection.searching import Mask, Seen
from semsearch.index import NONE
from semsearch.search.ranked import Ranked, ranked
from semsearch.store.segments import Ids
from semsearch.vectors import Vectors


def nearest(seen: Seen, queries: Vectors, n: int, mask: Mask | None) -> list[Ranked]:
    """Return for each unit query (nq, dim) the n items nearest to it, of those that `mask` allows.

    The score is the cosine of an item's best passage, or of the item itself where its text was not
    split. `mask` is over the rows of items; None allows all that live.
    """
    ids, scores = seen.search(queries, n, mask)
    return [
        ranked(row_ids[row_ids != NONE], row_scores[row_ids != NONE])
        for row_ids, row_scores in zip(ids, scores, strict=True)
    ]


def scores_of(seen: Seen, query: Vectors, ids: Ids) -> Ranked:
    """Return the items of `ids`, which live in `seen`, by their best passage to a query (dim,)."""
    rows = seen.snapshot.rows_of(ids)
    scores = seen.view.rows.inner_products(query[None], rows[None])[0]
    return ranked(ids, scores)
