"""Give whole columns one type, though their cells are seen block by block."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from semsearch.corpus.items import Break, Value
from semsearch.corpus.spelling import Spelling, as_date, typed
from semsearch.corpus.values import TYPES, as_text, as_value, kind_of, whole_characters

SHOWN = 40
"""Characters of a cell that are shown in a message."""

LEAST, MOST = -(2**63), 2**63
EMPTY: frozenset[type] = frozenset()


class Column(Protocol):
    """What is known of a column once all its cells were seen."""

    lengths: Lengths
    change: Break | None

    def see(self, cells: Sequence[Any], first_row: int) -> None:
        """Take the next cells into account; the first of them stands in `first_row`, from 1."""

    def values(self, cells: Sequence[Any]) -> list[Value]:
        """Return cells of the column as field values, of the one type that all have."""

    def texts(self, cells: Sequence[Any]) -> Sequence[str]:
        """Return cells of the column as the texts a person would read."""

    @property
    def has_text(self) -> bool:
        """Whether any cell reads as a text that is not empty."""

    @property
    def type(self) -> str:
        """The type that all cells have: number, text, boolean, date, list; "" without any."""


class Lengths:
    """How long the texts of a column are, as far as that tells whether it is a column of texts."""

    def __init__(self) -> None:
        self.n = self._letters = self._phrase_letters = 0
        self.spelling = Spelling()

    def see(self, cells: Iterable[Any]) -> None:
        """Take more cells into account; what is no text, or empty, does not count."""
        texts = [cell for cell in cells if isinstance(cell, str) and cell]
        self.n += len(texts)
        self._letters += sum(map(len, texts))
        # What is beyond ASCII may be of a script that puts no spaces between words.
        self._phrase_letters += sum(
            len(text) for text in texts if " " in text.strip() or not text.isascii()
        )
        self.spelling.see(texts)

    @property
    def mean(self) -> float:
        """The mean length of the texts that are not empty, in characters; 0 without any."""
        return self._letters / self.n if self.n else 0.0

    @property
    def rank(self) -> tuple[float, float]:
        """The mean length of the texts, first of those that are more than one word.

        Both are 0 when there are none, or only numbers, truths or dates.
        """
        if self.spelling.type != "text":
            return 0.0, 0.0
        return self._phrase_letters / self.n, self._letters / self.n


class WrittenColumn:
    """A column of a csv table: its cells are texts, and all of them tell the type."""

    def __init__(self) -> None:
        self.lengths = Lengths()
        self.change: Break | None = None
        self._first = ""

    @property
    def has_text(self) -> bool:
        """Whether any cell is not empty."""
        return self.lengths.n > 0

    @property
    def type(self) -> str:
        """The type that all cells are written in, "" where all are empty."""
        return self.lengths.spelling.type

    def see(self, cells: Sequence[str], first_row: int) -> None:
        """Take the next cells into account."""
        was_text = self.lengths.spelling.type == "text"
        self._first = self._first or next(filter(None, cells), "")
        self.lengths.see(cells)
        if not was_text and self.lengths.spelling.type == "text":
            self.change = self._break(cells, first_row)

    def _break(self, cells: Sequence[str], first_row: int) -> Break | None:
        was = type_of_text(self._first)
        for row, cell in enumerate(cells, first_row):
            if cell and was != "text" and (became := type_of_text(cell)) != was:
                return Break(row, cell[:SHOWN], was, became)
        return None

    def values(self, cells: Sequence[str]) -> list[Value]:
        """Return the cells with the type that all are written in; an empty one is None."""
        read = self.lengths.spelling.reader()
        if read is str:
            return [cell or None for cell in cells]
        return [read(cell) if cell else None for cell in cells]

    def texts(self, cells: Sequence[str]) -> Sequence[str]:
        """Return the cells, which are texts that were decoded and so are whole."""
        return cells


class PlainColumn:
    """A column whose cells have types of their own: where these differ, all become text."""

    def __init__(self) -> None:
        self.lengths = Lengths()
        self.change: Break | None = None
        self._kinds = EMPTY

    @property
    def has_text(self) -> bool:
        """Whether any cell reads as a text that is not empty."""
        return self.lengths.n > 0 or bool(self._kinds - {str})

    @property
    def type(self) -> str:
        """The type that all cells have, text where they have several."""
        if len(self._kinds) > 1:
            return "text"
        return next((TYPES[kind] for kind in self._kinds), "")

    def see(self, cells: Sequence[Any], first_row: int) -> None:
        """Take the next cells into account."""
        found = kinds_of(cells)
        if str in found:
            self.lengths.see(cells)
        both = self._kinds | found
        if len(both) > 1 and self.change is None:
            self.change = break_in(cells, first_row, self._kinds)
        self._kinds = both

    def values(self, cells: Sequence[Any]) -> list[Value]:
        """Return the cells as values, all as text where the column holds several types."""
        if len(self._kinds) > 1:
            plain = map(as_value, cells)
            return [
                None if value is None else as_text(cell)
                for cell, value in zip(cells, plain, strict=True)
            ]
        if self._kinds == {str} and (texts := whole_texts(cells)) is not None:
            return texts
        if self._kinds == {float} and are_numbers(cells):
            return list(cells)
        return [as_value(cell) for cell in cells]

    def texts(self, cells: Sequence[Any]) -> Sequence[str]:
        """Return the cells as the texts a person would read; nothing is the empty text."""
        if (texts := whole_texts(cells)) is not None:
            return ["" if text is None else str(text) for text in texts]
        return [as_text(cell) for cell in cells]


class JsonColumn(PlainColumn):
    """A column of JSON, which writes its dates as texts: they are dates where all of them are."""

    @property
    def type(self) -> str:
        """The type that all cells have; that of texts may be date."""
        is_date = self._kinds == {str} and self.lengths.spelling.type == "date"
        return "date" if is_date else super().type

    def values(self, cells: Sequence[Any]) -> list[Value]:
        """Return the cells as values; of a column of dates, an empty text is None."""
        if self._kinds == {str} and self.lengths.spelling.type == "date":
            return [as_date(cell) if cell else None for cell in cells]
        return super().values(cells)


def uniform(values: Sequence[Any]) -> list[Value]:
    """Return a column's cells as values of one kind: where kinds are mixed, all become text."""
    column = PlainColumn()
    column.see(values, 1)
    return column.values(values)


def kinds_of(cells: Sequence[Any]) -> frozenset[type]:
    """Return the kinds of value among cells; what has no value has none."""
    types = frozenset(map(type, cells)) - {type(None)}
    if types <= {str, bool}:
        return types
    if types <= {int, float} and are_numbers(cells):
        return frozenset({float})
    return frozenset(kind_of(value) for value in map(as_value, cells) if value is not None)


def are_numbers(cells: Sequence[Any]) -> bool:
    """Tell whether all cells are finite numbers of at most 64 bits, or nothing, at one look."""
    numbers = [cell for cell in cells if cell is not None]
    if not numbers or not set(map(type, numbers)) <= {int, float}:
        return False
    try:
        return all(map(math.isfinite, numbers)) and min(numbers) >= LEAST and max(numbers) < MOST
    except OverflowError:
        return False


def break_in(cells: Sequence[Any], first_row: int, kinds: frozenset[type]) -> Break | None:
    """Return the first cell whose kind is another than `kinds`, or than that of the first cell."""
    was = next(iter(kinds), None)
    for row, cell in enumerate(cells, first_row):
        value = as_value(cell)
        if value is None or value == []:  # an empty list may be one of anything
            continue
        kind = kind_of(value)
        if was is None:
            was = kind
        elif kind is not was:
            return Break(row, as_text(cell)[:SHOWN], TYPES[was], TYPES[kind])
    return None


def whole_texts(cells: Sequence[Any]) -> list[Value] | None:
    """Return cells of texts and nothing as they are, when all of their characters are whole."""
    if not all(cell is None or type(cell) is str for cell in cells):
        return None
    try:
        "".join(filter(None, cells)).encode()
    except UnicodeEncodeError:
        return [None if cell is None else whole_characters(cell) for cell in cells]
    return list(cells)


def type_of_text(text: str) -> str:
    """Return the type of a csv cell that stood alone in its column."""
    [value] = typed([text])
    return "" if value is None else TYPES[kind_of(value)]
