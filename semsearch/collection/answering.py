"""From a question to hits, stage by stage: vector, candidates, fusion, order, and what is shown."""

from __future__ import annotations

from collections.abc import Sequence

from semsearch.collection.asking import question_vectors
from semsearch.collection.parts import Parts
from semsearch.collection.ranking import nearest
from semsearch.collection.records import Hit, Hits
from semsearch.collection.searching import ATTEMPTS, Mask, Seen, allowing
from semsearch.search.question import Question
from semsearch.search.ranked import Ranked
from semsearch.vectors import Vectors


def answer(parts: Parts, questions: Sequence[Question]) -> list[Hits]:
    """Return the hits of each question; the questions differ in their text or image only.

    Nothing is encoded where the filter is wrong, nor where nothing passes it.
    """
    if not questions:
        return []
    allowed = allowing(parts.store, questions[0].where)
    seen = parts.view.now()
    mask = allowed(seen.snapshot)
    if mask is not None and not mask.any():
        return [Hits() for _ in questions]
    vectors = question_vectors(parts, questions, seen.snapshot)
    answers: list[Hits] = []
    for _ in range(ATTEMPTS):
        before, seen = seen, parts.view.now()  # encoding has taken its time
        if seen is not before:
            mask = allowed(seen.snapshot)
        if seen.snapshot.space.id != before.snapshot.space.id:
            vectors = question_vectors(parts, questions, seen.snapshot)
        found = candidates(seen, questions, vectors, mask)
        answers = [shown(parts, one) for one in found]
        if sum(map(len, answers)) == sum(map(len, found)):
            break  # else another process erased what was found
    return answers


def candidates(
    seen: Seen, questions: Sequence[Question], vectors: Vectors, mask: Mask | None
) -> list[Ranked]:
    """Return the items that answer each question, best first."""
    return nearest(seen, vectors, questions[0].k, mask)


def shown(parts: Parts, found: Ranked) -> Hits:
    """Return ranked items as hits; those that are gone from the store are left out."""
    items = parts.store.items(found.ids.tolist())
    return Hits(
        Hit(item.key, score, item.text, item.fields)
        for id_, score in zip(found.ids.tolist(), found.scores.tolist(), strict=True)
        if (item := items.get(id_)) is not None
    )
