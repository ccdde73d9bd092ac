"""Vectors that are none: each is refused in words or skipped with its reason; nothing is stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import semsearch
from tests.bad_input.conftest import one_sentence

NAN, INF = float("nan"), float("inf")
ONE = np.ones((1, 4), np.float32)

pytestmark = pytest.mark.usefixtures("unchanged")


@pytest.mark.parametrize(
    ("vectors", "error", "phrase"),
    [
        (np.ones(4), ValueError, "must have the shape (n, dim), got (4,)"),
        (np.ones((1, 1, 4)), ValueError, "must have the shape (n, dim), got (1, 1, 4)"),
        (np.float32(3), ValueError, "must have the shape (n, dim), got ()"),
        ([], ValueError, "must have the shape (n, dim), got (0,)"),
        (np.ones((1, 5)), ValueError, "must be 4 wide as the collection is, got 5"),
        (np.ones((1, 3)), ValueError, "must be 4 wide as the collection is, got 3"),
        (np.ones((1, 0)), ValueError, "must be 4 wide as the collection is, got 0"),
        ([[1, 2, 3, 4], [1, 2]], TypeError, "rows have different widths"),
        ([["a", "b", "c", "d"]], TypeError, "got values of type <U1"),
        ([["1", "2", "3", "4"]], TypeError, "got values of type <U1"),
        (["soup"], TypeError, "got values of type <U4"),
        (b"abcd", TypeError, "got values of type |S4"),
        (ONE.astype(complex), TypeError, "got values of type complex128"),
        (np.array([["2020-01-01"] * 4], "datetime64[D]"), TypeError, "of type datetime64[D]"),
        (np.array([[1, {}, 2, 3]], object), TypeError, "not 'dict'"),
        ({"a": 1}, TypeError, "not 'dict'"),
        ([[10**400, 1, 1, 1]], TypeError, "too large"),
        (np.ma.array(ONE, mask=[[0, 1, 0, 0]]), ValueError, "hold masked values"),
        ((row for row in ONE), TypeError, "not 'generator'"),
    ],
)
def test_what_is_no_matrix_of_numbers_is_refused(
    own: semsearch.Collection, vectors: Any, error: type[Exception], phrase: str
) -> None:
    for call in (
        lambda: own.add(vectors=vectors, keys=["x"]),
        lambda: own.neighbors(vectors),
    ):
        with pytest.raises(error) as told:
            call()
        assert phrase in one_sentence(told.value)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ([NAN, 0, 0, 1], "holds NaN, infinity or a number beyond float32"),
        ([INF, 0, 0, 1], "holds NaN, infinity or a number beyond float32"),
        ([-INF, 0, 0, 1], "holds NaN, infinity or a number beyond float32"),
        ([1e300, 0, 0, 1], "holds NaN, infinity or a number beyond float32"),
        ([None, 0, 0, 1], "holds NaN, infinity or a number beyond float32"),
        ([0, 0, 0, 0], "is zero and has no direction"),
        ([1e-9] * 4, "is zero and has no direction"),
        ([1e-40] * 4, "is zero and has no direction"),
    ],
)
def test_a_row_without_a_direction_is_skipped_or_stops(
    own: semsearch.Collection, row: list[Any], reason: str
) -> None:
    report = own.add(vectors=[row], keys=["x"])
    assert (report.added, report.updated) == (0, 0)
    assert reason in report.skipped[0].reason
    with pytest.raises(semsearch.SemsearchError) as told:
        own.add(vectors=[row], keys=["x"], on_error="stop")
    assert "row 1 (key 'x') cannot be stored" in one_sentence(told.value)
    assert "mend the row" in str(told.value)


@pytest.mark.parametrize(
    ("vector", "phrase"),
    [
        ([NAN, 0, 0, 1], "vector 0 holds a value that is NaN or infinite; clean it first"),
        ([INF, 0, 0, 1], "vector 0 holds a value that is NaN or infinite; clean it first"),
        ([1e300, 0, 0, 1], "vector 0 holds a value that is NaN or infinite; clean it first"),
        ([0, 0, 0, 0], "vector 0 is zero and has no direction; leave the row out"),
        ([1e-9] * 4, "vector 0 is zero and has no direction; leave the row out"),
    ],
)
def test_a_query_without_a_direction_is_refused(
    own: semsearch.Collection, vector: list[Any], phrase: str
) -> None:
    with pytest.raises(ValueError) as told:
        own.neighbors([vector])
    assert phrase == one_sentence(told.value)


@pytest.mark.parametrize(
    ("keys", "error", "phrase"),
    [
        (None, ValueError, "vectors= and keys= go together"),
        ([], ValueError, "need one key a row, got 0 keys for 1 rows"),
        (["x", "y"], ValueError, "need one key a row, got 2 keys for 1 rows"),
        ("x", TypeError, "keys must be a list, got the single 'x'"),
        (b"x", TypeError, "keys must be a list, got the single b'x'"),
        (5, TypeError, "keys must be a list, got 5"),
        ({"x"}, TypeError, "a set has no order"),
    ],
)
def test_keys_that_do_not_fit_the_vectors_are_refused(
    own: semsearch.Collection, keys: Any, error: type[Exception], phrase: str
) -> None:
    with pytest.raises(error) as told:
        own.add(vectors=ONE, keys=keys)
    assert phrase in one_sentence(told.value)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (None, "the key is empty"),
        ("", "the key is empty"),
        ("k" * 1001, "the key is longer than 1000 characters"),
        ("\ud83c", "holds half a character"),
        ("a\0b", "holds a NUL character"),
    ],
)
def test_a_key_that_cannot_be_stored_skips_its_row(
    own: semsearch.Collection, key: Any, reason: str
) -> None:
    report = own.add(vectors=ONE, keys=[key])
    assert reason in report.skipped[0].reason
    with pytest.raises(semsearch.SemsearchError) as told:
        own.add(vectors=ONE, keys=[key], on_error="stop")
    assert reason in one_sentence(told.value)


def test_a_key_that_comes_twice_is_skipped_the_second_time(own: semsearch.Collection) -> None:
    report = own.add(vectors=[[1, 0, 0, 0], [0, 0, 1, 0]], keys=["a", "a"])
    assert report.skipped == [(2, "a", "the key stands in row 1 already")]


def test_vectors_of_ones_own_do_not_go_into_a_collection_of_texts(
    texts: semsearch.Collection,
) -> None:
    with pytest.raises(semsearch.SemsearchError) as told:
        texts.add(vectors=ONE, keys=["x"])
    assert "come from its module 'hashing'; make a collection with module=None" in str(told.value)


def test_texts_do_not_go_into_a_collection_of_ones_own_vectors(own: semsearch.Collection) -> None:
    with pytest.raises(semsearch.SemsearchError) as told:
        own.add(["a text"])
    assert "holds your own vectors and has no module" in one_sentence(told.value)
