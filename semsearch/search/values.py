"""The values of a filter, checked against the type of the field that they are compared with."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import cast

from semsearch.errors import shortened
from semsearch.search import tree
from semsearch.search.tree import ITEM, UNTYPED, Field, Node, Place, Scalar

Literal = str | int | float | bool | None

DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.IGNORECASE
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY_LENGTH = timedelta(days=1) // MICROSECOND
OPPOSITES = {"=": "<>", "<>": "="}


class Mistake(Exception):
    """What is wrong with a filter: a problem that completes "the filter '...'", and a remedy.

    `position` is the index in the filter of what is wrong, told where it is known.
    """

    def __init__(self, problem: str, remedy: str, position: int | None = None) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy
        self.position = position


def as_test(field: Field, sign: str, value: Literal) -> Node:
    """Return the comparison of a field with one value."""
    if field.kind == "list":
        raise Mistake(
            f"compares the list field {field.name!r} with one value",
            f"write {shortened(value)} in {field.name}" if isinstance(value, str) else _MEMBER,
        )
    if field.kind == "date" and value is not None:
        return _date_test(field, sign, value)
    checked = _checked(field, value)
    if field.kind == "boolean" and sign not in OPPOSITES:
        raise Mistake(
            f"asks whether the boolean field {field.name!r} is {sign} a value",
            f"write {field.name}, or not {field.name}",
        )
    return tree.Comparison(field, sign, checked)


def as_tests(field: Field, values: tuple[Literal, ...]) -> Node:
    """Return the question whether a field is one of the values."""
    if field.kind in ("date", "list"):
        return tree.Any(tuple(as_test(field, "=", value) for value in values))
    return tree.Among(field, tuple(_checked(field, value) for value in values))


def as_like(field: Field, pattern: Literal) -> Node:
    """Return the question whether a text matches a pattern."""
    if field.kind not in ("text", ITEM, UNTYPED):
        raise Mistake(
            f"asks the {field.kind} field {field.name!r} for a pattern", "like is for texts alone"
        )
    return tree.Like(field, cast("str", _checked(field, pattern)))


def as_part(field: Field, place: Place, piece: Literal) -> Node:
    """Return the question whether a text contains another, or a list a member."""
    if field.kind == "list" and place == "anywhere":
        return as_member(field, piece)
    if field.kind not in ("text", ITEM, UNTYPED):
        raise Mistake(
            f"asks the {field.kind} field {field.name!r} for a piece of text",
            "contains is for texts and lists, starts with and ends with for texts",
        )
    return tree.Contains(field, str(_checked(field, piece)), place)


def as_member(field: Field, member: Literal) -> Node:
    """Return the question whether a list holds a text."""
    if field.kind not in ("list", UNTYPED):
        raise Mistake(
            f"looks for a member in {field.name!r}, which is no list",
            f"write {field.name} = ..., or {field.name} in (..., ...)",
        )
    if not isinstance(member, str):
        raise Mistake(f"looks for {_spelled(member)} in the list field {field.name!r}", _MEMBER)
    return tree.Holds(field, member)


_MEMBER = "lists hold texts: write 'a text' in NAME"


def _date_test(field: Field, sign: str, value: Literal) -> Node:
    first, end = _span(field, value)
    if end == first:
        return tree.Comparison(field, sign, first)
    after, before = tree.Comparison(field, ">=", first), tree.Comparison(field, "<", end)
    tests: dict[str, Node] = {
        "=": tree.All((after, before)),
        "<>": tree.Not(tree.All((after, before))),
        "<": tree.Comparison(field, "<", first),
        "<=": before,
        ">": tree.Comparison(field, ">=", end),
        ">=": after,
    }
    return tests[sign]


def _span(field: Field, value: Literal) -> tuple[int, int]:
    """Return the microsecond that a date begins with, and the one after its last.

    They are the same where it is a moment rather than a day.
    """
    text = value.strip() if isinstance(value, str) else ""
    is_day = DAY.fullmatch(text) is not None
    try:
        if not is_day and MOMENT.fullmatch(text) is None:
            raise ValueError(text)
        moment = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise Mistake(
            f"compares the date field {field.name!r} with {_spelled(value)}, which is no date",
            "write it as '2024-05-01' or '2024-05-01T12:30:00Z'",
        ) from error
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    first = (moment - EPOCH) // MICROSECOND
    return first, first + DAY_LENGTH if is_day else first


def _checked(field: Field, value: Literal) -> Scalar:
    """Return a value that is of the field's type, or say how to write one."""
    match field.kind, value:
        case "number", bool():
            pass
        case "number", int() | float():
            return value
        case "boolean", bool():
            return value
        case "boolean", 0 | 1:
            return bool(value)
        case (("text" | "item"), str()):
            return value
        case "", str() | int() | float():
            return value
    raise Mistake(
        f"compares {_described(field)} {field.name!r} with {_spelled(value)}",
        _remedy(field, value),
    )


def _remedy(field: Field, value: Literal) -> str:
    if value is None:
        return f"write {field.name} is null, or {field.name} is not null"
    return {
        "number": "write a number, without quotes",
        "boolean": f"write {field.name}, or not {field.name}",
    }.get(field.kind, f"write texts in single quotes: {field.name} = 'a text'")


def _described(field: Field) -> str:
    return "the item's" if field.kind == ITEM else f"the {field.kind} field"


def _spelled(value: Literal) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return f"the text {shortened(value)}"
    return f"the number {value!r}"
