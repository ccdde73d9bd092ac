"""What the scores of an answer mean, and whether a question has an answer here at all."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from semsearch.collection.calibrating import (
    SMALLEST,
    best_cosines,
    calibrate,
    is_outdated,
    is_too_small,
    unrelated_texts,
)
from semsearch.collection.searching import Mask, Seen
from semsearch.errors import CollectionError, StorageError
from semsearch.modules import Module
from semsearch.search.calibration import Calibration, Unrelated, mean_of_best
from semsearch.store import Space, Store
from semsearch.vectors import Vectors

logger = logging.getLogger(__name__)

NAME = "calibration"
"""The name under which the store keeps a calibration among the settings of a vector space."""

TOO_SMALL = (
    f'min_score="auto" cut nothing: with fewer than {SMALLEST} items nobody can say what is usual'
)
NO_TEXTS = (
    'min_score="auto" cut nothing: only for a module that reads texts is it known what unrelated'
    " queries find"
)

TOLD = ("threshold", "lone", "false_alarms", "fair", "strong")
PERCENTS = (1, 10, 50, 90, 99, 99.9)

TOLD_FROM = 0.1
"""From which share of unrelated queries on it is told that so many pass."""


_backgrounds: dict[str, Vectors] = {}
"""The vectors of the unrelated texts by the digest of their module, encoded once a process."""


class Verdict(NamedTuple):
    """Whether a question belongs to a collection, and a sentence where there is one to say."""

    is_related: bool
    note: str | None = None


class Judge:
    """Knows the scale of a collection's cosines; any thread may ask.

    It is measured when it is first asked for, and again when much has changed.
    """

    def __init__(self, store: Store, module_of: Callable[[Space], Module]) -> None:
        self._store = store
        self._module_of = module_of
        self._measuring = threading.Lock()
        self._held: dict[int, Calibration] = {}
        self._fresh_at: dict[int, tuple[int, bool]] = {}
        self._unsaved: set[int] = set()

    def calibration(self, seen: Seen) -> Calibration | None:
        """Return the scale of the vectors that are searched; None of too small a collection.

        Raises:
            ModuleError: the module is not the one that made the vectors.
        """
        space, now = seen.snapshot.space, (seen.snapshot.version, seen.index is None)
        if self._fresh_at.get(space.id) == now:
            return self._held.get(space.id)
        with self._measuring:
            if self._fresh_at.get(space.id) != now:
                self._measure(seen)
                self._fresh_at[space.id] = now
            return self._held.get(space.id)

    def known(self, space: Space) -> Calibration | None:
        """Return the scale as it was last measured; None where it never was."""
        return self._held.get(space.id) or _kept(self._store, space)

    def save(self) -> None:
        """Keep what was measured with the collection, for other processes; quietly, if at all."""
        with self._measuring:
            unsaved = {id_: self._held[id_] for id_ in self._unsaved if id_ in self._held}
            self._unsaved.clear()
        if not unsaved or self._store.read_only:
            return
        try:
            with self._store.writing(brief=True) as writer:
                for space_id, calibration in unsaved.items():
                    writer.keep_setting(NAME, space_id, calibration.as_dict())
        except (CollectionError, StorageError) as error:
            path = str(self._store.folder.path)
            logger.info("the calibration of %r is not saved: %s", path, error)

    def _measure(self, seen: Seen) -> None:
        snapshot = seen.snapshot
        space = snapshot.space
        if is_too_small(snapshot):
            self._held.pop(space.id, None)
            return
        held = self.known(space)
        if held is None or is_outdated(held, seen):
            held = calibrate(seen, self._background(space))
            self._unsaved.add(space.id)
        self._held[space.id] = held

    def _background(self, space: Space) -> Vectors | None:
        if space.handle is None:
            return None
        module = self._module_of(space)
        return background_of(module) if module.card.modality == "text" else None


def verdicts(judge: Judge, seen: Seen, queries: Vectors, mask: Mask | None = None) -> list[Verdict]:
    """Say of each unit query (n, dim) whether the items that `mask` allows have an answer to it.

    One in twenty queries about something else passes for related, see `Calibration`; where that
    would lose too many that are related, more do.
    """
    known = judge.calibration(seen)
    if known is None or known.unrelated is None:
        why = TOO_SMALL if known is None else NO_TEXTS
        return [Verdict(is_related=True, note=why)] * len(queries)
    best = best_cosines(seen, queries, mask=mask)
    return [_verdict(known.unrelated, scores) for scores in best]


def percentiles(known: Calibration | None, scores: Sequence[float]) -> list[float | None]:
    """Return for each cosine the percent of random pairs of the collection that are less alike."""
    return [None if known is None else known.percentile(score) for score in scores]


def bands(known: Calibration | None, scores: Sequence[float]) -> list[str | None]:
    """Return for each cosine a word that says how much it means, see `Calibration.band`."""
    return [None if known is None else known.band(score) for score in scores]


def scale_of(known: Calibration | None) -> dict[str, Any]:
    """Return a calibration as it is told, JSON-ready; see `Collection.calibration`."""
    if known is None:
        return dict.fromkeys(TOLD) | {"items": 0, "random_pairs": {}, "note": TOO_SMALL}
    pairs = {f"{percent:g}": known.cosine_at(percent) for percent in PERCENTS}
    told = {"items": known.n, "random_pairs": pairs, "note": None}
    if known.unrelated is None:
        fair, strong = known.borders
        return dict.fromkeys(TOLD) | told | {"fair": fair, "strong": strong, "note": NO_TEXTS}
    return told | {name: getattr(known.unrelated, name) for name in TOLD}


def background_of(module: Module) -> Vectors:
    """Return the vectors (n, dim) of texts about all the world; encoded once for each module."""
    digest = module.card.digest
    if digest not in _backgrounds:
        _backgrounds[digest] = module.encode(unrelated_texts())
    return _backgrounds[digest]


def _verdict(unrelated: Unrelated, scores: Vectors) -> Verdict:
    passing = f"{100 * unrelated.false_alarms:.0f} % of unrelated queries"
    if not unrelated.is_reached(scores):
        return Verdict(
            False,
            "nothing here is like the query: the best cosines are"
            f" {mean_of_best(scores):.2f} on average, and only {passing} reach"
            f" {unrelated.threshold:.2f}",
        )
    if unrelated.false_alarms < TOLD_FROM:
        return Verdict(True)
    return Verdict(
        True, f"this collection is about so much that {passing} would have found something too"
    )


def _kept(store: Store, space: Space) -> Calibration | None:
    """Return the calibration that the store keeps; what cannot be read is measured anew."""
    found = store.setting(NAME, space.id)
    try:
        return None if found is None else Calibration.from_dict(found)
    except (KeyError, TypeError, ValueError):
        return None
