"""The small frozen records that a collection answers with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Value = str | int | float | bool | date | list[str] | None
"""What a field can hold; hits show a date as ISO text."""


@dataclass(frozen=True)
class Hit:
    """One stored item; `score` is its cosine to the query (-1..1), None when nothing was asked."""

    key: str
    score: float | None
    text: str
    fields: dict[str, Value]

    def as_dict(self) -> dict[str, Any]:
        """Return the hit as JSON-ready values."""
        return {"key": self.key, "score": self.score, "text": self.text, "fields": self.fields}


class SkippedRow(NamedTuple):
    """A row that was not stored: its number in the source, its key if it has one, and why."""

    row: int
    key: str | None
    reason: str


@dataclass(frozen=True)
class AddReport:
    """What `Collection.add` did, counted in rows."""

    added: int
    updated: int
    unchanged: int
    skipped: list[SkippedRow] = field(default_factory=list)
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    """What changed beside the rows, in sentences: a field's type, the column that is encoded."""

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return {
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "skipped": [row._asdict() for row in self.skipped],
            "seconds": round(self.seconds, 3),
            "notes": self.notes,
        }


@dataclass(frozen=True)
class Layout:
    """A 2-D map: `xy` (n, 2) float32 is aligned with `keys`."""

    keys: list[str]
    xy: npt.NDArray[np.float32]
