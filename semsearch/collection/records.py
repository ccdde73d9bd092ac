"""The small frozen records that a collection answers with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from semsearch.collection.rejected import write_rejected
from semsearch.search import Facet

Value = str | int | float | bool | date | list[str] | None
"""What a field can hold; hits show a date as ISO text."""


class Passage(NamedTuple):
    """A part of a text: its first character, the one after its last, and what stands there."""

    start: int
    stop: int
    text: str


class WordWeight(NamedTuple):
    """A word of the matched text, and how much of the match it carried; see `Hit.words`.

    It stands at the characters start to stop of the hit's text. `is_in_query` tells that the query
    has the same word.
    """

    word: str
    weight: float
    start: int
    stop: int
    is_in_query: bool = False


@dataclass(frozen=True)
class Hit:
    """One stored item; `score` is its cosine to the query (-1..1), None when nothing was asked.

    Of a search by words it is a BM25, of one by both a share from 0 to 1, see `Collection.search`.
    `parts` are the scores that `score` was made of. `percentile` says which share (0 to 100) of
    random pairs of this collection is less alike, `band` the same in a word. `passage` is the part
    of a long text that matched best, `words` what carried the match, where that was asked for.
    `folded` are the keys of near-duplicates that stand behind this hit, where it was asked to fold.
    """

    key: str
    score: float | None
    text: str
    fields: dict[str, Value]
    parts: dict[str, float] | None = None
    percentile: float | None = None
    band: str | None = None
    passage: Passage | None = None
    words: list[WordWeight] | None = None
    folded: list[str] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the hit as JSON-ready values; what was not asked for is left out."""
        extra = {
            "parts": self.parts,
            "percentile": self.percentile,
            "band": self.band,
            "passage": self.passage and self.passage._asdict(),
            "words": None if self.words is None else [word._asdict() for word in self.words],
            "folded": self.folded,
        }
        base = {"key": self.key, "score": self.score, "text": self.text, "fields": self.fields}
        return base | {name: value for name, value in extra.items() if value is not None}


class Hits(list[Hit]):
    """The hits of one search, best first.

    `after` asks for those that follow: `search(..., after=hits.after)`; None where there are none.
    `facets` counts values by field where that was asked for; `notes` are sentences for a person,
    such as why the list is empty.
    """

    def __init__(
        self,
        hits: Iterable[Hit] = (),
        *,
        after: str | None = None,
        facets: dict[str, Facet] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        super().__init__(hits)
        self.after = after
        self.facets = facets or {}
        self.notes = list(notes)

    def as_dict(self) -> dict[str, Any]:
        """Return the hits with what belongs to all of them, as JSON-ready values."""
        return {
            "hits": [hit.as_dict() for hit in self],
            "after": self.after,
            "facets": {field: facet.as_dict() for field, facet in self.facets.items()},
            "notes": self.notes,
        }


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
    split: int = 0
    """Texts of these rows that are longer than a passage, and are found by their passages."""
    passages: int = 0
    """The passages that these were split into."""

    def rejected_to_csv(self, path: str | Path, source: str = "") -> None:
        """Write the skipped rows to a csv: source, row, key, reason.

        `source` is what the first column says.

        Raises:
            StorageError: it cannot be written, or another file stands there.
        """
        write_rejected(Path(path), [(source, *row) for row in self.skipped])

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return {
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "skipped": [row._asdict() for row in self.skipped],
            "seconds": round(self.seconds, 3),
            "notes": self.notes,
            "split": self.split,
            "passages": self.passages,
        }


@dataclass(frozen=True)
class Layout:
    """A 2-D map: `xy` (n, 2) float32 is aligned with `keys`."""

    keys: list[str]
    xy: npt.NDArray[np.float32]
