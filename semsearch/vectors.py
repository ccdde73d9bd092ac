"""The vectors that every room passes on: float32 rows of unit length, checked once at the door."""

from __future__ import annotations

import tokenize
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

SMALLEST_NORM = 1e-6
"""Rows shorter than this have no direction and are refused."""


def mapped(path: Path) -> Vectors:
    """Map the matrix of a `.npy` file for reading; neither its shape nor its type is looked at.

    Raises:
        ValueError: the file does not begin as one, whatever it begins with.
        OSError: it cannot be read.
    """
    try:
        return np.lib.format.open_memmap(path, mode="r")
    except (EOFError, SyntaxError, tokenize.TokenError) as error:
        raise ValueError(f"it does not begin as a .npy file ({error})") from error


def as_vectors(array: Any, dim: int | None = None) -> Vectors:
    """Return `array` as finite, C-ordered float32 of shape (n, dim).

    Raises:
        ValueError: another number of axes, another width, or a value that is not finite.
        TypeError: values that are not real numbers.
    """
    rows = as_matrix(array, dim)
    bad = np.flatnonzero(~_finite_rows(rows))
    if len(bad):
        raise ValueError(f"vector {bad[0]} holds a value that is NaN or infinite; clean it first")
    return rows


def unit(vectors: Vectors) -> Vectors:
    """Return the rows scaled to length 1, shape (n, dim).

    Raises:
        ValueError: a row is all but zero and so has no direction.
    """
    norms = lengths(vectors)[:, None]
    bad = np.flatnonzero(norms[:, 0] < SMALLEST_NORM)
    if len(bad):
        raise ValueError(f"vector {bad[0]} is zero and has no direction; leave the row out")
    return np.ascontiguousarray(vectors / norms, dtype=np.float32)


def lengths(vectors: Vectors) -> npt.NDArray[np.floating[Any]]:
    """Return the length of each row, shape (n,); rows of numbers near the largest float32 too."""
    with np.errstate(over="ignore"):
        norms = np.linalg.norm(vectors, axis=1)
    if np.isinf(norms).any():
        return np.asarray(np.linalg.norm(vectors.astype(np.float64), axis=1))
    return np.asarray(norms)


def as_matrix(array: Any, dim: int | None = None) -> Vectors:
    """Return `array` as C-ordered float32 of shape (n, dim); rows may hold NaN and infinity.

    A number beyond float32 becomes infinity.

    Raises:
        ValueError: another number of axes, another width, or masked values.
        TypeError: values that are not real numbers, or rows of different widths.
    """
    rows = _as_numbers(array)
    if rows.ndim != 2:  # noqa: PLR2004 - a matrix has two axes
        raise ValueError(f"vectors must have the shape (n, dim), got {rows.shape}")
    if dim is not None and rows.shape[1] != dim:
        raise ValueError(f"vectors must be {dim} wide as the collection is, got {rows.shape[1]}")
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(rows, dtype=np.float32)


def _as_numbers(array: Any) -> npt.NDArray[Any]:
    if np.ma.is_masked(array):
        raise ValueError("vectors hold masked values; fill them or leave the rows out")
    try:
        rows = np.asarray(array)
        if rows.dtype == object:
            rows = rows.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        reason = "rows have different widths" if "inhomogeneous" in str(error) else str(error)
        raise TypeError(f"vectors must be numbers in rows of one width: {reason}") from error
    if rows.dtype.kind not in "biuf":
        raise TypeError(
            f"vectors must be numbers in rows of one width, got values of type {rows.dtype}"
        )
    return rows


def _finite_rows(rows: Vectors) -> npt.NDArray[np.bool_]:
    return np.asarray(np.isfinite(rows).all(axis=1))
