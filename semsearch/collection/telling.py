"""What is told about the hits of an answer: how much their scores mean, and which words matched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from semsearch.collection.explaining import explained, explained_by_words
from semsearch.collection.judging import bands, percentiles, verdicts
from semsearch.collection.parts import Parts
from semsearch.collection.records import Hit, Hits
from semsearch.collection.searching import Mask, Seen
from semsearch.search.question import Question
from semsearch.vectors import Vectors

AUTO = "auto"
SEMANTIC = "semantic"
LEXICAL = "lexical"

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
    found = verdicts(parts.judge, seen, vectors, mask)
    return [(not one.is_related, (one.note,) if one.note else ()) for one in found]


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
        return explained_by_words(hits, question.text or "")
    space = seen.snapshot.space
    if space.handle is None:
        return list(hits)
    return explained(parts.module_of(space), vector, hits, question.text)
