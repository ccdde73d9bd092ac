"""Items by the words of a question, and by meaning and words together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from semsearch.collection.asking import question_words
from semsearch.collection.parts import Parts
from semsearch.collection.ranking import nearest, scores_of
from semsearch.collection.searching import Mask, Seen
from semsearch.search.fusion import CONVEX, Mix, Pair, Span, fused, joined, top
from semsearch.search.question import Question
from semsearch.search.ranked import Ids, Ranked, Scores
from semsearch.store import Space
from semsearch.vectors import Vectors

CANDIDATES = 1_000
"""So many items by meaning, and as many by words, are put into one order."""

SAMPLED = 256
"""So many rows tell about what the lowest cosine of the collection is."""

WEIGHTS = {"minilm": 0.5}
DEFAULT_WEIGHT = 0.4
"""The weight of meaning by module, and of any other; docs/decisions/0019 has the measurements."""

EVEN = 0.5
"""The weight of meaning where ranks are joined."""

SETTING = "weight"
"""The name under which the store keeps what was learned for a vector space."""


class Matches(NamedTuple):
    """The items that have words of a question, by id ascending (n,), their BM25, who may be found.

    `best` is the highest BM25, of those too that a filter leaves out.
    """

    ids: Ids
    scores: Scores
    allowed: Mask
    best: float


def by_words(
    parts: Parts, seen: Seen, questions: Sequence[Question], n: int, mask: Mask | None
) -> list[Ranked]:
    """Return for each question the n items that match its words best; the score is BM25."""
    found = [_matches(parts, seen, question, mask) for question in questions]
    return [top(one.ids[one.allowed], one.scores[one.allowed], n) for one in found]


def by_both(
    parts: Parts,
    seen: Seen,
    questions: Sequence[Question],
    vectors: Vectors,
    n: int,
    mask: Mask | None,
) -> list[Ranked]:
    """Return for each question the n best by meaning and words, the score from 0 to 1.

    A filter changes no score: 0 and 1 are those of the whole collection.
    """
    mix = Mix(weight_of(parts, seen.snapshot.space, questions[0]), questions[0].fusion)
    pairs = pairs_of(parts, seen, questions, vectors, max(CANDIDATES, n), mask)
    return [fused(pair, mix).take(slice(n)) for pair in pairs]


def pairs_of(
    parts: Parts,
    seen: Seen,
    questions: Sequence[Question],
    vectors: Vectors,
    depth: int,
    mask: Mask | None,
) -> Iterator[Pair]:
    """Yield for each question the best `depth` items by meaning and those by words, scored both."""
    meanings = nearest(seen, vectors, depth, mask)
    bests = meanings if mask is None else nearest(seen, vectors, 1, None)
    lowest = _lowest(seen, vectors)
    for number, question in enumerate(questions):
        words = _matches(parts, seen, question, mask)
        some = top(words.ids[words.allowed], words.scores[words.allowed], depth)
        others = np.setdiff1d(some.ids, meanings[number].ids, assume_unique=True)
        both = joined(meanings[number], scores_of(seen, vectors[number], others))
        highest = float(bests[number].scores.max(initial=-1))
        cosines = Span(float(lowest[number]), highest)
        yield Pair(both, _scores_at(words, both.ids), cosines, Span(0, words.best))


def weight_of(parts: Parts, space: Space, question: Question) -> float:
    """Return the weight of meaning: the question's, the one that was learned, or the module's."""
    if question.weight is not None:
        return question.weight
    if question.fusion != CONVEX:
        return EVEN
    learned = parts.store.setting(SETTING, space.id)
    if learned is not None:
        return float(learned["weight"])
    return module_weight(space)


def module_weight(space: Space) -> float:
    """Return the weight of meaning for the module of a vector space, where nothing was learned."""
    return WEIGHTS.get(space.card.get("name", ""), DEFAULT_WEIGHT)


def notes_on(parts: Parts, question: Question, found: Ranked) -> tuple[str, ...]:
    """Return why words alone found nothing, where that can be told."""
    if question.mode != "lexical" or len(found) or parts.store.has_words():
        return ()
    return (f'no item of {parts.name!r} has a text, so mode="lexical" finds nothing',)


# -- inside


def _matches(parts: Parts, seen: Seen, question: Question, mask: Mask | None) -> Matches:
    """Return the matches that live in `seen`: the words may be of another moment."""
    ids, scores = parts.store.word_scores(question_words(question))
    rows = seen.snapshot.rows_of(ids)
    stays = rows >= 0
    if seen.snapshot.live is not None:
        stays &= seen.snapshot.live[rows]
    ids, scores, rows = ids[stays], scores[stays], rows[stays]
    allowed = np.ones(len(ids), np.bool_) if mask is None else mask[rows]
    return Matches(ids, scores, allowed, float(scores.max(initial=0)))


def _scores_at(words: Matches, ids: Ids) -> Scores:
    """Return the BM25 of items, 0 for those that have none of the words."""
    if not len(words.ids):
        return np.zeros(len(ids), dtype=np.float32)
    places = np.minimum(np.searchsorted(words.ids, ids), len(words.ids) - 1)
    return np.where(words.ids[places] == ids, words.scores[places], np.float32(0))


def _lowest(seen: Seen, vectors: Vectors) -> Scores:
    """Return about the lowest cosine of the collection to each unit query, shape (nq,)."""
    n, live = len(seen.view.rows), seen.view.live
    rows = np.arange(n)
    if n > SAMPLED:
        rows = np.unique(np.random.default_rng(0).integers(0, n, SAMPLED))
    if live is not None:
        rows = rows[live[rows]]
    if not len(rows):
        return np.full(len(vectors), -1, dtype=np.float32)
    lowest: Scores = (vectors @ seen.view.rows.take(rows).T).min(axis=1)
    return lowest
