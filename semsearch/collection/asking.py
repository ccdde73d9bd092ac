"""The vector of a question, in the space of the snapshot that is searched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from semsearch.collection.parts import Parts
from semsearch.search.question import Question, Term
from semsearch.store import Snapshot, StoredItem
from semsearch.vectors import Vectors

CANCELLED = 1e-3
"""A sum this short, beside the weights that went in, points nowhere but by rounding."""


def question_vectors(parts: Parts, questions: Sequence[Question], snapshot: Snapshot) -> Vectors:
    """Return one unit vector a question, shape (n, dim).

    It is the direction of the weighted sum of its parts' unit vectors; the text or image weighs 1,
    what is in `minus` is subtracted. A question without parts is a zero vector.

    Raises:
        ContentError: the module refuses a text or image.
        KeyNotFound: a stored item among the terms is gone.
        ValueError: the parts of a question cancel out.
    """
    terms = [list(signed_terms(one)) for one in questions]
    rows = np.cumsum([0, *map(len, terms)])
    flat = [term for some in terms for term in some]
    vectors = _term_vectors(parts, flat, snapshot)
    asked = np.zeros((len(questions), snapshot.space.dim), dtype=np.float32)
    for number, some in enumerate(terms):
        if len(some) == 1 and some[0].weight > 0:
            asked[number] = vectors[rows[number]]  # as it is: rounding would change its last digits
        elif some:
            asked[number] = _direction(vectors[rows[number] : rows[number + 1]], some)
    return asked


def signed_terms(question: Question) -> Iterator[Term]:
    """Yield all parts of a question as terms; those of `minus` weigh less than 0."""
    if question.text is not None or question.image is not None:
        yield Term(text=question.text, image=question.image)
    yield from question.plus
    for term in question.minus:
        yield Term(-term.weight, term.text, term.key, term.image)


def asked_modalities(question: Question) -> list[str]:
    """Return what the module must read for a question: "text", "image", both or nothing."""
    terms = list(signed_terms(question))
    has = {
        "text": any(term.text is not None for term in terms),
        "image": any(term.image is not None for term in terms),
    }
    return [modality for modality, is_asked in has.items() if is_asked]


def stored_items(parts: Parts, question: Question) -> list[StoredItem]:
    """Return the stored items among the terms of a question, each once; raises `KeyNotFound`."""
    keys = [term.key for term in signed_terms(question) if term.key is not None]
    return parts.items_of(list(dict.fromkeys(keys))) if keys else []


def question_words(question: Question) -> str:
    """Return the words of a question for a search by words: its text and those of `plus`."""
    texts = [question.text, *(term.text for term in question.plus)]
    return "\n".join(text for text in texts if text is not None)


def _term_vectors(parts: Parts, terms: Sequence[Term], snapshot: Snapshot) -> Vectors:
    vectors = np.empty((len(terms), snapshot.space.dim), dtype=np.float32)
    stored = [number for number, term in enumerate(terms) if term.key is not None]
    if stored:
        items = parts.items_of([str(terms[number].key) for number in stored])
        vectors[stored] = parts.vectors_of(items, snapshot)
    encoded = [number for number, term in enumerate(terms) if term.key is None]
    if encoded:
        module = parts.module_of(snapshot.space)
        contents: list[Any] = [
            terms[number].image if terms[number].text is None else terms[number].text
            for number in encoded
        ]
        vectors[encoded] = module.encode_prepared([module.prepare(each) for each in contents])
    return vectors


def _direction(vectors: Vectors, terms: Sequence[Term]) -> Vectors:
    weights = np.array([term.weight for term in terms], dtype=np.float64)
    total = weights @ vectors.astype(np.float64)
    length = float(np.linalg.norm(total))
    if length <= CANCELLED * float(np.abs(weights).sum()):
        raise ValueError(
            "the parts of the question cancel out and nothing is left to look for;"
            " change a weight or leave a part out"
        )
    return np.asarray(total / length, dtype=np.float32)
