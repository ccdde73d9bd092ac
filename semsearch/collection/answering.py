"""From a question to hits, stage by stage: vector, candidates, fusion, order, and what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from semsearch.collection.arranging import Arranging, Page
from semsearch.collection.asking import question_vectors, stored_items
from semsearch.collection.facets import chosen_fields, facets_of
from semsearch.collection.ordering import farthest, unusual
from semsearch.collection.parts import Parts
from semsearch.collection.ranking import nearest, passage_at, spans_of
from semsearch.collection.records import Hit, Hits
from semsearch.collection.searching import ATTEMPTS, Allowing, Mask, Seen, allowing
from semsearch.collection.telling import refusals, told
from semsearch.collection.wording import by_both, by_words, notes_on
from semsearch.search.facets import Facet
from semsearch.search.paging import Cursor, read_cursor
from semsearch.search.question import Question
from semsearch.search.ranked import Ids, Ranked, ranked
from semsearch.vectors import Vectors

NOTHING = np.empty(0, dtype=np.int64)
NOTHING_PASSES = "no item passes the filter"
NO_PAGE = Page(ranked(NOTHING, np.empty(0, dtype=np.float32)))


@dataclass(frozen=True)
class Asked:
    """Questions that differ in their text or image only, checked before anything is encoded.

    `allowed` is the filter, `facets` the types of the fields to count, `cursors` where the
    page before of each ended, `named` the ids of the stored items among the terms.
    """

    questions: Sequence[Question]
    allowed: Allowing
    facets: dict[str, str]
    cursors: Sequence[Cursor]
    named: Ids

    @classmethod
    def of(cls, parts: Parts, questions: Sequence[Question]) -> Asked:
        """Return questions, of which there must be one at least, ready to be answered."""
        first = questions[0]
        allowed = allowing(parts.store, first.where)
        facets = chosen_fields(parts.store, first.facets) if first.facets else {}
        named = [item.id for item in stored_items(parts, first)]
        cursors = [read_cursor(question) for question in questions]
        return cls(questions, allowed, facets, cursors, np.array(named, dtype=np.int64))


@dataclass(frozen=True)
class Looked:
    """What one attempt looks at: a view of the collection, and the rows that pass the filter."""

    seen: Seen
    mask: Mask | None


def answer(parts: Parts, questions: Sequence[Question]) -> list[Hits]:
    """Return the hits of each question; the questions differ in their text or image only.

    Nothing is encoded where the filter is wrong, nor where nothing passes it.
    """
    if not questions:
        return []
    asked = Asked.of(parts, questions)
    seen = parts.view.now()
    looked = Looked(seen, asked.allowed(seen.snapshot))
    if looked.mask is not None and not looked.mask.any():
        page = replace(NO_PAGE, notes=(NOTHING_PASSES,))
        return [shown(parts, asked, looked, page) for _ in questions]
    vectors = vectors_of(parts, questions, seen)
    answers: list[Hits] = []
    for _ in range(ATTEMPTS):
        before, seen = seen, parts.view.now()  # encoding has taken its time
        if seen is not before:
            looked = Looked(seen, asked.allowed(seen.snapshot))
        if seen.snapshot.space.id != before.snapshot.space.id:
            vectors = vectors_of(parts, questions, seen)
        pages = pages_of(parts, asked, looked, vectors)
        answers = [shown(parts, asked, looked, page) for page in pages]
        if sum(map(len, answers)) == sum(len(page.found) for page in pages):
            break  # else another process erased what was found
    return told(parts, looked.seen, questions, vectors, answers)


def vectors_of(parts: Parts, questions: Sequence[Question], seen: Seen) -> Vectors:
    """Return one unit vector a question (n, dim), of zeros where meanings are not compared."""
    if questions[0].mode == "lexical":
        return np.zeros((len(questions), seen.snapshot.space.dim), dtype=np.float32)
    return question_vectors(parts, questions, seen.snapshot)


def pages_of(parts: Parts, asked: Asked, looked: Looked, vectors: Vectors) -> list[Page]:
    """Return the page of hits of each question."""
    arranging = [
        Arranging(looked.seen, question, cursor, asked.named)
        for question, cursor in zip(asked.questions, asked.cursors, strict=True)
    ]
    found = candidates(parts, looked, asked.questions, vectors, arranging[0].depth())

    def page(number: int) -> Page:
        def find(depth: int) -> Ranked:
            one = slice(number, number + 1)
            return candidates(parts, looked, asked.questions[one], vectors[one], depth)[0]

        return arranging[number].page(found[number], find)

    verdicts = refusals(parts, looked.seen, asked.questions, vectors, looked.mask)
    pages = [
        NO_PAGE if is_refused else page(number) for number, (is_refused, _) in enumerate(verdicts)
    ]
    return [
        replace(one, notes=(*one.notes, *notes))
        for one, (_, notes) in zip(pages, verdicts, strict=True)
    ]


def candidates(
    parts: Parts, looked: Looked, questions: Sequence[Question], vectors: Vectors, n: int
) -> list[Ranked]:
    """Return the n items that answer each question best, in the order that was asked for.

    All that there are come back where they are fewer, or the order is not the nearest first.
    """
    match questions[0].order:
        case "farthest":
            return [farthest(looked.seen, vector, looked.mask) for vector in vectors]
        case "unusual":
            return [unusual(looked.seen, looked.mask)]
    match questions[0].mode:
        case "lexical":
            return by_words(parts, looked.seen, questions, n, looked.mask)
        case "hybrid":
            return by_both(parts, looked.seen, questions, vectors, n, looked.mask)
    return nearest(looked.seen, vectors, n, looked.mask)


def shown(parts: Parts, asked: Asked, looked: Looked, page: Page) -> Hits:
    """Return a page as hits; those that are gone from the store are left out."""
    ids = page.found.ids.tolist()
    items = parts.store.items(ids)
    folded = keys_behind(parts, page) if asked.questions[0].collapse is not None else {}
    spans = spans_of(looked.seen.snapshot.passages, page.found.passages)
    hits = [
        Hit(
            item.key,
            score,
            item.text,
            item.fields,
            parts=made_of,
            passage=passage_at(item.text, span),
            folded=folded.get(id_),
        )
        for id_, score, made_of, span in zip(
            ids, page.found.scores.tolist(), page.found.parts_by_item(), spans, strict=True
        )
        if (item := items.get(id_)) is not None
    ]
    notes = (*page.notes, *notes_on(parts, asked.questions[0], page.found))
    return Hits(hits, after=page.after, facets=counts(parts, asked, looked), notes=notes)


def keys_behind(parts: Parts, page: Page) -> dict[int, list[str]]:
    """Return for each hit of a page the keys of the items that are folded into it."""
    behind = {id_: page.folded.get(id_, NOTHING).tolist() for id_ in page.found.ids.tolist()}
    keys = parts.store.keys([each for ids in behind.values() for each in ids])
    return {id_: [keys[each] for each in ids if each in keys] for id_, ids in behind.items()}


def counts(parts: Parts, asked: Asked, looked: Looked) -> dict[str, Facet]:
    """Return how often each value of the fields that were asked for passes the filter."""
    if not asked.facets:
        return {}
    return facets_of(parts.store, looked.seen.snapshot, looked.mask, asked.facets)
