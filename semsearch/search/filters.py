"""The filter language: a `where` text is parsed by sqlglot and checked into a tree of our own.

Only the shapes listed in `reading` pass, with every name checked against the collection's fields
and every value against the type of its field. Nothing of the text itself ever reaches SQLite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from semsearch.errors import QueryError, shortened
from semsearch.search.reading import EXAMPLE, LONGEST_SHOWN, Reading, Word
from semsearch.search.tree import Node
from semsearch.search.values import Mistake

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

MAX_LENGTH = 4096
LONGEST_WORD = 30

STANDINS = {"contains": "GLOB", "starts with": "RLIKE", "ends with": "SIMILAR_TO"}
"""Our operators, and those of sqlglot as which they are parsed, for it has none such."""

ELSEWHERE = {"&&": "and", "||": "or", "=<": "<=", "=>": ">="}
"""Operators that other languages have, or a hand slips to, and ours."""

JSON_PATHS = ("ARROW", "DARROW")
"""The kinds of -> and ->>, of whose paths sqlglot warns on its own."""

NAMES = ("VAR", "IDENTIFIER", "STRING")

NO_OPERAND = {
    "AND", "OR", "NOT", "L_PAREN", "COMMA", "EQ", "NEQ", "LT", "LTE", "GT", "GTE", "IS", "IN",
    "LIKE", "BETWEEN",
}  # fmt: skip
"""The kinds of words after which `contains` is a name: an operator follows an operand."""


def parse_filter(where: str, fields: Mapping[str, str]) -> Node:
    """Return what `where` asks of a collection whose fields have these types.

    Comparisons, `in`, `between`, `contains`, `starts with`, `ends with`, `like`, `is null`,
    `and`, `or`, `not` and parentheses are understood: `stars <= 2 and title contains 'soup'`. A
    boolean field may stand alone; a date is a text, `day >= '2024-05-01'`, and a day without a
    time means all of that day; a list is asked for a member, `colours contains 'red'` or
    `'red' in colours`.

    Raises:
        QueryError: the text cannot be read, names a field that does not exist (the message names
            those that do), or compares a field with a value of another type; it says where.
    """
    # The package first: two threads that enter it by different modules would get half of it.
    import sqlglot

    if not isinstance(where, str):
        raise TypeError(f"a filter is a text, got {shortened(where)}")
    if not where.strip():
        raise QueryError("the filter is empty", f"write one such as {EXAMPLE!r}, or leave it out")
    if len(where) > MAX_LENGTH:
        raise QueryError(f"the filter is longer than {MAX_LENGTH} characters", "shorten it")
    _check_whole(where)
    words: list[Word] = []
    try:
        tokens = _tokens(where)
        words += [Word(token.start, token.end + 1, token.text) for token in tokens]
        return Reading(fields, words).node(_parsed(where, _with_operators(tokens, fields), fields))
    except (RecursionError, sqlglot.errors.SqlglotError) as error:  # the latter where told in SQL
        raise QueryError(
            f"{_named(where)} is nested too deeply", "use fewer parentheses"
        ) from error
    except Mistake as error:
        raise _located(where, words, error) from error


def _check_whole(where: str) -> None:
    """Refuse what cannot be stored: half of a character."""
    try:
        where.encode()
    except UnicodeEncodeError as error:
        raise QueryError(
            f"{_named(where)} holds half a character (an unpaired surrogate)",
            "write it anew; no stored text holds one",
            query=where,
            position=error.start,
        ) from error


def _named(where: str) -> str:
    return f"the filter {shortened(where, LONGEST_SHOWN)}"


def _located(where: str, words: Sequence[Word], mistake: Mistake) -> QueryError:
    """Return a mistake as the error that says at which character, and near which word, it is."""
    position = 0 if mistake.position is None else mistake.position
    there = next((word for word in words if word.start <= position < word.end), None)
    if there is not None:
        position, near = there.start, where[there.start : there.end]
    else:
        near = where[position:] or "the end"
    return QueryError(
        f"{_named(where)} {mistake.problem}, at character {position + 1},"
        f" near {shortened(near, LONGEST_WORD)}",
        mistake.remedy,
        query=where,
        position=position,
    )


def _tokens(where: str) -> list[Any]:
    """Return the words of a filter as sqlglot's tokens."""
    from sqlglot.dialects.dialect import Dialect
    from sqlglot.errors import SqlglotError

    try:
        tokens: list[Any] = list(Dialect.get_or_raise("sqlite").tokenize(where))
    except SqlglotError as error:  # a quote that never closes is all that there can be
        raise Mistake(
            "cannot be read", "close the quotes: 'a text', \"a field\"", _opened(where)
        ) from error
    if not tokens:
        raise Mistake("cannot be read", f"write it as in {EXAMPLE!r}")
    return tokens


def _opened(where: str) -> int:
    """Return where the quotes begin that are never closed."""
    opened, quote = 0, ""
    for position, character in enumerate(where):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"`[":
            opened, quote = position, "]" if character == "[" else character
    return opened


def _with_operators(tokens: Sequence[Any], fields: Mapping[str, str]) -> list[Any]:
    """Return the tokens with our operators as those that stand in for them.

    Those themselves are not of our language: their tokens are refused wherever they stand.
    """
    done: list[Any] = []
    places = iter(range(len(tokens)))
    for at in places:
        token = tokens[at]
        _check_token(token, at, fields)
        operator = _operator_at(tokens, at)
        if operator is None:
            done.append(token)
            continue
        last = tokens[at + operator.count(" ")]
        kind = type(token.token_type)[STANDINS[operator]]
        done.append(type(token)(kind, operator, last.line, last.col, token.start, last.end))
        if last is not token:
            next(places)
    return done


def _check_token(token: Any, at: int, fields: Mapping[str, str]) -> None:
    kind, word = token.token_type.name, token.text.lower()
    if kind == "SEMICOLON":
        raise Mistake("cannot be read", "a filter is one condition, without ;", token.start)
    if kind in JSON_PATHS:
        remedy = f"write it as in {EXAMPLE!r}"
        raise Mistake(f"uses {word!r}, which filters do not know", remedy, token.start)
    if kind in STANDINS.values():
        remedy = "use contains, starts with, ends with or like"
        raise Mistake(
            f"uses {word!r}, which filters do not know",
            _as_name(token.text, fields) or remedy,
            token.start,
        )
    if at == 0 and (kind, word) == ("VAR", "if"):  # taken for a command, of which sqlglot warns
        remedy = _as_name(token.text, fields) or f"write it as in {EXAMPLE!r}"
        raise Mistake("cannot be read", remedy, token.start)


def _operator_at(tokens: Sequence[Any], at: int) -> str | None:
    """Return the operator of ours that begins at a token; it can only follow an operand."""
    first = tokens[at]
    before = at - 1
    if before >= 0 and tokens[before].token_type.name == "NOT":
        before -= 1
    is_word = first.token_type.name == "VAR"
    if not is_word or before < 0 or tokens[before].token_type.name in NO_OPERAND:
        return None
    pair = " ".join(token.text.lower() for token in tokens[at : at + 2])
    return next((each for each in (first.text.lower(), pair) if each in STANDINS), None)


def _as_name(word: str, fields: Mapping[str, str]) -> str:
    """Return how a field is written whose name is a word of SQL, such as "when"; "" for others."""
    return f'write the field in double quotes: "{word}"' if word in fields else ""


def _meant(where: str) -> str:
    """Return the advice for an operator of another language, empty without one."""
    wrong = next((each for each in ELSEWHERE if each in where), None)
    return f"write {ELSEWHERE[wrong]} instead of {wrong}" if wrong else ""


def _parsed(where: str, tokens: list[Any], fields: Mapping[str, str]) -> Expression:
    import sqlglot
    from sqlglot.dialects.dialect import Dialect
    from sqlglot.errors import SqlglotError

    try:
        parser = Dialect.get_or_raise("sqlite").parser()
        parsed: Any = parser.parse_into(sqlglot.exp.Condition, tokens, where)[0]
    except SqlglotError as error:
        details = (getattr(error, "errors", None) or [{}])[0]
        stop = (details.get("line"), details.get("col"))
        token = next((each for each in tokens if (each.line, each.col) == stop), None)
        keyword = "" if token is None or token.token_type.name in NAMES else token.text
        remedy = _as_name(keyword, fields) or _meant(where) or f"write it as in {EXAMPLE!r}"
        raise Mistake(
            "cannot be read", remedy, len(where) if token is None else token.start
        ) from error
    if parsed is None:
        raise Mistake("cannot be read", f"write it as in {EXAMPLE!r}")
    return parsed  # type: ignore[no-any-return]
