"""One leaf over one column: which rows meet it for sure, as a mask (N,).

A row without a value meets nothing. Texts are looked up among the column's words once; what
follows is a comparison of whole numbers, a row each.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from semsearch.columns import Column, ListColumn, Mask, NumberColumn, PlainColumn, TextColumn
from semsearch.search.patterns import matcher
from semsearch.search.tree import Place, Scalar

SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt,
    "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
Numbers = npt.NDArray[np.float64] | npt.NDArray[np.int64]


def compared(column: Column, sign: str, value: Scalar) -> Mask:
    """Return the rows whose value stands in this relation to `value`, exactly."""
    match column:
        case NumberColumn():
            mask = _numbers(column.values, sign, cast("int | float", value))
            if len(column.large):
                mask[column.large] = _numbers(column.integers, sign, cast("int | float", value))
            return mask
        case TextColumn():
            return _texts(column, sign, str(value).encode())
        case PlainColumn():
            return _whole(column.values, sign, int(value), column.NONE)
        case ListColumn():
            raise ValueError("a list is not compared with one value")


def among(column: Column, values: Sequence[Scalar]) -> Mask:
    """Return the rows whose value is one of `values`."""
    if isinstance(column, TextColumn):
        wanted = np.zeros(len(column.words) + 1, np.bool_)
        for value in values:
            word = str(value).encode()
            code = column.words.place(word)
            wanted[code] |= column.words.has(word, code)
        return wanted[column.codes]
    mask = np.zeros(len(column), np.bool_)
    for value in values:
        mask |= compared(column, "=", value)
    return mask


def like(column: Column, pattern: str) -> Mask:
    """Return the rows whose text matches a pattern of SQL's `like`."""
    if not isinstance(column, TextColumn):
        raise ValueError("only a text matches a pattern")
    matches = matcher(pattern)
    wanted = [matches(text) for text in column.words.texts]
    return np.array([*wanted, False], np.bool_)[column.codes]


def containing(column: Column, piece: str, place: Place) -> Mask:
    """Return the rows whose text contains a piece at this place; A-Z and a-z are the same."""
    if not isinstance(column, TextColumn):
        raise ValueError("only a text contains a piece of text")
    lowered = piece.encode().lower()  # of bytes, `lower` folds A-Z alone
    words = replace(column.words, data=column.words.data.lower())
    each = (words[code] for code in range(len(words)))
    if place == "anywhere":
        wanted = [lowered in word for word in each]
    elif place == "start":
        wanted = [word.startswith(lowered) for word in each]
    else:
        wanted = [word.endswith(lowered) for word in each]
    return np.array([*wanted, False], np.bool_)[column.codes]


def holding(column: Column, member: str) -> Mask:
    """Return the rows whose list holds `member`."""
    if not isinstance(column, ListColumn):
        raise ValueError("only a list holds a member")
    mask = np.zeros(len(column), np.bool_)
    word = member.encode()
    code = column.words.place(word)
    if column.words.has(word, code):
        mask[column.rows[column.codes == code]] = True
    return mask


def exactly(column: Column, value: bool | None) -> Mask:
    """Return the rows that have just this value; None: no value."""
    return none(column) if value is None else compared(column, "=", value)


def none(column: Column) -> Mask:
    """Return the rows without a value."""
    match column:
        case NumberColumn():
            return np.isnan(column.values)
        case TextColumn():
            return _mask(column.codes == column.NONE)
        case PlainColumn():
            return _mask(column.values == column.NONE)
        case ListColumn():
            return column.missing


def _numbers(values: Numbers, sign: str, value: int | float) -> Mask:
    sign, bound = _reachable(sign, value, is_whole=values.dtype == np.int64)
    if sign == "<>":  # the comparison itself would count NaN
        return _mask((values < bound) | (values > bound))
    return _mask(SIGNS[sign](values, bound))


def _reachable(sign: str, value: int | float, *, is_whole: bool) -> tuple[str, int | float]:
    """Return the same question with a bound that numpy compares without rounding.

    A float is compared with whole numbers, or a whole number with floats, as Python and SQLite do
    it: exactly. Where the bound has no equal on the other side, the next lower value there serves.
    """
    lower: int | float
    if is_whole:
        if math.isinf(value) or not -(2**63) <= value < 2**63:
            # Beyond all whole numbers: everything, or nothing, is above the smallest one.
            return _beyond(sign, value > 0)
        lower = math.floor(value)
    else:
        lower = float(value)
        if lower > value:
            lower = math.nextafter(lower, -math.inf)
    if lower == value:
        return sign, lower
    return {"<": ("<=", lower), "<=": ("<=", lower), ">": (">", lower), ">=": (">", lower),
            "=": ("<", -math.inf), "<>": (">=", -math.inf)}[sign]  # fmt: skip


def _beyond(sign: str, is_above: bool) -> tuple[str, float]:
    holds = {"=": False, "<>": True}.get(sign, sign.startswith("<") == is_above)
    return (">=", -math.inf) if holds else ("<", -math.inf)


def _texts(column: TextColumn, sign: str, word: bytes) -> Mask:
    place = column.words.place(word)
    if column.words.has(word, place):
        return _whole(column.codes, sign, place, column.NONE)
    match sign:
        case "=":
            return np.zeros(len(column), np.bool_)
        case "<>":
            return _mask(column.codes != column.NONE)
        case "<" | "<=":
            return _whole(column.codes, "<", place, column.NONE)
    return _whole(column.codes, ">=", place, column.NONE)


def _whole(values: npt.NDArray[Any], sign: str, bound: int, missing: int) -> Mask:
    mask = SIGNS[sign](values, bound)
    if sign in ("<", "<=", "<>"):  # what is missing is below every value
        mask &= values != missing
    return _mask(mask)


def _mask(array: npt.NDArray[Any]) -> Mask:
    return np.asarray(array, np.bool_)
