"""Duplicates in a collection or between two: exact ones by content, near ones by their vectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from semsearch.analysis import Components
from semsearch.collection.contents import Side
from semsearch.errors import shortened
from semsearch.index import Pairs, pairs_within
from semsearch.store.segments import Ids
from semsearch.vectors import Vectors

DEFAULT_THRESHOLD = 0.9
AT_ONCE = 4096
"""Pairs whose keys are looked up together."""

Progress = Callable[[int, int], None]
Thing = tuple[int, int]
"""An item: 0, or 1 where it is of the second collection, and its id."""


@dataclass(frozen=True)
class DuplicatePair:
    """Two items that say the same; `key` is the one stored first, or of the first collection.

    `score` is their cosine, 1 where the contents are the very same, which `is_exact` says.
    """

    key: str
    other: str
    score: float
    is_exact: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the pair as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True)
class DuplicateGroup:
    """Items that hang together by pairs, in the order in which they were stored.

    `keys` are of the first collection and `others` of the second, where there are two. Two members
    need not be alike themselves: each is like one that is like another.
    """

    keys: list[str]
    others: list[str]
    n_exact: int
    n_near: int
    """Pairs of either kind."""

    @property
    def representative(self) -> str:
        """The key of the member that was stored first: the one to keep."""
        return self.keys[0]

    def as_dict(self) -> dict[str, Any]:
        """Return the group as JSON-ready values."""
        return {"representative": self.representative} | asdict(self)


class Found(NamedTuple):
    """Pairs by id, and their scores; all of shape (n,)."""

    left: Ids
    right: Ids
    scores: Vectors
    is_exact: bool


@dataclass(frozen=True, eq=False)
class Duplicates:
    """The pairs, found anew each time one asks: by iterating, or as `groups`.

    Pairs come as they are found, the exact ones first, and in the same order each time; not all
    of them are ever held in memory.
    """

    mine: Side
    theirs: Side | None
    threshold: float
    progress: Progress | None = None

    def __repr__(self) -> str:
        return f"<duplicates from a cosine of {self.threshold:g} on: iterate, or ask for groups()>"

    def __iter__(self) -> Iterator[DuplicatePair]:
        for found in _gathered(self._exact()):
            yield from self._named(found)
        for found in self._near():
            yield from self._named(found)

    def groups(self) -> list[DuplicateGroup]:
        """Return the items that hang together by pairs, the largest group first."""
        components, pairs = Components[Thing](), Counter[tuple[Thing, bool]]()
        for code in self._shared_codes():
            first = self._joined(components, code, code)
            pairs[first, True] += self._n_exact(code)
        for found in self._near_contents():
            for left, right in zip(found.left.tolist(), found.right.tolist(), strict=True):
                first = self._joined(components, left, right)
                pairs[first, False] += self.mine.n_of(left) * self._other.n_of(right)
        counts = Counter[tuple[Thing, bool]]()
        for (thing, is_exact), n in pairs.items():
            counts[components.root(thing), is_exact] += n
        groups = sorted(map(sorted, components.groups()), key=lambda group: (-len(group), group))
        return list(self._named_groups(groups, components, counts))

    # -- inside

    @property
    def _other(self) -> Side:
        return self.mine if self.theirs is None else self.theirs

    def _shared_codes(self) -> list[int]:
        """Return the contents of more than one item, or of items on both sides."""
        contents = self.mine.contents
        if self.theirs is None:
            return list(contents[self.mine.n_all(contents) > 1])
        return list(contents[np.isin(contents, self.theirs.contents)])

    def _n_exact(self, code: int) -> int:
        n = self.mine.n_of(code)
        return n * (n - 1) // 2 if self.theirs is None else n * self.theirs.n_of(code)

    def _exact(self) -> Iterator[Found]:
        for code in self._shared_codes():
            mine, others = self.mine.ids_of(code), self._other.ids_of(code)
            for at, id_ in enumerate(mine):
                right = others[at + 1 :] if self.theirs is None else others
                left = np.full(len(right), id_, np.int64)
                yield Found(left, right, np.ones(len(right), np.float32), is_exact=True)

    def _near_contents(self) -> Iterator[Pairs]:
        """Yield pairs of contents, one item of each having been compared for all of them."""
        theirs = None if self.theirs is None else self.theirs.first_rows
        for found in pairs_within(self.mine.first_rows, theirs, self.threshold, self.progress):
            left, right = self.mine.contents[found.left], self._other.contents[found.right]
            differ = left != right
            yield Pairs(left[differ], right[differ], found.scores[differ])

    def _near(self) -> Iterator[Found]:
        for left, right, scores in self._near_contents():
            is_single = (self.mine.n_all(left) == 1) & (self._other.n_all(right) == 1)
            blocks = [
                (
                    self.mine.first_ids(left[is_single]),
                    self._other.first_ids(right[is_single]),
                    scores[is_single],
                ),
                *self._expanded(left[~is_single], right[~is_single], scores[~is_single]),
            ]
            for a, b, score in blocks:
                swap = (a > b) if self.theirs is None else np.zeros(len(a), np.bool_)
                yield Found(np.where(swap, b, a), np.where(swap, a, b), score, is_exact=False)

    def _expanded(
        self, left: Ids, right: Ids, scores: Vectors
    ) -> Iterator[tuple[Ids, Ids, Vectors]]:
        """Yield the pairs of all items of two contents each."""
        for a, b, score in zip(left.tolist(), right.tolist(), scores, strict=True):
            mine, others = self.mine.ids_of(a), self._other.ids_of(b)
            for id_ in mine:
                yield np.full(len(others), id_), others, np.full(len(others), score)

    def _named(self, found: Found) -> Iterator[DuplicatePair]:
        for start in range(0, len(found.left), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            left, right = found.left[part].tolist(), found.right[part].tolist()
            keys = self.mine.keys(set(left) | (set(right) if self.theirs is None else set()))
            others = keys if self.theirs is None else self.theirs.keys(set(right))
            for a, b, score in zip(left, right, found.scores[part].tolist(), strict=True):
                if a in keys and b in others:  # else another process has just erased one
                    yield DuplicatePair(keys[a], others[b], score, found.is_exact)

    def _joined(self, components: Components[Thing], left: int, right: int) -> Thing:
        """Join the items of two contents, and return one of them."""
        second = 0 if self.theirs is None else 1
        firsts = []
        for number, side, code in ((0, self.mine, left), (second, self._other, right)):
            ids = side.ids_of(code).tolist()
            firsts.append((number, ids[0]))
            if firsts[-1] not in components:
                for id_ in ids:
                    components.join(firsts[-1], (number, id_))
        components.join(*firsts)
        return firsts[0]

    def _named_groups(
        self,
        groups: Iterable[list[Thing]],
        components: Components[Thing],
        counts: Counter[tuple[Thing, bool]],
    ) -> Iterator[DuplicateGroup]:
        for group in groups:
            ids = [[id_ for each, id_ in group if each == side] for side in (0, 1)]
            keys = self.mine.keys(set(ids[0]))
            others = self._other.keys(set(ids[1]))
            root = components.root(group[0])
            named = [keys[id_] for id_ in ids[0] if id_ in keys]
            if named:
                yield DuplicateGroup(
                    named,
                    [others[id_] for id_ in ids[1] if id_ in others],
                    counts[root, True],
                    counts[root, False],
                )


def check_threshold(threshold: Any) -> float:
    """Return the cosine from which on two items are near duplicates, the usual one for None.

    Raises:
        ValueError: it lies outside of -1 to 1.
        TypeError: it is no number.
    """
    if threshold is None:
        return DEFAULT_THRESHOLD
    if isinstance(threshold, bool) or not isinstance(threshold, int | float | np.floating):
        raise TypeError(f"the threshold must be a number, got {shortened(threshold)}")
    if not -1 <= threshold <= 1:
        raise ValueError(f"the threshold is a cosine from -1 to 1, got {shortened(threshold)}")
    return float(threshold)


def _gathered(blocks: Iterable[Found]) -> Iterator[Found]:
    """Yield the same pairs in larger blocks, so that keys are looked up for many at once."""
    waiting: list[Found] = []
    for block in blocks:
        waiting.append(block)
        if sum(len(each.left) for each in waiting) >= AT_ONCE or len(waiting) >= AT_ONCE:
            yield _laid_together(waiting)
            waiting = []
    if waiting:
        yield _laid_together(waiting)


def _laid_together(blocks: list[Found]) -> Found:
    left = np.concatenate([block.left for block in blocks])
    right = np.concatenate([block.right for block in blocks])
    scores = np.concatenate([block.scores for block in blocks])
    return Found(left, right, scores, blocks[0].is_exact)
