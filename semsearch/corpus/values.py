"""Turn whatever stands in a foreign cell into one of the few values that a field can have."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import numpy as np

from semsearch.corpus.items import Value

INT64 = range(-(2**63), 2**63)


def as_value(value: Any) -> Value:
    """Return a cell as text, number, true/false or None.

    NaN and the infinities become None, dates ISO 8601 text, nested values JSON text, whole numbers
    beyond 64 bits text, bytes None. Half a character (a lone surrogate) becomes U+FFFD.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return whole_characters(value)
    if isinstance(value, int):
        return value if value in INT64 else str(value)
    if isinstance(value, float | Decimal):
        return float(value) if math.isfinite(value) else None
    return from_object(value)


def from_object(value: Any) -> Value:
    """Return what is no plain scalar as text."""
    if isinstance(value, bytes | bytearray | memoryview):
        return None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping | list | tuple):
        nested = json.dumps(value, ensure_ascii=False, default=str)
        return whole_characters(nested)
    return whole_characters(str(value))


def whole_characters(text: str) -> str:
    """Return the text with every lone surrogate replaced, so that it can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def as_text(value: Any) -> str:
    """Return a cell as the text a person would read; nothing is the empty text."""
    plain = as_value(value)
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, float) and plain.is_integer() and abs(plain) < 2**53:
        return str(int(plain))
    return str(plain)
