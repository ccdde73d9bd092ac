"""The filter language: a `where` text is parsed by sqlglot and checked into a tree of our own.

Only the shapes listed here pass, with every name checked against the collection's fields and every
value against the type of its field. Nothing of the text itself ever reaches SQLite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from semsearch.errors import QueryError, shortened
from semsearch.search import tree
from semsearch.search.tree import ITEM, UNTYPED, Field, Node
from semsearch.search.values import Literal, Mistake, as_like, as_member, as_test, as_tests

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

MAX_LENGTH = 4096
LONGEST_SHOWN = 160
MOST_SHOWN = 40
"""Fields that a message names."""
EXAMPLE = "stars <= 2 and source = 'yelp'"
ITEM_COLUMNS = ("key", "text")
"""What every item has beside its fields; a field of the same name comes first."""

NAME = ("catalog", "db", "table", "this")
KNOWN_PARTS = {"expression", "expressions", "field", "low", "high", "negate", *NAME}
TRUTHS = ("boolean", UNTYPED)
SIGNS = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
TURNED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def parse_filter(where: str, fields: Mapping[str, str]) -> Node:
    """Return what `where` asks of a collection whose fields have these types.

    Comparisons, `in`, `between`, `like`, `is null`, `and`, `or`, `not` and parentheses are
    understood: `stars <= 2 and source in ('yelp', 'imdb')`. A boolean field may stand alone; a
    date is a text, `day >= '2024-05-01'`, and a day without a time means all of that day; a list
    is asked for a member, `'red' in colours`.

    Raises:
        QueryError: the text cannot be read, names a field that does not exist (the message names
            those that do), or compares a field with a value of another type.
    """
    if not isinstance(where, str):
        raise TypeError(f"a filter is a text, got {shortened(where)}")
    if not where.strip():
        raise QueryError("the filter is empty", f"write one such as {EXAMPLE!r}, or leave it out")
    if len(where) > MAX_LENGTH:
        raise QueryError(f"the filter is longer than {MAX_LENGTH} characters", "shorten it")
    if not _is_whole(where):
        raise QueryError(
            f"{_named(where)} holds half a character (an unpaired surrogate)",
            "write it anew; no stored text holds one",
        )
    try:
        return _Reading(where, fields).node(_parsed(where, fields))
    except RecursionError as error:
        raise QueryError(
            f"{_named(where)} is nested too deeply", "use fewer parentheses"
        ) from error
    except Mistake as error:
        raise QueryError(f"{_named(where)} {error.problem}", error.remedy) from error


def _is_whole(text: str) -> bool:
    """Say whether a text can be stored: no half of a character stands in it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _named(where: str) -> str:
    return f"the filter {shortened(where, LONGEST_SHOWN)}"


def _parsed(where: str, fields: Mapping[str, str]) -> Expression:
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        parsed = sqlglot.parse_one(where, dialect="sqlite", into=sqlglot.exp.Condition)
    except SqlglotError as error:
        near, column = _position(error)
        where_it_stops = f" at character {column}, near {near!r}" if near and column else ""
        remedy = f"write it as in {EXAMPLE!r}"
        if near in fields:  # a field that is named as a word of SQL, such as "when"
            remedy = f'write the field in double quotes: "{near}"'
        raise Mistake(f"cannot be read{where_it_stops}", remedy) from error
    return cast("Expression", parsed)


def _position(error: Exception) -> tuple[str, int]:
    """Return the word at which the reading stopped and the number of its last character."""
    details = getattr(error, "errors", None) or [{}]
    return details[0].get("highlight") or "", details[0].get("col") or 0


class _Reading:
    """One walk over a parsed filter."""

    def __init__(self, where: str, fields: Mapping[str, str]) -> None:
        self._fields = fields
        self._shapes: dict[str, Callable[[Expression], Node]] = {
            "And": lambda e: tree.All(self._parts(e)),
            "Or": lambda e: tree.Any(self._parts(e)),
            "Not": lambda e: tree.Not(self.node(e.this)),
            "Paren": lambda e: self.node(e.this),
            "Like": self._like,
            "Is": self._is,
            "In": self._in,
            "Between": self._between,
            "Column": self._flag,
            **dict.fromkeys(SIGNS, self._compared),
        }

    def node(self, expression: Expression) -> Node:
        shape = self._shapes.get(type(expression).__name__)
        if shape is None or not KNOWN_PARTS.issuperset(_parts(expression)):
            raise _refusal(expression)
        node = shape(expression)
        # sqlglot spells some negations as `not (a like b)` and some as a mark on `like` itself.
        return tree.Not(node) if expression.args.get("negate") else node

    def _parts(self, expression: Expression) -> tuple[Node, ...]:
        return tuple(self.node(cast("Expression", part)) for part in expression.flatten())

    def _compared(self, expression: Expression) -> Node:
        left, right, sign = expression.this, expression.expression, SIGNS[type(expression).__name__]
        if _is_column(left) and not _is_column(right):
            return as_test(self._field(left), sign, _literal(right))
        if _is_column(right) and not _is_column(left):
            return as_test(self._field(right), TURNED[sign], _literal(left))
        for column in filter(_is_column, (left, right)):
            self._field(column)  # the text in double quotes, if it is one, is told first
        raise _refusal(expression)

    def _like(self, expression: Expression) -> Node:
        return as_like(self._field(expression.this), _literal(expression.expression))

    def _is(self, expression: Expression) -> Node:
        field, value = self._field(expression.this), _literal(expression.expression)
        if value is None or (isinstance(value, bool) and field.kind in TRUTHS):
            return tree.Is(field, value)
        raise _refusal(expression)

    def _in(self, expression: Expression) -> Node:
        members, whole = expression.expressions, expression.args.get("field")
        if whole is None and len(members) == 1 and _is_column(members[0]):
            whole = members[0]  # 'red' in (colours)
        if whole is not None:
            return as_member(self._field(whole), _literal(expression.this))
        if not members:
            raise _refusal(expression)
        return as_tests(self._field(expression.this), tuple(map(_literal, members)))

    def _between(self, expression: Expression) -> Node:
        field = self._field(expression.this)
        low, high = (_literal(expression.args[name]) for name in ("low", "high"))
        return tree.All((as_test(field, ">=", low), as_test(field, "<=", high)))

    def _flag(self, column: Expression) -> Node:
        field = self._field(column)
        if field.kind not in TRUTHS:
            raise _refusal(column)
        return tree.Comparison(field, "=", True)

    def _field(self, column: Expression) -> Field:
        if not _is_column(column):
            raise _refusal(column)
        name = ".".join(column.args[part].name for part in NAME if column.args.get(part))
        if name in self._fields:
            return Field(name, self._fields[name])
        if name in ITEM_COLUMNS:
            return Field(name, ITEM)
        known = [*self._fields, *ITEM_COLUMNS]
        meant = next((each for each in known if each.lower() == name.lower()), None)
        raise Mistake(
            f"names the unknown field {shortened(name)}",
            f"did you mean {meant!r}?"
            if meant
            else f"there are: {_listed(list(self._fields))}; put texts in single quotes",
        )


def _listed(fields: list[str]) -> str:
    shown = ", ".join([*fields[:MOST_SHOWN], *ITEM_COLUMNS])
    more = len(fields) - MOST_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


def _parts(expression: Expression) -> list[str]:
    return [name for name, part in expression.args.items() if part]


def _is_column(expression: Expression) -> bool:
    return type(expression).__name__ == "Column"


def _literal(expression: Expression) -> Literal:
    match type(expression).__name__:
        case "Literal":
            return str(expression.this) if expression.is_string else _number(expression.this)
        case "Boolean":
            return bool(expression.this)
        case "Null":
            return None
        case "Neg":
            value = _literal(expression.this)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return -value
        case "Sub":  # 2024-05-01 is a subtraction
            shown = shortened(expression.sql(dialect="sqlite"), LONGEST_SHOWN)
            raise Mistake(f"reckons {shown}", "write dates in single quotes: '2024-05-01'")
    raise _refusal(expression)


def _number(text: str) -> int | float:
    try:
        number = int(text)
    except ValueError:
        return float(text)
    return number if -(2**63) <= number < 2**63 else float(text)


def _refusal(expression: Expression) -> Mistake:
    return Mistake(
        f"uses {shortened(expression.sql(dialect='sqlite'), LONGEST_SHOWN)}, which filters do not"
        " know",
        f"use comparisons, in, between, like, is null, and, or, not, as in {EXAMPLE!r}",
    )
