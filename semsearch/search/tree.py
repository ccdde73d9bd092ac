"""A filter as a small frozen tree: checked against the fields, free of any parser.

`filters.parse_filter` makes it, `evaluate.passing` answers it. A new kind of condition is one more
leaf here, one more shape there, and one more case in `evaluate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ITEM = "item"
"""The kind of `key` and `text`, which every item has beside its fields."""

UNTYPED = ""
"""The type of a field that no item has a value of: nothing is known of it but that it is null."""

Scalar = str | int | float | bool
Sign = str
"""One of = <> < <= > >=."""

Place = Literal["anywhere", "start", "end"]


@dataclass(frozen=True)
class Field:
    """A field, and its type: number, text, boolean, date or list; `ITEM` for `key` and `text`."""

    name: str
    kind: str


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Any:
    """At least one part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold; where the part is unknown, so is this."""

    part: Node


@dataclass(frozen=True)
class Comparison:
    """A field against one value of its type; dates are microseconds since 1970 in UTC."""

    field: Field
    sign: Sign
    value: Scalar


@dataclass(frozen=True)
class Among:
    """A field equals one of the values, which are of its type."""

    field: Field
    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class Like:
    """A text matches a pattern of SQL: % any characters, _ one; A-Z and a-z are the same."""

    field: Field
    pattern: str


@dataclass(frozen=True)
class Contains:
    """A text contains another at `place`; A-Z and a-z are the same, and nothing is a pattern."""

    field: Field
    piece: str
    place: Place


@dataclass(frozen=True)
class Holds:
    """A list holds a text."""

    field: Field
    member: str


@dataclass(frozen=True)
class Is:
    """A field is just this (None: it has no value); never unknown."""

    field: Field
    value: bool | None


Leaf = Comparison | Among | Like | Contains | Holds | Is
Node = All | Any | Not | Leaf
