"""Many vectors a picture: places that another view of the same thing shows too, and their matches.

They do not say what a picture shows but where it agrees with another one, so they check what a
search has found; no collection is made of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt
from PIL import Image

from semsearch.errors import ContentError, ModuleError
from semsearch.modules.card import ModuleCard
from semsearch.modules.image import prepare_whole
from semsearch.modules.module import Content, Module, Prepared, Progress
from semsearch.modules.refusals import enough_memory
from semsearch.vectors import Vectors


@dataclass(frozen=True)
class LocalFeatures:
    """The features of one picture, the best first.

    `locations` (n, 2) are (y, x) in pixels of the upright picture, the middle of the first pixel
    being (0, 0); `descriptors` (n, dim) have length one; `scores` (n,) are comparable within one
    picture only. All are float32.
    """

    locations: Vectors
    descriptors: Vectors
    scores: npt.NDArray[np.float32]


Detect = Callable[[npt.NDArray[np.uint8], int], LocalFeatures]
"""Takes a picture (h, w, 3) and how many features it may give at most."""


class LocalModule(Module):
    """Turn pictures into local features. Safe to share between threads.

    It has no single vector for a picture: `prepare` and `encode` refuse every content.
    """

    def __init__(self, card: ModuleCard, build: Callable[[], Detect], longest: int) -> None:
        super().__init__(card, self._refuse, self._refuse)
        self._longest = longest
        self._build_detect = build
        self._detect: Detect | None = None
        self._waiting = threading.Lock()

    def local_features(
        self, pictures: Sequence[Content], max_features: int = 1000
    ) -> list[LocalFeatures]:
        """Return the features of each picture, `max_features` at most.

        Large pictures are looked at smaller; locations are those of the picture given.

        Raises:
            ContentError: one of the pictures cannot be read; its position is named.
            ValueError: `max_features` is less than 1.
            TypeError: not a sequence of pictures.
        """
        if isinstance(pictures, str | bytes | Path | Image.Image):
            raise TypeError("local_features takes a list of pictures; put a single one in a list")
        if max_features < 1:
            raise ValueError(f"max_features must be 1 or more, got {max_features}")
        return [self._of_one(row, picture, max_features) for row, picture in enumerate(pictures)]

    def encode(self, contents: Sequence[Content], on_progress: Progress | None = None) -> Vectors:
        """Raise a ModuleError: there is no single vector for a picture."""
        self._refuse()

    def encode_prepared(
        self, prepared: Sequence[Prepared], on_progress: Progress | None = None
    ) -> Vectors:
        """Raise a ModuleError: there is no single vector for a picture."""
        self._refuse()

    def _of_one(self, row: int, picture: Content, max_features: int) -> LocalFeatures:
        try:
            decoded, size = prepare_whole(picture, self._longest)
        except ContentError as error:
            raise ContentError(f"picture {row}: {error.problem}", error.remedy) from error
        with self._waiting:
            if self._detect is None:
                self._check()
                self._detect = self._build_detect()
        with enough_memory(self.card.name):
            found = self._detect(decoded, max_features)
        scale = np.array(size, np.float32) / decoded.shape[:2]
        # A pixel's place is its middle, which is half a pixel from its border at either scale.
        locations = (found.locations + 0.5) * scale - 0.5
        return LocalFeatures(locations.astype(np.float32), found.descriptors, found.scores)

    def _refuse(self, content: Content | None = None) -> NoReturn:
        raise ModuleError(
            f"{self.card.name!r} gives many vectors a picture, and a collection holds one of each",
            "compare pictures with its local_features and match, or take an image module",
        )


def match(first: LocalFeatures, second: LocalFeatures) -> npt.NDArray[np.int64]:
    """Return the rows of features that are each other's nearest, shape (m, 2), in order.

    Needs memory for n * m similarities.
    """
    if not len(first.scores) or not len(second.scores):
        return np.empty((0, 2), np.int64)
    similarities = first.descriptors @ second.descriptors.T
    there, back = similarities.argmax(1), similarities.argmax(0)
    rows = np.flatnonzero(back[there] == np.arange(len(there)))
    return np.stack([rows, there[rows]], 1).astype(np.int64)
