"""Which index somebody wants, and what is told of one that was built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from semsearch.index import IndexPlan
from semsearch.index.plan import RECALL_TARGET
from semsearch.store.spaces import CURRENT

Progress = Callable[[int, int], None]

AUTO = "auto"


@dataclass(frozen=True)
class Wish:
    """Which index is wanted; `kind` None lets it be chosen by measurement."""

    kind: str | None = None
    recall_target: float = RECALL_TARGET
    is_automatic: bool = False
    state: str = CURRENT
    """The vectors it is of: those that are searched, or 'building', to be switched to."""


@dataclass(frozen=True)
class IndexReport:
    """An index that was built: what was chosen and measured, and what it covers."""

    plan: IndexPlan
    rows: int
    size: int
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return {
            "index": self.plan.spec,
            "recall": round(self.plan.recall, 4),
            "reason": self.plan.reason,
            "rows": self.rows,
            "bytes": self.size,
            "milliseconds": round(self.plan.milliseconds, 3),
            "exact_milliseconds": round(self.plan.exact_milliseconds, 3),
            "seconds": round(self.seconds, 3),
        }
