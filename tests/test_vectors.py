"""Vectors are checked once at the door."""

from __future__ import annotations

import numpy as np
import pytest

from semsearch.vectors import as_vectors, unit


@pytest.mark.parametrize(
    "array", [[[1, 2], [3, 4]], np.ones((2, 2), np.float16), np.ones((2, 2), order="F")]
)
def test_numbers_of_any_kind_become_contiguous_float32(array: object) -> None:
    vectors = as_vectors(array)
    assert vectors.dtype == np.float32
    assert vectors.flags.c_contiguous


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        ([1.0, 2.0], ValueError, r"shape \(n, dim\), got \(2,\)"),
        (np.ones((1, 2, 2)), ValueError, r"shape \(n, dim\)"),
        (np.ones((2, 3)), ValueError, "must be 2 wide as the collection is, got 3"),
        ([[1.0, 2.0], [np.nan, 0]], ValueError, "vector 1 holds a value that is NaN or infinite"),
        ([[np.inf, 2.0]], ValueError, "vector 0"),
        ([["a", "b"]], TypeError, "must be numbers"),
        ([[1, 2], [3]], TypeError, "rows of one width"),
    ],
)
def test_what_is_no_vector_is_refused(array: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        as_vectors(array, dim=2)


def test_unit_rows_have_length_one() -> None:
    assert np.linalg.norm(unit(as_vectors([[3, 4], [0, 1e-3]])), axis=1) == pytest.approx([1, 1])


def test_a_zero_row_has_no_direction() -> None:
    with pytest.raises(ValueError, match="vector 1 is zero and has no direction"):
        unit(as_vectors([[3, 4], [0, 0]]))
