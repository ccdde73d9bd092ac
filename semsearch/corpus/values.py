"""Turn whatever stands in a foreign cell into one of the few values that a field can have."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import numpy as np

from semsearch.corpus.items import Value
from semsearch.errors import SourceError

BLANK = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]*"
)
INT64 = range(-(2**63), 2**63)
TYPES: dict[type, str] = {
    bool: "boolean", float: "number", str: "text", date: "date", list: "list",
}  # fmt: skip


def as_value(value: Any) -> Value:
    """Return a cell as text, number, true/false, date, list of texts or None.

    NaN and the infinities become None, times of day ISO 8601 text, nested values other than lists
    of texts JSON text, whole numbers beyond 64 bits text, bytes None. Date-times become UTC; one
    that tells no time zone is taken to be in it. Half a character (a lone surrogate) becomes
    U+FFFD.
    """
    if isinstance(value, np.generic):
        value = from_numpy(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return whole_characters(value if type(value) is str else str.__str__(value))
    if isinstance(value, int):
        whole = int(value)  # of the plain kind: `in` would try all numbers for any other
        return whole if whole in INT64 else str(whole)
    if isinstance(value, float | Decimal):
        return float(value) if math.isfinite(value) else None
    return from_object(value)


def from_numpy(value: np.generic) -> Any:
    """Return a numpy scalar as Python's own; times keep microseconds, all that Python has."""
    return value.astype("M8[us]").item() if isinstance(value, np.datetime64) else value.item()


def from_object(value: Any) -> Value:
    """Return what is no plain scalar as a date, a list of texts, or text."""
    if isinstance(value, bytes | bytearray | memoryview):
        return None
    if isinstance(value, date):
        return as_date(value)
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple) and all(isinstance(each, str | None) for each in value):
        return [whole_characters(each) for each in value if each is not None]
    return nested(value)


def as_date(value: date) -> Value:
    """Return a date as it is and a date-time in UTC; beyond the years of UTC it is ISO text."""
    if not isinstance(value, datetime):
        return value
    if value != value:  # noqa: PLR0124 - the "not a time" of pandas
        return None
    plain = datetime.combine(value.date(), value.timetz())  # of pandas' own kind, it stays so
    if plain.tzinfo is None:
        return plain.replace(tzinfo=UTC)
    try:
        return plain.astimezone(UTC)
    except (OverflowError, ValueError):
        return plain.isoformat()


def nested(value: Any) -> str:
    """Return a nested value as JSON text, and anything else as Python shows it.

    Raises:
        SourceError: JSON cannot write it: it is very deep, holds itself, or has no names in it.
    """
    if isinstance(value, Mapping | list | tuple):
        try:
            value = json.dumps(value, ensure_ascii=False, default=str)
        except (RecursionError, TypeError, ValueError) as error:
            raise SourceError(
                f"a value of the type {type(value).__name__} cannot be written as JSON ({error})",
                "leave that field out, or write it as a text",
            ) from error
    return whole_characters(str(value))


def whole_characters(text: str) -> str:
    """Return the text with every lone surrogate replaced, so that it can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def is_blank(text: str) -> bool:
    """Tell whether nothing of a text can be seen: spaces, controls, marks of width or direction."""
    return not text.strip() or BLANK.fullmatch(text) is not None


def as_text(value: Any) -> str:
    """Return a cell as the text a person would read; nothing is the empty text."""
    plain = as_value(value)
    if isinstance(plain, str):
        return plain
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, float) and plain.is_integer() and abs(plain) < 2**53:
        return str(int(plain))
    return from_typed(value, plain)


def from_typed(value: Any, plain: Value) -> str:
    """Return a date as it was written, a list as JSON, a number as Python writes it."""
    if isinstance(plain, date):
        return value.isoformat() if isinstance(value, date) else plain.isoformat()
    if isinstance(plain, list):
        return nested(value.tolist() if isinstance(value, np.ndarray) else value)
    return str(plain)


def kind_of(value: Value) -> type:
    """Return bool, str, date or list, or float for either kind of number."""
    return next((kind for kind in (bool, str, list, date) if isinstance(value, kind)), float)
