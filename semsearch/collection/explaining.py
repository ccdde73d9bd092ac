"""Which words of a hit carried the match: found by leaving each of them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from semsearch.collection.records import Hit, WordWeight
from semsearch.modules import Module
from semsearch.search.occlusion import (
    Span,
    left_out,
    piece_of,
    shared_words,
    shares,
    stretches,
    word_spans,
)
from semsearch.vectors import Vectors

MOST_WORDS = 40
"""How many words are left out one by one: of a longer text, those of the likest stretch."""

LONGEST = 50_000
"""Texts of more characters, which no module of ours reads as one, are not explained."""


@dataclass(frozen=True)
class Matched:
    """The text of a hit that was compared with the query, and where it begins in the hit's."""

    text: str
    offset: int = 0


def matched(hit: Hit) -> Matched:
    """Return the text by which a hit was found: its best passage, or all of it."""
    if hit.passage is None:
        return Matched(hit.text)
    return Matched(hit.text[hit.passage.start : hit.passage.stop], hit.passage.start)


def explained(module: Module, query: Vectors, hits: Sequence[Hit], words: str) -> list[Hit]:
    """Return hits that say which of their words carried the likeness to a query, shape (dim,).

    The texts of all hits are encoded together. `words` is the text of the query: where a hit has
    the same words, that is marked. Pictures have no words and stay as they are.
    """
    if module.card.modality != "text":
        return list(hits)
    texts = [matched(hit) for hit in hits]
    chosen = likest(module, query, [one.text for one in texts])
    cosines = _cosines_without(module, query, [one.text for one in texts], chosen)
    return [
        replace(hit, words=_weights(one, spans, found, words))
        for hit, one, spans, found in zip(hits, texts, chosen, cosines, strict=True)
    ]


def likest(module: Module, query: Vectors, texts: Sequence[str]) -> list[list[Span]]:
    """Return the words of each text, those of the likest stretch where it has many.

    Of a text without words, or too long to be looked at, there are none.
    """
    cut = [
        stretches(text, word_spans(text), MOST_WORDS) if len(text) <= LONGEST else []
        for text in texts
    ]
    several = [(row, stretch) for row, many in enumerate(cut) if len(many) > 1 for stretch in many]
    vectors = module.encode([piece_of(texts[row], stretch) for row, stretch in several])
    best = {row: (-2.0, many[0]) for row, many in enumerate(cut) if many}
    for (row, stretch), cosine in zip(several, (vectors @ query).tolist(), strict=True):
        best[row] = max(best[row], (cosine, stretch), key=lambda pair: pair[0])
    return [best[row][1] if row in best else [] for row in range(len(texts))]


def explained_by_words(hits: Sequence[Hit], words: str) -> list[Hit]:
    """Return hits that say which of their words stand in the query; nothing is encoded."""
    return [replace(hit, words=_same_words(hit, words)) for hit in hits]


def query_weights(module: Module, text: str, target: Vectors) -> list[WordWeight]:
    """Return what each word of a query carried of its likeness to `target`, shape (dim,)."""
    spans = word_spans(text)[:MOST_WORDS]
    [cosines] = _cosines_without(module, target, [text], [spans])
    return _weights(Matched(text), spans, cosines, "") or []


def _cosines_without(
    module: Module, query: Vectors, texts: Sequence[str], chosen: Sequence[Sequence[Span]]
) -> list[Vectors]:
    """Return for each text the cosines of its chosen words, and of these without each, (1 + n,).

    Of a text without words there are none, (0,).
    """
    variants = [
        [piece_of(text, spans), *left_out(text, spans)] if spans else []
        for text, spans in zip(texts, chosen, strict=True)
    ]
    cosines = module.encode([one for several in variants for one in several]) @ query
    return np.split(cosines, np.cumsum([len(several) for several in variants])[:-1])


def _weights(
    one: Matched, spans: Sequence[Span], cosines: Vectors, words: str
) -> list[WordWeight] | None:
    if not spans:
        return None
    carried = shares(float(cosines[0]), cosines[1:])
    same = shared_words(one.text, words)
    return [
        WordWeight(
            one.text[span.start : span.stop],
            weight,
            one.offset + span.start,
            one.offset + span.stop,
            any(span.start < other.stop and other.start < span.stop for other in same),
        )
        for span, weight in zip(spans, carried, strict=True)
    ]


def _same_words(hit: Hit, words: str) -> list[WordWeight]:
    one = matched(hit)
    found = shared_words(one.text, words)
    return [
        WordWeight(
            one.text[start:stop],
            round(1 / len(found), 4),
            one.offset + start,
            one.offset + stop,
            is_in_query=True,
        )
        for start, stop in found
    ]
