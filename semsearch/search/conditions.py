"""The leaves of a filter that SQLite answers: conditions on `key` and `text` of the items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from semsearch.search.tree import Among, Comparison, Holds, Is, Leaf, Like


@dataclass(frozen=True)
class Condition:
    """An SQL condition on the table `item`, and the values of its parameters."""

    sql: str
    values: tuple[str, ...] = ()
    negated: bool = False
    """Whether the contrary was asked: few rows are quicker to find than all others."""


def condition_of(leaf: Leaf) -> Condition:
    """Return what SQLite is asked for a leaf on `key` or `text`; its values are parameters."""
    name = {"key": "key", "text": "text"}[leaf.field.name]
    match leaf:
        case Comparison(_, "<>", value):
            return Condition(f"{name} = ?", (str(value),), negated=True)
        case Comparison(_, sign, value):
            return Condition(f"{name} {sign} ?", (str(value),))
        case Among(_, values):
            marks = ", ".join("?" * len(values))
            return Condition(f"{name} IN ({marks})", cast("tuple[str, ...]", values))
        case Like(_, pattern):
            return Condition(f"{name} LIKE ?", (pattern,))
        case Is(_, None):
            return Condition(f"{name} IS NULL")
        case Holds() | Is():
            raise ValueError(f"{name} is a text, and {leaf!r} is no question to one")
