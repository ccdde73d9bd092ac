"""A csv column gets a type only when nothing of its text is lost."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semsearch.corpus.columns import typed, uniform
from semsearch.corpus.values import as_text, as_value, nested
from semsearch.errors import SourceError


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1", "-20", ""], [1, -20, None]),
        (["1.5", "2", "1e+16"], [1.5, 2.0, 1e16]),
        (["4.50", "12.00"], [4.5, 12.0]),
        (["1.0", "2.25"], [1.0, 2.25]),
        (["true", "", "false"], [True, None, False]),
        (["TRUE", "FALSE"], [True, False]),
        (["", ""], [None, None]),
    ],
)
def test_plain_numbers_and_truths_get_their_type(texts: list[str], values: list[object]) -> None:
    found = typed(texts)
    assert found == values
    assert [type(each) for each in found] == [type(each) for each in values]


@pytest.mark.parametrize(
    "texts",
    [
        ["007"],
        ["1", "NA"],
        ["1.9", "1.10"],
        ["+1"],
        ["1,5"],
        ["-0"],
        [" 1"],
        ["nan"],
        ["inf"],
        ["1e5"],
        ["0x10"],
        ["1_000"],
        ["\u0661"],
        ["true", "False"],
        ["9223372036854775808"],
        ["0.1", "9007199254740993"],
        ["0.1234567890123456789"],
        ["1" * 5000],
        ["null"],
    ],
)
def test_everything_else_stays_text(texts: list[str]) -> None:
    assert typed(texts) == texts


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_whole_numbers_come_back(numbers: list[int]) -> None:
    assert typed([str(number) for number in numbers]) == numbers


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_floats_as_python_writes_them_come_back(numbers: list[float]) -> None:
    found = typed([repr(number) for number in numbers])
    assert found == numbers
    assert {type(each) for each in found} == {float}


CELLS = st.text() | st.from_regex(r"[-+]?[0-9]{0,3}\.?[0-9]{1,3}(e[0-9])?|[Tt]rue", fullmatch=True)


@given(st.lists(CELLS, max_size=3))
def test_a_cell_is_its_text_or_a_number_written_otherwise_the_same(texts: list[str]) -> None:
    for text, value in zip(texts, typed(texts), strict=True):
        if isinstance(value, str):
            assert value == text
        elif value is None:
            assert text == ""
        else:
            assert (
                float(text) == value if text[-1] in "0123456789" else text.lower() == as_text(value)
            )


def test_numbers_of_both_kinds_stay_numbers_and_truths_among_them_make_text() -> None:
    assert uniform([1, 2.5, None]) == [1, 2.5, None]
    assert uniform([1, True]) == ["1", "true"]


def test_what_numpy_and_nested_values_hold_is_plain() -> None:
    assert type(as_value(np.float32(1.5))) is float
    assert as_value(np.bool_(True)) is True
    assert as_value(np.array([1, 2])) == "[1, 2]"
    assert as_value({"on": date(2026, 1, 2)}) == '{"on": "2026-01-02"}'


def test_a_whole_float_reads_as_a_whole_number_where_that_is_exact() -> None:
    assert [as_text(each) for each in (4.0, 1.5, 1e300)] == ["4", "1.5", "1e+300"]


def test_numbers_beyond_the_store_are_text_or_none() -> None:
    assert uniform([2**64, None]) == [str(2**64), None]
    assert uniform([float("inf"), 1]) == [None, 1]
    assert as_value(b"bytes") is None


def test_a_value_that_json_cannot_hold_is_refused_in_words() -> None:
    deep: list[object] = []
    for _ in range(20_000):
        deep = [deep]
    endless: list[object] = []
    endless.append(endless)
    for value in (deep, endless, {(1, 2): 3}):
        with pytest.raises(SourceError, match="cannot be written as JSON"):
            nested(value)
