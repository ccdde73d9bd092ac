"""Checks of what a caller passes, each with one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

MAX_K = 10_000


def check_k(k: int) -> int:
    """Return k, or raise where it is no number of neighbours.

    Raises:
        ValueError: k is less than 1 or more than 10,000.
        TypeError: k is no whole number.
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer):
        raise TypeError(f"k must be a whole number, got {k!r}")
    if not 1 <= k <= MAX_K:
        raise ValueError(f"k must lie between 1 and {MAX_K}, got {k}")
    return int(k)


def check_dim(dim: int | None) -> int:
    """Return the width of the user's own vectors; raises ValueError where it is none."""
    if isinstance(dim, bool) or not isinstance(dim, int) or dim < 1:
        raise ValueError("a collection without a module needs dim, the width of its vectors")
    return dim


def as_list(values: Iterable[Any], what: str) -> list[Any]:
    """Return `values` as a list; a single text is refused, as its letters would be taken."""
    if isinstance(values, str | bytes):
        raise TypeError(f"{what} must be a list, got the single {values!r}; put it in a list")
    return list(values)
