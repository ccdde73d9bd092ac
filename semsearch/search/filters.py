"""The filter language: a `where` text is parsed by sqlglot, checked, and bound as parameters.

Nothing of the text itself reaches SQLite: only the shapes listed here do, with the field names
checked against the collection and every value passed as a parameter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from semsearch.errors import QueryError

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

MAX_LENGTH = 4096
EXAMPLE = "stars <= 2 and source = 'yelp'"
ITEM_COLUMNS = ("key", "text")
"""What every item has beside its fields; a field of the same name comes first."""

INT64 = range(-(2**63), 2**63)

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Condition:
    """An SQL condition on the table `item`, and the values of its parameters."""

    sql: str
    values: tuple[Scalar, ...] = ()


def parse_filter(where: str, fields: Mapping[str, str]) -> Condition:
    """Return the condition that `where` means for a collection with these fields.

    Comparisons, `in`, `between`, `like`, `is null`, `and`, `or`, `not` and parentheses are
    understood: `stars <= 2 and source in ('yelp', 'imdb')`.

    Raises:
        QueryError: the text cannot be read, or names a field that does not exist; the message
            names the fields that do.
    """
    import sqlglot
    from sqlglot.errors import SqlglotError

    if not where.strip():
        raise QueryError("the filter is empty", f"write one such as {EXAMPLE!r}, or leave it out")
    if len(where) > MAX_LENGTH:
        raise QueryError(f"the filter is longer than {MAX_LENGTH} characters", "shorten it")
    try:
        tree = sqlglot.parse_one(where, dialect="sqlite", into=sqlglot.exp.Condition)
    except (SqlglotError, RecursionError) as error:
        raise QueryError(
            f"the filter {where!r} cannot be read{_position(error)}", f"write it as in {EXAMPLE!r}"
        ) from error
    return _Translation(where, fields).of(cast("Expression", tree))


def _position(error: Exception) -> str:
    details = getattr(error, "errors", None) or [{}]
    near, column = details[0].get("highlight"), details[0].get("col")
    return f" at character {column}, near {near!r}" if near and column else ""


class _Translation:
    """One walk over a parsed filter."""

    def __init__(self, where: str, fields: Mapping[str, str]) -> None:
        self._where = where
        self._fields = fields
        self._shapes: dict[str, Callable[[Expression], Condition]] = {
            "And": lambda e: self._joined(e, "AND"),
            "Or": lambda e: self._joined(e, "OR"),
            "Not": lambda e: self._wrapped("NOT (", self.of(e.this), ")"),
            "Paren": lambda e: self._wrapped("(", self.of(e.this), ")"),
            "EQ": lambda e: self._compared(e, "="),
            "NEQ": lambda e: self._compared(e, "<>"),
            "LT": lambda e: self._compared(e, "<"),
            "LTE": lambda e: self._compared(e, "<="),
            "GT": lambda e: self._compared(e, ">"),
            "GTE": lambda e: self._compared(e, ">="),
            "Like": lambda e: self._compared(e, "LIKE"),
            "Is": lambda e: self._compared(e, "IS"),
            "In": self._in,
            "Between": self._between,
            "Column": self._flag,
        }

    def of(self, expression: Expression) -> Condition:
        shape = self._shapes.get(type(expression).__name__)
        if shape is None:
            raise self._refusal(expression)
        return shape(expression)

    def _flag(self, column: Expression) -> Condition:
        field = self._field(column)
        if self._fields.get(column.name) != "boolean":
            raise self._refusal(column)
        return self._wrapped("", field, " = 1")

    def _joined(self, expression: Expression, word: str) -> Condition:
        left, right = self.of(expression.this), self.of(expression.expression)
        return Condition(f"({left.sql}) {word} ({right.sql})", left.values + right.values)

    def _compared(self, expression: Expression, sign: str) -> Condition:
        left, right = self._operand(expression.this), self._operand(expression.expression)
        return Condition(f"{left.sql} {sign} {right.sql}", left.values + right.values)

    def _in(self, expression: Expression) -> Condition:
        members = [self._operand(member) for member in expression.expressions]
        if not members:
            raise self._refusal(expression)
        field = self._operand(expression.this)
        marks = ", ".join(member.sql for member in members)
        values = tuple(value for member in members for value in member.values)
        return Condition(f"{field.sql} IN ({marks})", field.values + values)

    def _between(self, expression: Expression) -> Condition:
        parts = [self._operand(expression.args[name]) for name in ("this", "low", "high")]
        field, low, high = parts
        return Condition(
            f"{field.sql} BETWEEN {low.sql} AND {high.sql}",
            tuple(value for part in parts for value in part.values),
        )

    def _operand(self, expression: Expression) -> Condition:
        match type(expression).__name__:
            case "Column":
                return self._field(expression)
            case "Literal" if expression.is_string:
                return Condition("?", (str(expression.this),))
            case "Literal":
                return Condition("?", (_number(expression.this),))
            case "Boolean":
                return Condition("?", (bool(expression.this),))
            case "Null":
                return Condition("NULL")
            case "Neg":
                return self._wrapped("-", self._operand(expression.this), "")
            case _:
                raise self._refusal(expression)

    def _field(self, column: Expression) -> Condition:
        name = column.name
        if name in self._fields:
            path = f"$.{json.dumps(name, ensure_ascii=False)}"
            return Condition("json_extract(fields, ?)", (path,))
        if name in ITEM_COLUMNS:
            return Condition(name)
        known = ", ".join([*self._fields, *ITEM_COLUMNS])
        raise QueryError(
            f"the filter {self._where!r} names the unknown field {name!r}",
            f"there are: {known}; put texts in single quotes",
        )

    def _refusal(self, expression: Expression) -> QueryError:
        return QueryError(
            f"the filter {self._where!r} uses {expression.sql(dialect='sqlite')!r},"
            " which filters do not know",
            f"use comparisons, in, between, like, is null, and, or, not, as in {EXAMPLE!r}",
        )

    @staticmethod
    def _wrapped(before: str, inner: Condition, after: str) -> Condition:
        return Condition(f"{before}{inner.sql}{after}", inner.values)


def _number(text: str) -> int | float:
    try:
        number = int(text)
    except ValueError:
        return float(text)
    return number if number in INT64 else float(number)
