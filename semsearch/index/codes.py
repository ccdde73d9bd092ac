"""A FAISS index of codes as a source of candidates; nothing on it changes during a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from semsearch.index.plan import IndexPlan


@dataclass(frozen=True)
class CodeIndex:
    """A FAISS index over the first `n` rows of the snapshot that it was built from."""

    index: Any
    plan: IndexPlan
    n: int
