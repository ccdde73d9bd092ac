"""Items in the order of their scores, before anything is read of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
Part = npt.NDArray[np.floating[Any]]

NO_PASSAGE = 0
"""The id of a passage where an item has none; ids begin with 1."""


@dataclass(frozen=True)
class Ranked:
    """Items by id (n,), best first, equal scores by id; and the passage of each that was best.

    `scores` (n,) float32 is what they are ranked by, `parts` names what it is made of, each (n,).
    """

    ids: Ids
    scores: Scores
    passages: Ids
    parts: Mapping[str, Part] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, places: npt.NDArray[np.int64] | npt.NDArray[np.bool_] | slice) -> Self:
        """Return the items at some places, in their order."""
        return replace(
            self,
            ids=self.ids[places],
            scores=self.scores[places],
            passages=self.passages[places],
            parts={name: scores[places] for name, scores in self.parts.items()},
        )

    def parts_by_item(self) -> list[dict[str, float] | None]:
        """Return what each score is made of, by name; None where it is one part alone."""
        if not self.parts:
            return [None] * len(self)
        names, columns = list(self.parts), [part.tolist() for part in self.parts.values()]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def ranked(ids: Ids, scores: Scores, passages: Ids | None = None) -> Ranked:
    """Return items in the order of falling scores, equal ones by id."""
    if passages is None:
        passages = np.full(len(ids), NO_PASSAGE, dtype=np.int64)
    order = np.lexsort((ids, -scores))
    return Ranked(ids[order], scores[order], passages[order])
