"""From ranked items to one page of hits: what scores too little, was shown, or says the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from semsearch.collection.searching import Seen
from semsearch.errors import CollectionSwitched
from semsearch.search import arrange
from semsearch.search.paging import Cursor, most_shown
from semsearch.search.question import Question
from semsearch.search.ranked import Ids, Ranked
from semsearch.vectors import Vectors

POOL = 4
"""So many candidates a hit are there to choose diverse ones from."""

SMALLEST_POOL = 100
LARGEST_POOL = 20_000
WIDER = 4

Find = Callable[[int], Ranked]
"""Finds so many of the items that answer a question, or all where there are fewer."""


@dataclass(frozen=True)
class Page:
    """The hits of one page in their order, what is folded into each (by id), and what follows."""

    found: Ranked
    folded: Mapping[int, Ids] = field(default_factory=dict)
    after: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arranging:
    """One question, where the page before it ended, and the ids of stored items that it names."""

    seen: Seen
    question: Question
    cursor: Cursor
    named: Ids

    def depth(self) -> int:
        """Return how many candidates are looked at first."""
        wanted = self.cursor.n + self._k + 1 + len(self.named)
        if not self._compares_hits:
            return wanted
        return max(wanted, min(LARGEST_POOL, wanted + self._pool))

    def page(self, first: Ranked, find: Find) -> Page:
        """Return the page of hits, of the candidates `first` or of as many more as it needs.

        Raises:
            CollectionSwitched: the page before was found by another module.
        """
        self._check_space()
        depth, found = self.depth(), first
        while True:
            pool, folded = self._folded(self._open(found))
            if len(pool) > self._k or self._is_all(found, depth):
                return self._laid_out(pool, folded)
            depth = min(LARGEST_POOL, depth * WIDER)
            found = find(depth)

    # -- inside

    @property
    def _k(self) -> int:
        left = most_shown(self.question) - self.cursor.n
        return min(self.question.k, left) if self.cursor.n else self.question.k

    @property
    def _pool(self) -> int:
        """How many candidates there shall be to choose diverse ones from."""
        return max(SMALLEST_POOL, POOL * self._k)

    @property
    def _compares_hits(self) -> bool:
        return self.question.collapse is not None or bool(self.question.diversity)

    @property
    def _sign(self) -> int:
        return 1 if self.question.order == "nearest" else -1

    def _is_all(self, found: Ranked, depth: int) -> bool:
        """Say whether no candidates beyond `found` can come into the page."""
        if self.question.order != "nearest" or len(found) < depth or depth >= LARGEST_POOL:
            return True
        lowest = self.question.min_score
        return isinstance(lowest, int | float) and bool(found.scores[-1] < lowest)

    def _open(self, found: Ranked) -> Ranked:
        """Return what may be shown: near enough, not named in the question, not shown before."""
        lowest = self.question.min_score
        if isinstance(lowest, int | float):
            found = found.take(found.scores >= lowest)
        if len(self.named):
            found = found.take(~np.isin(found.ids, self.named))
        return self.cursor.rest(found, self._sign)

    def _folded(self, pool: Ranked) -> tuple[Ranked, dict[int, Ids]]:
        """Return the hits that stand, and the ids of those folded into each."""
        if self.question.collapse is None:
            return pool, {}
        pool = pool.take(slice(LARGEST_POOL))
        into = arrange.folded(self._vectors(pool.ids), self.question.collapse, self._earlier())
        stands = into == arrange.STANDS
        takers = np.unique(into[into >= 0])
        behind = {int(pool.ids[taker]): pool.ids[into == taker] for taker in takers}
        return pool.take(stands), behind

    def _laid_out(self, pool: Ranked, folded: Mapping[int, Ids]) -> Page:
        found = pool.take(self._diverse(pool) if self.question.diversity else slice(self._k))
        if len(found) == len(pool) or not len(found):
            return Page(found, folded)
        cursor = replace(self.cursor, space=self.seen.snapshot.space.id)
        cursor = cursor.next(found.ids, found.scores)
        if cursor.n < most_shown(self.question):
            return Page(found, folded, cursor.as_text())
        note = (
            f"the pages of this question end here, after {cursor.n:,} hits; narrow it by a filter"
        )
        return Page(found, folded, None, (note,))

    def _diverse(self, pool: Ranked) -> Ids:
        pool = pool.take(slice(self._pool))
        scores = self._sign * pool.scores
        if self.question.mode != "semantic":
            scores = arrange.stretched(scores)  # to what cosines are
        diversity = self.question.diversity
        return arrange.diverse(self._vectors(pool.ids), scores, self._k, diversity, self._earlier())

    def _earlier(self) -> Vectors:
        """Return the vectors of the hits of pages before, of those that still have one."""
        ids = self.cursor.shown
        return self._vectors(ids[self.seen.snapshot.rows_of(ids) >= 0])

    def _vectors(self, ids: Ids) -> Vectors:
        return self.seen.snapshot.take(ids)

    def _check_space(self) -> None:
        if self.cursor.n and self.cursor.space != self.seen.snapshot.space.id:
            raise CollectionSwitched(
                "the pages before were found by another module than the collection has now",
                "ask from the first page, without after",
            )
