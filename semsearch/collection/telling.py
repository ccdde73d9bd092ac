"""What is told about the hits of an answer: how much their scores mean, and which words matched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from semsearch.collection.asking import question_words
from semsearch.collection.explaining import explained, explained_by_words
from semsearch.collection.judging import Verdict, bands, percentiles, verdicts
from semsearch.collection.parts import Parts
from semsearch.collection.records import Hit, Hits
from semsearch.collection.searching import Mask, Seen
from semsearch.search.occlusion import has_all_words
from semsearch.search.question import AUTO, HYBRID, LEXICAL, SEMANTIC, Question
from semsearch.vectors import Vectors

LOOKED_AT = 20
"""In so many of the items that match the words of a question best, all of its words are sought."""

ALL_WORDS = 'min_score="auto" cut nothing: an item has all words of the query'

ONLY_WORDS = 'min_score="auto" cut nothing: it judges meanings, and mode="lexical" compares words'


def refusals(
    parts: Parts, seen: Seen, questions: Sequence[Question], vectors: Vectors, mask: Mask | None
) -> list[tuple[bool, tuple[str, ...]]]:
    """Say of each question whether its answer is empty under min_score="auto", and what to tell."""
    first = questions[0]
    if first.min_score != AUTO or first.order != "nearest":
        return [(False, ())] * len(questions)
    if first.mode == LEXICAL:
        return [(False, (ONLY_WORDS,))] * len(questions)
    return [
        _refusal(parts, seen, question, verdict, mask)
        for question, verdict in zip(
            questions, verdicts(parts.judge, seen, vectors, mask), strict=True
        )
    ]


def told(
    parts: Parts, seen: Seen, questions: Sequence[Question], vectors: Vectors, answers: list[Hits]
) -> list[Hits]:
    """Fill in what the scores of the hits mean and, where that was asked for, which words carried.

    `vectors` (n, dim) are those of the questions; the answers are changed in place.
    """
    for question, vector, hits in zip(questions, vectors, answers, strict=True):
        if hits:
            hits[:] = _with_scale(parts, seen, question, hits)
            if question.explain:
                hits[:] = _explained(parts, seen, question, vector, hits)
    return answers


def _refusal(
    parts: Parts, seen: Seen, question: Question, verdict: Verdict, mask: Mask | None
) -> tuple[bool, tuple[str, ...]]:
    if (
        not verdict.is_related
        and question.mode == HYBRID
        and _has_words(parts, seen, question, mask)
    ):
        return False, (ALL_WORDS,)
    return not verdict.is_related, (verdict.note,) if verdict.note else ()


def _has_words(parts: Parts, seen: Seen, question: Question, mask: Mask | None) -> bool:
    """Say whether one of the items that `mask` allows has all words of a question."""
    words = question_words(question)
    found = parts.store.word_scores(words)
    rows = seen.snapshot.rows_of(found.ids)
    is_open = rows >= 0 if mask is None else (rows >= 0) & mask[rows]
    ids, scores = found.ids[is_open], found.scores[is_open]
    best = ids[np.argsort(-scores, kind="stable")[:LOOKED_AT]].tolist()
    return any(has_all_words(item.text, words) for item in parts.store.items(best).values())


def _with_scale(parts: Parts, seen: Seen, question: Question, hits: Sequence[Hit]) -> list[Hit]:
    """Return hits with percentile and band, where their scores come from cosines."""
    cosines = [_cosine(question, hit) for hit in hits]
    known = None if None in cosines else parts.judge.calibration(seen)
    if known is None:
        return list(hits)
    scores = [cosine for cosine in cosines if cosine is not None]
    told = zip(hits, percentiles(known, scores), bands(known, scores), strict=True)
    return [replace(hit, percentile=percentile, band=band) for hit, percentile, band in told]


def _cosine(question: Question, hit: Hit) -> float | None:
    if question.order == "unusual" or question.mode == LEXICAL:
        return None
    return hit.score if question.mode == SEMANTIC else (hit.parts or {}).get(SEMANTIC)


def _explained(
    parts: Parts, seen: Seen, question: Question, vector: Vectors, hits: Sequence[Hit]
) -> list[Hit]:
    if question.mode == LEXICAL:
        return explained_by_words(hits, question_words(question))
    space = seen.snapshot.space
    if space.handle is None:
        return list(hits)
    return explained(parts.module_of(space), vector, hits, question_words(question))
