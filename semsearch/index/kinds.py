"""The kinds of index that one can ask for, apart from how they are chosen: quick to import."""

from __future__ import annotations

import numpy as np

from semsearch.errors import shortened
from semsearch.index.build import empty_index

KINDS = ("auto", "exact", "flat", "ivf", "hnsw")
"""Any other kind is a FAISS factory string."""

SCANNED_VALUES = 10_000_000
"""Vectors of up to so many numbers are scanned in two or three milliseconds, without an index."""


def check_request(kind: str, recall_target: float, dim: int) -> None:
    """Raise ValueError for a kind or a target that no collection of this width could have.

    TypeError: the kind is no text, or the target no number.
    """
    if not isinstance(kind, str):
        raise TypeError(f"kind must be a text such as 'flat', got {shortened(kind)}")
    if isinstance(recall_target, bool) or not isinstance(recall_target, int | float | np.floating):
        raise TypeError(f"recall_target must be a number, got {shortened(recall_target)}")
    if not 0 < recall_target <= 1:
        raise ValueError(f"recall_target must be above 0 and at most 1, got {recall_target}")
    if kind not in KINDS:
        empty_index(kind, max(dim, 1))
