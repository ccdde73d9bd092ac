"""The leaves of a filter that SQLite answers: conditions on `key` and `text` of the items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from semsearch.search.tree import Among, Comparison, Contains, Holds, Is, Leaf, Like, Place


@dataclass(frozen=True)
class Condition:
    """An SQL condition on the table `item`, and the values of its parameters."""

    sql: str
    values: tuple[str | bytes, ...] = ()
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
        case Contains(_, piece, place):
            return _containing(name, piece.encode().lower(), place)
        case Is(_, None):
            return Condition(f"{name} IS NULL")
        case Holds() | Is():
            raise ValueError(f"{name} is a text, and {leaf!r} is no question to one")


def _containing(name: str, piece: bytes, place: Place) -> Condition:
    """Compare bytes: a character 0 ends a text of `LIKE`, and `lower` folds A-Z alone, as it does.

    UTF-8 is such that a piece of text is found in the bytes just where it stands in the text.
    """
    if not piece:
        return Condition(f"{name} IS NOT NULL")
    lowered = f"CAST(lower({name}) AS BLOB)"
    part = {"start": f"1, {len(piece)}", "end": f"-{len(piece)}"}
    if place in part:
        return Condition(f"substr({lowered}, {part[place]}) = ?", (piece,))
    return Condition(f"instr({lowered}, ?) > 0", (piece,))
