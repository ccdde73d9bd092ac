"""Items by the cosine of their best passage to a query."""

from __future__ import annotations

import numpy as np

from semsearch.collection.records import Passage
from semsearch.collection.searching import Mask, Seen
from semsearch.index import NONE
from semsearch.search.ranked import NO_PASSAGE, Ranked, ranked
from semsearch.store.passages import Passages, Span
from semsearch.store.segments import Ids
from semsearch.vectors import Vectors

FEW, MANY = 10, 40
"""How many passages are looked for an item, at first and where these are of too few items; where
that is not enough either, all are compared. By the index of SciFact's 56,000 passages, ten find
98 % of the ten best items and three 95 %, at the same 8 ms a question."""

MOST_SURE = 50_000
"""So many passages of the items that were found are compared at most: some 50 ms."""


def nearest(seen: Seen, queries: Vectors, n: int, mask: Mask | None) -> list[Ranked]:
    """Return for each unit query (nq, dim) the n items nearest to it, of those that `mask` allows.

    The score is the cosine of an item's best passage, or of the item itself where its text was not
    split. `mask` (N,) is what `allowing` gives; None allows all that live.
    """
    if not len(seen.snapshot.passages):
        ids, scores = seen.search(queries, n, mask)
        return [
            ranked(row_ids[row_ids != NONE], row_scores[row_ids != NONE])
            for row_ids, row_scores in zip(ids, scores, strict=True)
        ]
    found: dict[int, Ranked] = {}
    for count in (FEW * n, MANY * n):
        left = [place for place in range(len(queries)) if place not in found]
        if left and count < len(seen.snapshot.every) // 2:
            rows, scores = seen.findable.search(queries[left], count, mask)
            for place, its_rows, its_scores in zip(left, rows, scores, strict=True):
                there = its_rows != NONE
                one = _by_item(seen, its_rows[there], its_scores[there])
                if len(one) >= n or not there.all():
                    found[place] = _surely(seen, queries[place], one.take(slice(n)))
    ids = seen.snapshot.ids_in(mask)
    return [
        found[place] if place in found else scores_of(seen, query, ids).take(slice(n))
        for place, query in enumerate(queries)
    ]


def scores_of(seen: Seen, query: Vectors, ids: Ids) -> Ranked:
    """Return the items of `ids`, which live in `seen`, by their best passage to a query (dim,)."""
    passages = seen.snapshot.passages
    places, counts = passages.of_items(ids)
    # The row of an unsplit item, or the rows of the passages, item after item.
    own = np.repeat(ids, np.maximum(counts, 1))
    is_passage = np.repeat(counts > 0, np.maximum(counts, 1))
    wanted = own.copy()
    wanted[is_passage] = passages.ids[places]
    scores = seen.view.rows.inner_products(query[None], seen.snapshot.rows_of(wanted)[None])[0]
    if not len(places):
        return ranked(ids, scores)
    passage_ids = np.where(is_passage, wanted, NO_PASSAGE)
    return _best_of_each(own, scores, passage_ids)


def spans_of(passages: Passages, ids: Ids) -> list[Span | None]:
    """Return where the passages of `ids` stand in their texts; None for `NO_PASSAGE`."""
    return [None if id_ == NO_PASSAGE else passages.span(id_) for id_ in ids.tolist()]


def passage_at(text: str, span: Span | None) -> Passage | None:
    """Return a passage of a text with what stands there."""
    return None if span is None else Passage(*span, text[slice(*span)])


def _surely(seen: Seen, query: Vectors, found: Ranked) -> Ranked:
    """Return items with their best passages, which an index that errs may have missed.

    Else a score would depend on how many were looked for, and a hit could come on two pages.
    """
    if seen.index is None or seen.snapshot.passages.of_items(found.ids)[1].sum() > MOST_SURE:
        return found
    return scores_of(seen, query, found.ids)


def _by_item(seen: Seen, rows: Ids, scores: Vectors) -> Ranked:
    """Return the items that rows belong to, each with its best one, which comes first."""
    snapshot = seen.snapshot
    parents = rows if snapshot.parents is None else snapshot.parents[rows]
    ids = snapshot.every[rows]
    passages = np.where(parents == rows, NO_PASSAGE, ids)
    return _best_of_each(snapshot.every[parents], scores, passages)


def _best_of_each(item_ids: Ids, scores: Vectors, passages: Ids) -> Ranked:
    order = np.lexsort((passages, -scores, item_ids))
    first = order[np.flatnonzero(np.diff(item_ids[order], prepend=NONE))]
    return ranked(item_ids[first], scores[first], passages[first])
