"""Find the columns of a table that were asked for, and the one that most likely holds the text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from semsearch.corpus.columns import Column
from semsearch.errors import SourceError

TEXT = "text"
TEXT_NAMES = (
    TEXT, "review", "review_text", "reviewtext", "body", "content", "comment", "sentence",
    "description", "abstract", "message", "summary", "question", "document",
)  # fmt: skip
WORD = re.compile(r"[^\W\d_]+")
HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


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


class Guess(NamedTuple):
    """The column that most likely holds the text, why, and which others could."""

    column: str
    reason: str
    others: tuple[str, ...]


def guess_text_column(name: str, columns: Mapping[str, Column]) -> Guess:
    """Return the column that most likely holds the text.

    That is the first of `TEXT_NAMES` that is there and holds texts; a column `text` may hold
    numbers too. Else it is the column with the longest texts, by their mean: of those with a usual
    word in their name (`review_body`), else of all, so that a title is taken only when nothing
    longer is there. Single words, codes and addresses count only where there is nothing else.
    """
    by_name = {column.strip().lower(): column for column in columns}
    ranks = {column: seen.lengths.rank for column, seen in columns.items()}
    if TEXT in by_name and (len(columns) == 1 or columns[by_name[TEXT]].has_text):
        return guess(by_name[TEXT], f"it is named {TEXT!r}", ranks)
    for usual in TEXT_NAMES:
        if usual in by_name and any(ranks[by_name[usual]]):
            return guess(by_name[usual], "its name is usual for texts", ranks)
    with_word = [column for column in columns if ranks[column][0] and has_usual_word(column)]
    longest = max(with_word or columns, key=lambda column: ranks[column], default=None)
    if longest is None or not any(ranks[longest]):
        there = ", ".join(repr(each) for each in columns) or "none"
        raise SourceError(
            f"{name} has no column of texts", f"name the one to encode; its columns are: {there}"
        )
    among = " of those with a usual name" if with_word else ""
    mean = columns[longest].lengths.mean
    return guess(longest, f"its texts are the longest{among}, {mean:.0f} characters each", ranks)


def guess(column: str, reason: str, ranks: Mapping[str, tuple[float, float]]) -> Guess:
    """Return the guess of a column; the others are those that hold phrases, the longest first."""
    phrases = [other for other in ranks if ranks[other][0] and other != column]
    phrases.sort(key=lambda other: ranks[other], reverse=True)
    return Guess(column, reason, tuple(phrases))


def has_usual_word(column: str) -> bool:
    """Tell whether one of the words in a column's name is usual for texts."""
    words = WORD.findall(HUMP.sub("_", column).lower())
    return not set(TEXT_NAMES).isdisjoint(words)
