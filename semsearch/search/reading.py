"""One walk over a parsed filter: each shape checked and turned into a node of our own tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple, cast

from semsearch.errors import shortened
from semsearch.search import tree
from semsearch.search.tree import ITEM, UNTYPED, Field, Node, Place
from semsearch.search.values import (
    Literal,
    Mistake,
    as_like,
    as_member,
    as_part,
    as_test,
    as_tests,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlglot.expressions import Expression

LONGEST_SHOWN = 160
MOST_SHOWN = 40
"""Fields that a message names."""
N_NEAR = 3
EXAMPLE = "stars <= 2 and source = 'yelp'"
ITEM_COLUMNS = ("key", "text")
"""What every item has beside its fields; a field of the same name comes first."""

NAME = ("catalog", "db", "table", "this")
KNOWN_PARTS = {"expression", "expressions", "field", "low", "high", "negate", *NAME}
TRUTHS = ("boolean", UNTYPED)
SIGNS = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
TURNED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
PLACES: dict[str, Place] = {"Glob": "anywhere", "RegexpLike": "start", "SimilarTo": "end"}
"""The nodes that stand in for `contains`, `starts with` and `ends with`; see `filters`."""
WITHOUT_PLACE = ("true", "false", "null")
"""Values of which sqlglot does not say where they stand."""


class Word(NamedTuple):
    """A word of a filter: its characters are start to end - 1."""

    start: int
    end: int
    text: str


class Reading:
    """One walk over a parsed filter."""

    def __init__(self, fields: Mapping[str, str], words: Sequence[Word]) -> None:
        """Read a filter of these words, of a collection whose fields have these types."""
        self._fields = fields
        self._words = words
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
            **dict.fromkeys(PLACES, self._part),
        }

    def node(self, expression: Expression) -> Node:
        """Return an expression as a node, or raise the `Mistake` in it with its position."""
        shape = self._shapes.get(type(expression).__name__)
        with self._at(expression):
            if shape is None or not KNOWN_PARTS.issuperset(_parts(expression)):
                raise _refusal(expression)
            node = shape(expression)
        # sqlglot spells some negations as `not (a like b)` and some as a mark on `like` itself.
        return tree.Not(node) if expression.args.get("negate") else node

    @contextmanager
    def _at(self, *expressions: Expression) -> Iterator[None]:
        """Say of a mistake that it stands in the first of the expressions with a known place."""
        try:
            yield
        except Mistake as mistake:
            if mistake.position is None:
                places = (self._position(expression) for expression in expressions)
                mistake.position = next((place for place in places if place is not None), None)
            raise

    def _position(self, expression: Expression) -> int | None:
        own = [node.meta["start"] for node in expression.walk() if "start" in node.meta]
        if own:
            return int(min(own))
        parent = expression.parent
        if parent is None or _spelled(expression) not in WITHOUT_PLACE:
            return None
        others = [node.meta["start"] for node in parent.walk() if "start" in node.meta]
        first = max(others, default=0) if parent.this is not expression else 0
        same = (w.start for w in self._words if w.text.lower() == _spelled(expression))
        return next((start for start in same if start >= first), None)

    def _parts(self, expression: Expression) -> tuple[Node, ...]:
        return tuple(self.node(cast("Expression", part)) for part in expression.flatten())

    def _compared(self, expression: Expression) -> Node:
        left, right, sign = expression.this, expression.expression, SIGNS[type(expression).__name__]
        if _is_column(left) and not _is_column(right):
            return self._test(left, sign, right)
        if _is_column(right) and not _is_column(left):
            return self._test(right, TURNED[sign], left)
        for column in filter(_is_column, (left, right)):
            self._field(column)  # the text in double quotes, if it is one, is told first
        raise _refusal(expression)

    def _test(self, column: Expression, sign: str, value: Expression) -> Node:
        field = self._field(column)
        with self._at(value):
            return as_test(field, sign, _literal(value))

    def _like(self, expression: Expression) -> Node:
        field = self._field(expression.this)
        with self._at(expression.expression):
            return as_like(field, _literal(expression.expression))

    def _part(self, expression: Expression) -> Node:
        field, place = self._field(expression.this), PLACES[type(expression).__name__]
        if _is_column(expression.expression):
            self._field(expression.expression)
        with self._at(expression.expression):
            return as_part(field, place, _literal(expression.expression))

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
            field = self._field(whole)
            with self._at(expression.this):
                return as_member(field, _literal(expression.this))
        if not members:
            raise _refusal(expression)
        field = self._field(expression.this)
        for member in members:
            with self._at(member):
                as_tests(field, (_literal(member),))
        return as_tests(field, tuple(map(_literal, members)))

    def _between(self, expression: Expression) -> Node:
        low, high = (expression.args[name] for name in ("low", "high"))
        return tree.All(
            (self._test(expression.this, ">=", low), self._test(expression.this, "<=", high))
        )

    def _flag(self, column: Expression) -> Node:
        field = self._field(column)
        if field.kind not in TRUTHS:
            raise _refusal(column)
        return tree.Comparison(field, "=", True)

    def _field(self, column: Expression) -> Field:
        with self._at(column):
            if not _is_column(column):
                raise _refusal(column)
            name = ".".join(column.args[part].name for part in NAME if column.args.get(part))
            if name in self._fields:
                return Field(name, self._fields[name])
            if name in ITEM_COLUMNS:
                return Field(name, ITEM)
            there = names_there(name, list(self._fields), ITEM_COLUMNS)
            raise Mistake(
                f"names the unknown field {shortened(name)}", f"{there}; put texts in single quotes"
            )


def names_there(name: str, fields: Sequence[str], others: Sequence[str] = ()) -> str:
    """Return which names there are instead of one that is not, the most alike ones first."""
    known = [*fields, *(each for each in others if each not in fields)]
    lowered = {each.lower(): each for each in reversed(known)}
    near = [lowered[each] for each in get_close_matches(name.lower(), lowered, n=N_NEAR)]
    farther = [each for each in fields if each not in near][: MOST_SHOWN - len(near)]
    last = [each for each in others if each not in (*near, *farther)]
    shown = [*near, *farther, *last]
    meant = f"did you mean {near[0]!r}? " if near else ""
    more = f" and {len(known) - len(shown):,} more" if len(shown) < len(known) else ""
    return f"{meant}there are: {', '.join(shown)}{more}"


def _spelled(expression: Expression) -> str:
    return str(expression.sql(dialect="sqlite")).lower()


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
        return _fraction(text)
    return number if -(2**63) <= number < 2**63 else float(text)


def _fraction(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:  # 1e: an exponent without digits
        raise Mistake(f"holds {shortened(text)}, which is no number", "write it in full") from error


def _refusal(expression: Expression) -> Mistake:
    return Mistake(
        f"uses {shortened(expression.sql(dialect='sqlite'), LONGEST_SHOWN)}, which filters do not"
        " know",
        "use comparisons, in, between, contains, starts with, ends with, like, is null, and, or,"
        f" not, as in {EXAMPLE!r}",
    )
