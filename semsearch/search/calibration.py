"""What a cosine means in one collection, learned from random pairs and from unrelated queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]

LEVELS = np.array([*range(100), *(99 + tenth / 10 for tenth in range(1, 10)), 100.0])
"""The percents at which the cosines of random pairs are kept: tenths at the end, where hits lie."""

HIGHEST_PERCENTILE = 99.9
"""What is claimed at most: a sample cannot say that no pair is more alike."""

FALSE_ALARMS = 0.05
"""The share of unrelated queries that min_score="auto" lets through, where that can be had."""

SURPRISES = 0.01
"""The share of unrelated queries whose very best hit suffices: a needle may stand alone."""

LOST = 0.05
"""The share of queries like the stored items themselves that "auto" may lose at most."""

BEST = 3
"""How many of the best hits are averaged to tell whether a query belongs to a collection."""

STRONG, FAIR, WEAK = "strong", "fair", "weak"

STRONG_PERCENT, FAIR_PERCENT = 99.9, 99.0
"""From where a hit is strong or fair, in percent of random pairs, without unrelated queries."""


@dataclass(frozen=True)
class Unrelated:
    """What queries that have nothing to do with a collection find in it.

    Under min_score="auto" a query must reach the mean cosine `threshold` with its three best hits,
    or `lone` with the best one: `false_alarms` (0 to 1) of the unrelated queries do. `fair`,
    `strong` and `lone` are the cosines that the very best hit of an unrelated query reaches every
    second time, one time in twenty, and one in a hundred.
    """

    threshold: float
    false_alarms: float
    fair: float
    strong: float
    lone: float

    def is_reached(self, scores: npt.ArrayLike) -> bool:
        """Say whether the best cosines that a query finds, NaN where there are fewer, suffice."""
        return mean_of_best(scores) >= self.threshold or bool(np.nanmax(scores) >= self.lone)


@dataclass(frozen=True)
class Calibration:
    """The scale of the cosines of one collection at one time.

    `pairs` are the cosines of random pairs at `LEVELS`. `n` rows were there, of which `last_id`
    was the newest. `unrelated` is None where no module reads texts. `is_rough` tells that fewer
    queries than usual were asked, as each took long.
    """

    pairs: tuple[float, ...]
    n: int
    last_id: int
    unrelated: Unrelated | None = None
    is_rough: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the calibration as JSON-ready values."""
        unrelated = None if self.unrelated is None else vars(self.unrelated)
        return {
            "pairs": list(self.pairs),
            "n": self.n,
            "last_id": self.last_id,
            "unrelated": unrelated,
            "is_rough": self.is_rough,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `as_dict` gave; raises KeyError, TypeError or ValueError on anything else."""
        pairs = tuple(map(float, values["pairs"]))
        if len(pairs) != len(LEVELS):
            raise ValueError(f"a calibration has {len(LEVELS)} levels, not {len(pairs)}")
        found = values["unrelated"]
        unrelated = None if found is None else Unrelated(**{n: float(v) for n, v in found.items()})
        is_rough = bool(values["is_rough"])
        return cls(pairs, int(values["n"]), int(values["last_id"]), unrelated, is_rough)

    def percentile(self, score: float) -> float:
        """Return the percent (0 to 99.9) of random pairs that are less alike than `score`."""
        percent = round(float(np.interp(score, self.pairs, LEVELS)), 1)
        return min(percent, HIGHEST_PERCENTILE)

    def band(self, score: float) -> str:
        """Return in a word how much a hit of this cosine says.

        "strong": the very best hit of an unrelated query reaches it one time in twenty at most.
        "fair": it reaches it less than every second time. "weak": no more than what a query about
        something else finds here too. Where no unrelated queries are known, as with pictures,
        strong is above 99.9 % of random pairs of this collection, and fair above 99 %.
        """
        fair, strong = self.borders
        if score >= strong:
            return STRONG
        return FAIR if score >= fair else WEAK

    def cosine_at(self, percent: float) -> float:
        """Return the cosine that so many percent of random pairs do not reach."""
        return round(float(np.interp(percent, LEVELS, self.pairs)), 4)

    @property
    def borders(self) -> tuple[float, float]:
        """The cosines from which on a hit is fair, and strong."""
        if self.unrelated is not None:
            return self.unrelated.fair, self.unrelated.strong
        return self.cosine_at(FAIR_PERCENT), self.cosine_at(STRONG_PERCENT)


def mean_of_best(scores: npt.ArrayLike) -> float:
    """Return the mean of the three best of some cosines, of fewer where others are NaN."""
    there = np.asarray(scores, dtype=np.float64)
    best = np.sort(there[~np.isnan(there)])[::-1][:BEST]
    return float(best.mean()) if len(best) else -1.0


def pair_levels(cosines: Scores) -> tuple[float, ...]:
    """Return the cosines of random pairs (n,) at `LEVELS`."""
    return tuple(np.round(np.percentile(cosines, LEVELS), 5).tolist())


def unrelated(background: Scores, own: Scores) -> Unrelated:
    """Learn from the best cosines that queries find here, each (n, 3) falling.

    `background` are those of queries about all the world, `own` those of stored items, themselves
    left out: such queries must not be lost, even where the world is what the collection is about.
    """
    strangers, natives = background.mean(axis=1), own.mean(axis=1)
    threshold = float(np.quantile(strangers, 1 - FALSE_ALARMS))
    if len(natives):
        threshold = min(threshold, float(np.quantile(natives, LOST)))
    best = background.max(axis=1)
    fair, strong, lone = np.quantile(best, [0.5, 1 - FALSE_ALARMS, 1 - SURPRISES])
    passing = (strangers >= threshold) | (best >= lone)
    return Unrelated(
        threshold=round(threshold, 4),
        false_alarms=round(float(passing.mean()), 4),
        fair=round(float(fair), 4),
        strong=round(float(strong), 4),
        lone=round(float(lone), 4),
    )
