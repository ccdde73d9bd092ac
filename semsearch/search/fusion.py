"""Meaning and words in one ranking: a weighted mean of both scores, or of both inverted ranks.

A cosine and a BM25 have nothing in common. Before their mean is taken each is spread over 0 to 1
for the query: 0 is the worst item of the whole collection, 1 the best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from semsearch.search.question import LEXICAL, SEMANTIC
from semsearch.search.ranked import Ids, Part, Ranked, Scores, ranked

CONVEX, RECIPROCAL = "convex", "reciprocal"

RANK_CONSTANT = 60
"""What is added to a rank before it is inverted, as those had it who proposed that."""

WEIGHT = "weight"
"""The share of meaning in a score, whose parts beside it are named as the modes: a cosine, and a
BM25 (0 for an item without any of the words)."""


class Span(NamedTuple):
    """The lowest and the highest score in the whole collection."""

    worst: float
    best: float


@dataclass(frozen=True)
class Pair:
    """Items by cosine, the BM25 (n,) of the same items, and how far both go in the collection."""

    meaning: Ranked
    words: Scores
    cosines: Span
    matches: Span


class Mix(NamedTuple):
    """How two scores become one: the weight of meaning (0 to 1), and the way."""

    weight: float
    way: str = CONVEX


def fused(pair: Pair, mix: Mix) -> Ranked:
    """Return items ranked by both scores, from 0 to 1, with the parts of each."""
    meaning, words = pair.meaning, pair.words
    if mix.way == RECIPROCAL:
        scores = _by_ranks(meaning.ids, meaning.scores, words, mix.weight)
    else:
        scores = mix.weight * _spread(meaning.scores, pair.cosines)
        scores += (1 - mix.weight) * _spread(words, pair.matches)
    shares = np.full(len(words), mix.weight, dtype=np.float64)  # to be shown as it was given
    parts: dict[str, Part] = {SEMANTIC: meaning.scores, LEXICAL: words, WEIGHT: shares}
    order = np.lexsort((meaning.ids, -scores))
    return Ranked(
        meaning.ids[order],
        scores[order],
        meaning.passages[order],
        {name: part[order] for name, part in parts.items()},
    )


def joined(one: Ranked, other: Ranked) -> Ranked:
    """Return the items of two rankings by the same scores, none of which stands in both."""
    return ranked(
        np.concatenate([one.ids, other.ids]),
        np.concatenate([one.scores, other.scores]),
        np.concatenate([one.passages, other.passages]),
    )


def top(ids: Ids, scores: Scores, n: int) -> Ranked:
    """Return the n best of many items, or all where they are fewer."""
    if len(ids) > n:
        stays = scores >= np.partition(scores, -n)[-n]
        ids, scores = ids[stays], scores[stays]
    return ranked(ids, scores).take(slice(n))


def _spread(scores: Scores, span: Span) -> Scores:
    """Return scores as shares of the way from the worst to the best, 0 to 1."""
    if span.best <= span.worst:
        return np.zeros(len(scores), dtype=np.float32)
    shares = (scores - span.worst) / (span.best - span.worst)
    return np.asarray(np.clip(shares, 0, 1), dtype=np.float32)


def _by_ranks(ids: Ids, cosines: Scores, words: Scores, weight: float) -> Scores:
    """Return the weighted mean of inverted ranks, 1 for an item that is the first of both."""
    shares = [
        (RANK_CONSTANT + 1) / (RANK_CONSTANT + _ranks(ids, scores)) for scores in (cosines, words)
    ]
    mean = weight * shares[0] + (1 - weight) * shares[1] * (words > 0)
    return np.asarray(mean, dtype=np.float32)


def _ranks(ids: Ids, scores: Scores) -> Ids:
    ranks = np.empty(len(ids), dtype=np.int64)
    ranks[np.lexsort((ids, -scores))] = np.arange(1, len(ids) + 1)
    return ranks
