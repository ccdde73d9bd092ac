"""Facet counts against counting by hand, and how values that are many are grouped."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semsearch.search.facets import MOST_VALUES, Facet, count_facets
from tests.search.small_table import SmallTable

LARGE = 2**53 + 1


def counted(kind: str, values: list[Any], mask: list[bool] | None = None) -> Facet:
    """Return the counts of a field with these values, None where a row has none."""
    table = SmallTable({"f": kind}, {str(at): {"f": value} for at, value in enumerate(values)})
    chosen = np.array([True] * len(values) if mask is None else mask, np.bool_)
    try:
        return count_facets(table, chosen, {"f": kind})["f"]
    finally:
        table.database.close()


def test_texts_come_by_frequency_and_then_by_name() -> None:
    facet = counted("text", ["b", "a", "c", "c", None, "", "é"])
    assert facet == [("c", 2), ("", 1), ("a", 1), ("b", 1), ("é", 1)]
    assert (facet.more, facet.missing) == (0, 1)


def test_only_rows_of_the_mask_are_counted() -> None:
    mask = [True, False, True, True, False]
    assert counted("text", ["a", "a", "b", None, None], mask) == [("a", 1), ("b", 1)]
    assert counted("number", [1, 1, 2, None, None], mask) == [(1, 1), (2, 1)]
    assert counted("boolean", [True, True, False, None, None], mask) == [(True, 1), (False, 1)]
    assert counted("list", [["a"], ["a"], ["b"], None, None], mask) == [("a", 1), ("b", 1)]
    assert counted("date", ["2024-05-01"] * 2 + ["2024-05-02", None, None], mask) == [
        ("2024-05-01", 1),
        ("2024-05-02", 1),
    ]
    for kind in ("text", "number", "boolean", "list", "date"):
        assert counted(kind, [None, None, None], [True, False, True]).missing == 2
        assert counted(kind, [None, None], [False, False]) == []


def test_of_many_texts_the_most_frequent_are_listed_and_the_others_told() -> None:
    values = [f"w{number:03}" for number in range(100) for _ in range(1 + (number % 50 == 7))]
    facet = counted("text", values)
    assert facet[:3] == [("w007", 2), ("w057", 2), ("w000", 1)]
    assert (len(facet), facet.more) == (MOST_VALUES, 100 - MOST_VALUES)


def test_a_member_counts_once_a_list() -> None:
    facet = counted("list", [["red", "red"], ["blue", "red"], [], None])
    assert facet == [("red", 2), ("blue", 1)]
    assert facet.missing == 1


def test_truths_come_by_frequency() -> None:
    assert counted("boolean", [False, True, False, None]) == [(False, 2), (True, 1)]
    assert counted("boolean", [True]) == [(True, 1)]


def test_few_numbers_are_counted_one_by_one_in_their_order() -> None:
    facet = counted("number", [5, 1, 1.0, -2.5, None])
    assert facet == [(-2.5, 1), (1, 2), (5, 1)]
    assert [type(value) for value, _ in facet] == [float, int, int]
    assert facet.missing == 1


def test_whole_numbers_that_are_no_floats_are_counted_as_they_are() -> None:
    assert counted("number", [LARGE, LARGE - 1, LARGE, 1]) == [(1, 1), (LARGE - 1, 1), (LARGE, 2)]


numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**63 - 1)


@settings(max_examples=60, deadline=None)
@given(values=st.lists(numbers, min_size=MOST_VALUES + 1, max_size=60))
def test_ranges_hold_every_number_once(values: list[float]) -> None:
    facet = counted("number", values)
    assert sum(count for _, count in facet) == len(values)
    if isinstance(facet[0][0], tuple):
        borders = [value for value, _ in facet]
        for low, high in borders:  # type: ignore[misc]
            assert low <= high
        floats = [float(value) for value in values]
        for (low, high), count in facet[:-1]:  # type: ignore[misc]
            assert count == sum(low <= value < high for value in floats)
    json.dumps(facet.as_dict(), allow_nan=False)


def test_ranges_are_round_and_hold_about_as_many_rows_each() -> None:
    chance = np.random.default_rng(0)
    facet = counted("number", [round(price, 2) for price in np.exp(chance.normal(3, 1, 2000))])
    assert [value for value, _ in facet][:4] == [(0, 6), (6, 10), (10, 14), (14, 19)]
    assert len(facet) == 8
    assert max(count for _, count in facet) < 400


def test_numbers_that_are_nearly_all_the_same_leave_the_others_apart() -> None:
    facet = counted("number", [0] * 900 + list(range(1, 101)))
    (first, n), *others = facet
    assert isinstance(first, tuple) and first[0] == 0 and n < 920
    assert len(others) > 3


@pytest.mark.parametrize(
    ("dates", "first", "n"),
    [
        (["2024-05-01", "2024-05-01T23:59:59Z", "2024-05-02"], ("2024-05-01", 2), 2),
        ([f"2024-{month:02}-{day:02}" for month in range(1, 13) for day in (1, 9, 20, 28)],
         ("2024-01", 4), 12),
        ([f"{year}-0{month}-01" for year in range(2010, 2022) for month in range(1, 9)],
         ("2010", 8), 12),
        (["0001-01-01", "9999-12-31"], ("0001", 1), 2),
    ],
)  # fmt: skip
def test_dates_are_counted_by_what_comes_out_short(
    dates: list[str], first: tuple[str, int], n: int
) -> None:
    facet = counted("date", dates)
    assert facet[0] == first
    assert len(facet) == n
    assert sum(count for _, count in facet) == len(dates)


def test_of_many_years_the_most_frequent_are_listed_in_their_order() -> None:
    years = [f"{year}-01-01" for year in range(1800, 1900)] * 2 + ["1999-01-01"] * 3
    facet = counted("date", years)
    assert len(facet) == MOST_VALUES
    assert facet[0] == ("1800", 2) and facet[-1] == ("1999", 3)
    assert facet.more == 101 - MOST_VALUES


def test_a_field_without_values_has_no_counts() -> None:
    facet = counted("", [None, None], [True, False])
    assert facet == []
    assert facet.missing == 1


def test_json_tells_ranges_from_values() -> None:
    facet = Facet([((0, 5), 2), (True, 1), ("a", 1)], more=1, missing=2)
    assert facet.as_dict() == {
        "values": [
            {"low": 0, "high": 5, "count": 2},
            {"value": True, "count": 1},
            {"value": "a", "count": 1},
        ],
        "more": 1,
        "missing": 2,
    }


texts = st.none() | st.sampled_from(["a", "b", "é", ""])
lists = st.none() | st.lists(st.sampled_from(["a", "b", "c"]), max_size=3)
moments = st.none() | st.datetimes(
    datetime(2023, 1, 1), datetime(2023, 1, 9), timezones=st.just(UTC)
)


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(texts, lists, moments, st.booleans()), max_size=12))
def test_random_rows_are_counted_as_by_hand(rows: list[tuple[Any, Any, Any, bool]]) -> None:
    mask = [passes for *_, passes in rows]
    passing = [row for row in rows if row[3]]
    spelled = [None if row[2] is None else row[2].isoformat()[:19] + "Z" for row in rows]
    for kind, values, expected in (
        ("text", [row[0] for row in rows], Counter(row[0] for row in passing)),
        ("date", spelled, Counter(row[2] and str(row[2].date()) for row in passing)),
        ("list", [row[1] for row in rows],
         Counter(each for row in passing for each in ([None] if row[1] is None else set(row[1])))),
    ):  # fmt: skip
        facet = counted(kind, values, mask)
        missing = expected.pop(None, 0)
        assert dict(facet) == expected
        assert facet.missing == missing
