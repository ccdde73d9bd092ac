"""Checks of a question before anything is encoded or searched, each with one sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from semsearch.collection.checks import as_list, check_k, check_query
from semsearch.errors import shortened
from semsearch.search.question import (
    AUTO,
    FUSIONS,
    LEXICAL,
    MODES,
    ORDERS,
    SEMANTIC,
    Question,
    Term,
)

MAX_TERMS = 32
MAX_WEIGHT = 1000.0
MAX_DIVERSE = 1000
"""So many diverse hits at most: each is compared with all that were chosen before it."""

MAX_WORD_SCORE = 1000.0
"""So much at most may be asked of the scores of words, which have no bound of their own."""

MAX_AFTER = 16_384
CONTENTS = ("text", "key", "image")

TermLike = str | Mapping[str, Any] | Term
"""A text, a term, or a dict of one of text, key and image, and of weight where it is not 1."""


def as_terms(given: Iterable[TermLike], what: str) -> tuple[Term, ...]:
    """Return the terms of `plus` or `minus`; `what` says of which.

    Raises:
        ValueError: there are more than 32, or one of them cannot be looked for.
        TypeError: they are no list, or one of them is no term.
    """
    if isinstance(given, Mapping | Term):
        raise TypeError(f"{what} must be a list, got a single term; put it in a list")
    terms = tuple(_as_term(one, what) for one in as_list(given, what))
    if len(terms) > MAX_TERMS:
        raise ValueError(f"{what} holds {len(terms)} terms; at most {MAX_TERMS} are taken")
    return terms


def checked_question(question: Question) -> Question:
    """Return a question whose parts are sound and go together.

    Raises:
        ValueError: a part lies outside of what there is, or contradicts another.
        TypeError: a part is of a wrong type.
    """
    if question.text is not None:
        check_query(question.text)
    check_k(question.k)
    _check_choice(question.mode, "mode", MODES)
    _check_choice(question.fusion, "fusion", FUSIONS)
    _check_choice(question.order, "order", ORDERS)
    _check_scores(question)
    _check_after(question.after)
    for name in question.facets:
        if not isinstance(name, str):
            raise TypeError(f"facets are names of fields, got {shortened(name)}")
    _check_whole_question(question)
    _check_together(question)
    return question


def as_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the fields to be counted, each once; TypeError where they are no list."""
    return tuple(dict.fromkeys(as_list(names, "facets")))


# -- terms


def _as_term(given: Any, what: str) -> Term:
    match given:
        case str():
            term = Term(text=given)
        case Term():
            term = given
        case Mapping():
            term = _from_mapping(given, what)
        case _:
            raise TypeError(
                f"a term of {what} is a text or a dict such as {{'key': 'r-12', 'weight': 0.5}},"
                f" got {shortened(given)}"
            )
    _check_content(term, what)
    _check_number(term.weight, f"the weight of a term of {what}", 0, MAX_WEIGHT)
    if term.weight <= 0:
        raise ValueError(
            f"the weight of a term of {what} must be above 0, got {term.weight!r};"
            " what shall count against a hit goes in minus"
        )
    return term


def _from_mapping(given: Mapping[str, Any], what: str) -> Term:
    unknown = [name for name in given if name not in (*CONTENTS, "weight")]
    if unknown:
        raise ValueError(
            f"a term of {what} has no {shortened(unknown[0])}, but text, key or image, and weight"
        )
    return Term(**given)


def _check_content(term: Term, what: str) -> None:
    contents = [name for name in CONTENTS if getattr(term, name) is not None]
    if len(contents) != 1:
        told = " and ".join(contents) or "none"
        raise ValueError(f"a term of {what} has one of text, key and image, got {told}")
    if term.text is not None:
        check_query(term.text)
    if term.key is not None and not isinstance(term.key, str):
        raise TypeError(f"a key is a text, got {shortened(term.key)}")


# -- single parts


def _check_choice(value: Any, what: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ValueError(
            f"the {what} {shortened(value)} does not exist; there are {', '.join(choices)}"
        )


def _check_number(value: Any, what: str, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{what} must be a number, got {shortened(value)}")
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"{what} must lie between {low:g} and {high:g}, got {shortened(value)}")


def _check_scores(question: Question) -> None:
    if question.weight is not None:
        _check_number(question.weight, "weight, the share of meaning in a hybrid score,", 0, 1)
    _check_number(question.diversity, "diversity", 0, 1)
    if question.collapse is not None:
        _check_number(question.collapse, "collapse, a cosine,", 0, 1)
        if question.collapse <= 0:
            raise ValueError("collapse must be above 0; 0.95 folds what is all but the same")
    if question.min_score is not None and question.min_score != AUTO:
        if isinstance(question.min_score, str):
            raise ValueError(
                f"min_score must be a number or {AUTO!r}, got {shortened(question.min_score)}"
            )
        highest = MAX_WORD_SCORE if question.mode == LEXICAL else 1
        _check_number(question.min_score, "min_score", -1, highest)


def _check_after(after: Any) -> None:
    if after is None:
        return
    if not isinstance(after, str):
        raise TypeError(f"after is a text as hits.after gives it, got {shortened(after)}")
    if not after or len(after) > MAX_AFTER:
        raise ValueError("after is no cursor of a search; pass on hits.after as it came")


# -- parts that go together


def _check_whole_question(question: Question) -> None:
    has_terms = bool(question.plus or question.minus)
    is_asked = question.text is not None or question.image is not None
    if question.order == "unusual":
        if has_terms or is_asked:
            raise ValueError(
                "order='unusual' compares the items with each other and takes no question;"
                " leave text, image, plus and minus out"
            )
        if question.explain:
            raise ValueError("explain says what matched a question; order='unusual' has none")
    elif not (has_terms or is_asked):
        raise ValueError("search() needs a text, an image, plus, minus, or order='unusual'")
    if question.text is not None and question.image is not None:
        raise ValueError("search() takes a text or an image, not both")


def _check_together(question: Question) -> None:
    if question.diversity and question.k > MAX_DIVERSE:
        raise ValueError(
            f"k must be at most {MAX_DIVERSE:,} where diversity is asked for, got {question.k:,}"
        )
    if question.mode == SEMANTIC:
        return
    if question.order != "nearest":
        raise ValueError(
            f"order={question.order!r} compares meanings, not words; use mode='semantic'"
        )
    has_words = question.text is not None or any(term.text is not None for term in question.plus)
    if not has_words:
        raise ValueError(f"mode={question.mode!r} needs words: a text, or a text in plus")
    is_words_only = all(term.text is not None for term in question.plus) and not question.minus
    if question.mode == LEXICAL and not is_words_only:
        raise ValueError(
            "mode='lexical' compares words alone and takes texts in plus, no keys, images or minus;"
            " use mode='hybrid'"
        )
