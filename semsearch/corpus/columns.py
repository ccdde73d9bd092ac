"""Give whole columns one type, and find the columns that were asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from semsearch.corpus.items import Value
from semsearch.corpus.values import INT64, as_text, as_value
from semsearch.errors import SourceError

WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.([0-9]+)")
EXACT_IN_FLOAT = 2**53
EXACT_DIGITS = 17
TRUTHS = ({"true", "false"}, {"True", "False"}, {"TRUE", "FALSE"})
TEXT = "text"
TEXT_NAMES = (
    TEXT, "review", "review_text", "reviewtext", "body", "content", "comment", "sentence",
    "description", "abstract", "message", "summary", "question", "document",
)  # fmt: skip
WORD = re.compile(r"[^\W\d_]+")
HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def typed(texts: Sequence[str]) -> list[Value]:
    """Return a csv column's cells with the one type that all of them are written in.

    A column is whole numbers, decimals or true/false only when every cell that is not empty is
    written in the plain form of it, so that "007", "1.10" beside "1.9", "NA" and the numbers
    beside them stay text. An empty cell is None.
    """
    present = {text for text in texts if text}
    if any(present <= truths for truths in TRUTHS):
        return [text.lower() == "true" if text else None for text in texts]
    if all(is_whole(text) for text in present):
        return [int(text) if text else None for text in texts]
    if are_decimals(present):
        return [float(text) if text else None for text in texts]
    return [text or None for text in texts]


def is_whole(text: str) -> bool:
    """Tell whether a text is the plain form of a whole number of at most 64 bits."""
    return bool(WHOLE.fullmatch(text)) and text != "-0" and len(text) <= 20 and int(text) in INT64  # noqa: PLR2004


def are_decimals(texts: set[str]) -> bool:
    """Tell whether all texts are numbers that lose nothing as floats.

    A trailing zero is lost, so it is allowed only where all have the same number of decimals, as
    prices have and version numbers have not.
    """
    decimals = set()
    for text in texts:
        match = DECIMAL.fullmatch(text)
        if match is not None and len(text) <= EXACT_DIGITS + 2:
            decimals.add(match[1])
        elif is_whole(text) and abs(int(text)) <= EXACT_IN_FLOAT:
            decimals.add("")
        elif not is_float_as_written(text):
            return False
    has_trailing_zero = any(part.endswith("0") and part != "0" for part in decimals)
    return not has_trailing_zero or len({len(part) for part in decimals}) == 1


def is_float_as_written(text: str) -> bool:
    """Tell whether Python writes the number of this text in just this way; "nan" and "inf" no."""
    try:
        return text[-1:].isdigit() and repr(float(text)) == text
    except ValueError:
        return False


def uniform(values: Sequence[Any]) -> list[Value]:
    """Return a column's cells as values of one kind: where kinds are mixed, all become text."""
    plain = [as_value(value) for value in values]
    kinds = {kind_of(value) for value in plain if value is not None}
    if len(kinds) <= 1:
        return plain
    return [None if value is None else as_text(value) for value in plain]


def kind_of(value: Value) -> type:
    """Return bool, str, or float for either kind of number."""
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


def require_columns(name: str, known: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise `SourceError` that names the known columns when a wanted one is not there."""
    for column in wanted:
        if column not in known:
            there = ", ".join(repr(each) for each in known) or "none"
            raise SourceError(f"{name} has no column {column!r}", f"its columns are: {there}")


def require_distinct(name: str, columns: Sequence[str]) -> None:
    """Raise `SourceError` when two columns have the same name."""
    seen: set[str] = set()
    for column in columns:
        if column in seen:
            raise SourceError(
                f"{name} has two columns named {column!r}", "rename one of them and try again"
            )
        seen.add(column)


def guess_text_column(name: str, columns: dict[str, list[Any]]) -> str:
    """Return the column that most likely holds the text.

    That is the first of `TEXT_NAMES` that is there and holds texts; a column `text` may hold
    numbers too. Else it is the column with the longest texts, by their mean: of those with a usual
    word in their name (`review_body`), else of all, so that a title is taken only when nothing
    longer is there. Single words, codes and addresses count only where there is nothing else.
    """
    by_name = {column.strip().lower(): column for column in columns}
    if TEXT in by_name and (len(columns) == 1 or any(map(as_text, columns[by_name[TEXT]]))):
        return by_name[TEXT]
    ranks = {column: text_rank(values) for column, values in columns.items()}
    for usual in TEXT_NAMES:
        if usual in by_name and any(ranks[by_name[usual]]):
            return by_name[usual]
    with_word = [column for column in columns if ranks[column][0] and has_usual_word(column)]
    longest = max(with_word or columns, key=lambda column: ranks[column], default=None)
    if longest is None or not any(ranks[longest]):
        there = ", ".join(repr(each) for each in columns) or "none"
        raise SourceError(
            f"{name} has no column of texts", f"name the one to encode; its columns are: {there}"
        )
    return longest


def has_usual_word(column: str) -> bool:
    """Tell whether one of the words in a column's name is usual for texts."""
    words = WORD.findall(HUMP.sub("_", column).lower())
    return not set(TEXT_NAMES).isdisjoint(words)


def text_rank(values: Sequence[Any]) -> tuple[float, float]:
    """Return the mean length of a column's texts, first of those that are more than one word.

    Both are 0 when it holds none, or only numbers.
    """
    texts = [value for value in values if isinstance(value, str) and value]
    if not texts or all(isinstance(value, int | float) for value in typed(texts)):
        return 0.0, 0.0
    # What is beyond ASCII may be of a script that puts no spaces between words.
    phrases = [text for text in texts if not text.isascii() or " " in text.strip()]
    return sum(map(len, phrases)) / len(texts), sum(map(len, texts)) / len(texts)
