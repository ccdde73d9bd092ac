"""Which plain form all texts of a csv column are written in, found block by block."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime

from semsearch.corpus.items import Value
from semsearch.corpus.values import INT64

WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.([0-9]+)")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = r"[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
DATE_TIME = re.compile(DATE.pattern + TIME)
SHORT_WHOLE = re.compile(r"(?:(?:0|-?[1-9][0-9]{0,14})\n)*")
EXACT_IN_FLOAT = 2**53
EXACT_DIGITS = 17
TRUTHS = ({"true", "false"}, {"True", "False"}, {"TRUE", "FALSE"})


class Spelling:
    """What is left of the forms that all texts seen so far are written in."""

    def __init__(self) -> None:
        self._is_empty = True
        self._truths: Sequence[set[str]] = TRUTHS
        self._is_whole = self._is_date = True
        self._decimals: Decimals | None = Decimals()

    @property
    def type(self) -> str:
        """The type of the column: boolean, number, date or text; "" as long as nothing was seen."""
        if self._is_empty:
            return ""
        if self._truths:
            return "boolean"
        if self._is_whole or self._decimals is not None:
            return "number"
        return "date" if self._is_date else "text"

    def see(self, texts: Iterable[str]) -> None:
        """Take the next texts of the column into account; empty ones say nothing."""
        present = set(texts)
        present.discard("")
        if not present or self.type == "text":
            return
        self._is_empty = False
        self._truths = [truths for truths in self._truths if present <= truths]
        if self._decimals is not None:
            are_short = are_short_and_whole(present)
            self._is_whole = self._is_whole and (are_short or all(map(is_whole, present)))
            if not self._decimals.see(present, are_short):
                self._decimals = None
        self._is_date = self._is_date and all(is_date(text) for text in present)

    def reader(self) -> Callable[[str], Value]:
        """Return what turns a text of the column, not an empty one, into its value."""
        if self._is_empty or self._truths:
            return is_true
        if self._is_whole:
            return int
        if self._decimals is not None:
            return float
        return as_date if self._is_date else str


class Decimals:
    """Whether all texts are numbers that lose nothing as floats.

    A trailing zero is lost, so it is allowed only where all have the same number of decimals, as
    prices have and version numbers have not.
    """

    def __init__(self) -> None:
        self._lengths: set[int] = set()
        self._has_trailing_zero = False

    def see(self, texts: set[str], are_short: bool) -> bool:
        """Take more texts into account, and tell whether all are such numbers up to now.

        `are_short` tells that these are short whole numbers, see `are_short_and_whole`.
        """
        if are_short:
            self._lengths.add(0)
        elif not all(map(self._fits, texts)):
            return False
        return not self._has_trailing_zero or len(self._lengths) == 1

    def _fits(self, text: str) -> bool:
        match = DECIMAL.fullmatch(text)
        if match is not None and len(text) <= EXACT_DIGITS + 2:
            part = match[1]
            self._lengths.add(len(part))
            self._has_trailing_zero |= part.endswith("0") and part != "0"
            return True
        if is_whole(text) and abs(int(text)) <= EXACT_IN_FLOAT:
            self._lengths.add(0)
            return True
        return is_float_as_written(text)


def typed(texts: Sequence[str]) -> list[Value]:
    """Return a csv column's cells with the one type that all of them are written in.

    A column is whole numbers, decimals, true/false or dates only when every cell that is not empty
    is written in the plain form of it, so that "007", "1.10" beside "1.9", "NA" and the numbers
    beside them stay text. An empty cell is None.
    """
    spelling = Spelling()
    spelling.see(texts)
    read = spelling.reader()
    return [read(text) if text else None for text in texts]


def is_true(text: str) -> bool:
    """Tell the truth that a text names."""
    return text.lower() == "true"


def is_whole(text: str) -> bool:
    """Tell whether a text is the plain form of a whole number of at most 64 bits."""
    return bool(WHOLE.fullmatch(text)) and text != "-0" and len(text) <= 20 and int(text) in INT64  # noqa: PLR2004


def are_short_and_whole(texts: set[str]) -> bool:
    """Tell whether all texts are whole numbers of at most 15 digits, by one look at all of them."""
    lines = "\n".join(texts) + "\n"
    return lines.count("\n") == len(texts) and SHORT_WHOLE.fullmatch(lines) is not None


def is_float_as_written(text: str) -> bool:
    """Tell whether Python writes the number of this text in just this way; "nan" and "inf" no."""
    try:
        return text[-1:].isdigit() and repr(float(text)) == text
    except ValueError:
        return False


def is_date(text: str) -> bool:
    """Tell whether a text is a day or a time of a day in ISO 8601, written out."""
    try:
        return as_date(text) is not None
    except (ValueError, OverflowError):
        return False


def as_date(text: str) -> date | None:
    """Return the date of a text, a time of day in UTC, None where it is written otherwise.

    Raises ValueError or OverflowError where no calendar has it.
    """
    if DATE.fullmatch(text):
        return date.fromisoformat(text)
    if not DATE_TIME.fullmatch(text):
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
