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
TEXT_NAMES = (
    "text", "review", "review_text", "reviewtext", "body", "content", "sentence", "comment",
    "message", "description", "abstract", "summary", "question", "document", "title", "headline",
    "name",
)  # fmt: skip


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
    """Return the column that most likely holds the text: by its name, else the longest texts."""
    lengths = {column: mean_length(values) for column, values in columns.items()}
    by_name = {column.strip().lower(): column for column in columns if lengths[column] > 0}
    for usual in TEXT_NAMES:
        if usual in by_name:
            return by_name[usual]
    longest = max(lengths, key=lambda column: lengths[column], default=None)
    if longest is None or lengths[longest] == 0:
        there = ", ".join(repr(each) for each in columns) or "none"
        raise SourceError(
            f"{name} has no column of texts", f"name the one to encode; its columns are: {there}"
        )
    return longest


def mean_length(values: Sequence[Any]) -> float:
    """Return the mean length of the texts of a column; 0 when it holds none, or only numbers."""
    texts = [value for value in values if isinstance(value, str) and value]
    if not texts or all(isinstance(value, int | float) for value in typed(texts)):
        return 0.0
    return sum(map(len, texts)) / len(texts)
