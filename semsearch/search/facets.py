"""How often each value of a field stands in the rows that pass: counts to narrow a search by."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from semsearch.columns import (
    BooleanColumn,
    Column,
    DateColumn,
    ListColumn,
    Mask,
    NumberColumn,
    TextColumn,
    Words,
)
from semsearch.search.tree import UNTYPED

MOST_VALUES = 20
"""So many values are counted one by one; of texts and lists the most frequent, of numbers all."""

N_RANGES = 8
"""Numbers of more values are counted in about so many ranges with about as many rows each."""

LARGEST = float(np.finfo(np.float64).max)
UNITS = (("D", 31), ("M", 36), ("Y", MOST_VALUES))
"""Dates are counted by the first of day, month and year of which there are no more than this."""

LONGEST_SPAN = 10_000
"""Days or months between dates beyond which there is no asking how many of them are used."""

FacetValue = str | int | float | bool | tuple[float, float]
Counts = npt.NDArray[np.int64]


class ColumnSource(Protocol):
    """What has the columns of a collection, row by row."""

    def column(self, name: str, kind: str) -> Column:
        """Return the values of a field of the type `kind`."""


class Facet(list[tuple[FacetValue, int]]):
    """Values of one field and in how many rows each stands.

    Texts, booleans and members of lists come the most frequent first, numbers and dates in their
    order. A number that takes many values is counted by ranges (low, high): low <= value < high.
    A date is counted by day, month or year, spelled as '2024-05-01', '2024-05' or '2024'. `more`
    is how many values beyond those are not listed, `missing` in how many rows there is no value.
    """

    def __init__(
        self, counts: list[tuple[FacetValue, int]] | None = None, more: int = 0, missing: int = 0
    ) -> None:
        super().__init__(counts or [])
        self.more = more
        self.missing = missing

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values; a range is its `low` and `high`."""
        return {
            "values": [
                ({"low": value[0], "high": value[1]} if _is_range(value) else {"value": value})
                | {"count": count}
                for value, count in cast("list[tuple[Any, int]]", self)
            ],
            "more": self.more,
            "missing": self.missing,
        }


def count_facets(columns: ColumnSource, mask: Mask, fields: Mapping[str, str]) -> dict[str, Facet]:
    """Return the counts of each field, given with its type, among the rows where `mask` is true.

    `mask` (N,) has one bool a row of the columns.
    """
    rows = None if mask.all() else np.flatnonzero(mask)
    return {
        name: Facet(missing=int(np.count_nonzero(mask)))
        if kind == UNTYPED
        else count_values(columns.column(name, kind), mask, rows)
        for name, kind in fields.items()
    }


def count_values(column: Column, mask: Mask, rows: npt.NDArray[np.int64] | None = None) -> Facet:
    """Return the counts of one column among the rows where `mask` (N,) is true.

    `rows` are those rows, where they are known; None stands for every row of a full mask.
    """
    if rows is None and not mask.all():
        rows = np.flatnonzero(mask)
    n = len(column) if rows is None else len(rows)
    match column:
        case ListColumn():
            return _members(column, mask)
        case TextColumn():
            codes = column.codes if rows is None else column.codes[rows]
            counts = np.bincount(codes + 1, minlength=len(column.words) + 1)
            return _most_frequent(column.words, counts[1:], int(counts[0]))
        case NumberColumn():
            return _numbers(column, mask, rows)
        case DateColumn():
            moments = column.values if rows is None else column.values[rows]
            known = moments[moments != column.NONE]
            return _dates(known, n - len(known))
        case BooleanColumn():
            truths = column.values if rows is None else column.values[rows]
            none, no, yes = np.bincount(truths + 1, minlength=3).tolist()
            pairs: list[tuple[FacetValue, int]] = [(True, yes), (False, no)]
            ordered = sorted((pair for pair in pairs if pair[1]), key=lambda pair: -pair[1])
            return Facet(ordered, missing=none)
    raise TypeError(f"a column of {type(column).__name__} is not counted")


def is_telling(facet: Facet, n: int) -> bool:
    """Say whether the counts tell something: values of `n` rows that are not mostly different."""
    return any(count > 1 for _, count in facet) and facet.more <= n // 2


def _is_range(value: Any) -> bool:
    return isinstance(value, tuple)


def _most_frequent(words: Words, counts: Counts, missing: int) -> Facet:
    """Return the most frequent words; of equally frequent ones the first in their order."""
    n_used = int(np.count_nonzero(counts))
    if n_used > MOST_VALUES:
        border = np.partition(counts, -MOST_VALUES)[-MOST_VALUES]
        above = np.flatnonzero(counts > border)
        equal = np.flatnonzero(counts == border)[: MOST_VALUES - len(above)]
        chosen = np.concatenate([above, equal])
    else:
        chosen = np.flatnonzero(counts)
    chosen = chosen[np.lexsort((chosen, -counts[chosen]))]
    listed: list[tuple[FacetValue, int]] = [
        (words[code].decode(), int(counts[code])) for code in chosen.tolist()
    ]
    return Facet(listed, n_used - len(listed), missing)


def _members(column: ListColumn, mask: Mask) -> Facet:
    """Count in how many rows each member stands, however often it stands in one."""
    chosen = mask[column.rows]
    width = max(1, len(column.words))
    pairs = column.rows[chosen].astype(np.int64) * width + column.codes[chosen]
    pairs.sort()
    is_first = np.ones(len(pairs), np.bool_)
    is_first[1:] = pairs[1:] != pairs[:-1]
    counts = np.bincount(pairs[is_first] % width, minlength=len(column.words))
    return _most_frequent(column.words, counts, int(np.count_nonzero(column.missing & mask)))


def _numbers(column: NumberColumn, mask: Mask, rows: npt.NDArray[np.int64] | None) -> Facet:
    values = column.values if rows is None else column.values[rows]
    known = np.sort(values[~np.isnan(values)])
    missing = len(values) - len(known)
    starts = np.flatnonzero(np.append(True, known[1:] != known[:-1])) if len(known) else known[:0]
    if len(starts) > MOST_VALUES:
        return Facet(_ranges(known), missing=missing)
    if len(column.large):
        return Facet(_exactly(column, mask), missing=missing)
    counts = np.diff(np.append(starts, len(known))).tolist()
    found = known[starts.astype(np.int64)].tolist()
    return Facet(
        [(_plain(value), int(count)) for value, count in zip(found, counts, strict=True)],
        missing=missing,
    )


def _exactly(column: NumberColumn, mask: Mask) -> list[tuple[FacetValue, int]]:
    """Count values among which some whole numbers are no floats; there are few such columns."""
    is_float = mask & ~np.isnan(column.values)
    is_float[column.large] = False
    counts = Counter[int | float](map(_plain, column.values[is_float].tolist()))
    counts.update(column.integers[mask[column.large]].tolist())
    return [(value, counts[value]) for value in sorted(counts)]


def _plain(value: float) -> int | float:
    """Return a number as it is read best: 3 rather than 3.0."""
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _ranges(known: npt.NDArray[np.float64]) -> list[tuple[FacetValue, int]]:
    """Cut sorted numbers at round borders near those that would make ranges of equal size."""
    borders = _borders(known)
    places = np.searchsorted(known, borders[1:-1])
    counts = np.diff(np.concatenate([[0], places, [len(known)]])).tolist()
    return [
        ((_plain(low), _plain(high)), int(count))
        for (low, high), count in zip(pairwise(borders), counts, strict=True)
        if count
    ]


def _borders(known: npt.NDArray[np.float64]) -> list[float]:
    """Return round borders around and between sorted numbers, the last above all of them."""
    at = np.linspace(0, len(known) - 1, N_RANGES + 1).round().astype(np.int64)
    cuts = known[at].clip(-LARGEST, LARGEST).tolist()
    width = cuts[-2] - cuts[1] or cuts[-1] - cuts[0]
    unit = max(_unit(width), math.ulp(max(map(abs, cuts))))
    low = max(math.floor(cuts[0] / unit) * unit, -LARGEST)
    high = (math.floor(cuts[-1] / unit) + 1) * unit
    if not cuts[-1] < high <= LARGEST:
        high = min(math.nextafter(cuts[-1], math.inf), LARGEST)
    inner = {round(cut / unit) * unit for cut in cuts[1:-1]}
    if len(inner) <= 1:  # nearly all are the same number: the others are told by their size
        inner |= {round((low + width * step / N_RANGES) / unit) * unit for step in range(N_RANGES)}
    digits = max(0, -math.floor(math.log10(unit)))
    between = sorted(border for border in inner if low < border < high)
    return [round(border, digits) for border in (low, *between, high)]


def _unit(width: float) -> float:
    """Return 1, 2 or 5 times a power of ten: about a quarter of one of the ranges of a width."""
    goal = min(width, LARGEST) / N_RANGES / 4
    if goal <= 0 or not math.isfinite(goal):
        return 0.0
    power = 10.0 ** math.floor(math.log10(goal))
    return next((each * power for each in (5, 2) if each * power <= goal), power)


def _dates(known: npt.NDArray[np.int64], missing: int) -> Facet:
    moments = known.view("datetime64[us]") if len(known) else known.astype("datetime64[us]")
    for unit, most in UNITS:
        periods = moments.astype(f"datetime64[{unit}]").astype(np.int64)
        first, last = (int(periods.min()), int(periods.max())) if len(periods) else (0, 0)
        if last - first > LONGEST_SPAN and unit != "Y":
            continue
        counts = np.bincount(periods - first)
        used = np.flatnonzero(counts)
        if len(used) <= most or unit == "Y":
            break
    more = max(0, len(used) - most)
    if more:
        used = np.sort(used[np.argsort(-counts[used], kind="stable")[:most]])
    spelled = np.datetime_as_string((used + first).astype(f"datetime64[{unit}]")).tolist()
    counted = zip(spelled, counts[used].tolist(), strict=True)
    return Facet([(str(name), int(count)) for name, count in counted], more, missing)
