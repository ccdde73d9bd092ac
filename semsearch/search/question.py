"""A question to a collection: what is looked for, how it is compared, how answers are laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SEMANTIC, LEXICAL, HYBRID = "semantic", "lexical", "hybrid"
MODES = (SEMANTIC, LEXICAL, HYBRID)
AUTO = "auto"
"""As a least score: the one that a query about something else seldom reaches here."""

FUSIONS = ("convex", "reciprocal")
ORDERS = ("nearest", "farthest", "unusual")


@dataclass(frozen=True)
class Term:
    """One part of a question: a text, the key of a stored item, or an image, with its weight."""

    weight: float = 1.0
    text: str | None = None
    key: str | None = None
    image: Any = None


@dataclass(frozen=True)
class Question:
    """Everything that one search may ask; `Collection.search` says what each part means."""

    text: str | None = None
    image: Any = None
    k: int = 10
    where: str | None = None
    mode: str = SEMANTIC
    plus: tuple[Term, ...] = ()
    minus: tuple[Term, ...] = ()
    weight: float | None = None
    fusion: str = "convex"
    min_score: float | str | None = None
    diversity: float = 0.0
    collapse: float | None = None
    order: str = "nearest"
    after: str | None = None
    facets: tuple[str, ...] = ()
    explain: bool = False
