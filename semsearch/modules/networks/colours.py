"""The module `colours`: where which colour stands in a picture, for tests and for nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from semsearch.modules.card import ModuleCard, card_digest
from semsearch.modules.image import prepare_image
from semsearch.modules.module import Module, Progress
from semsearch.vectors import Vectors

SIZE = 32
GRID = 4
LEVELS = 4
DIM = GRID * GRID * 3 + LEVELS**3

CARD = ModuleCard(
    name="colours",
    version="1",
    modality="image",
    dim=DIM,
    languages=(),
    licence="Apache-2.0",
    digest=card_digest("colours 1"),
    source="built in",
    description="Mean colours of a 4 x 4 grid and a coarse colour histogram; no TensorFlow",
    caveat="It has no understanding: pictures are near when their colours are, whatever they "
    "show. For tests and trials only.",
    items_per_second=400,
    image_size=SIZE,
    pixel_range=(0.0, 255.0),
    signature=f"images (n, {SIZE}, {SIZE}, 3) uint8 -> vectors (n, {DIM}) float32",
)


def colours() -> Module:
    """Return the module."""
    return Module(CARD, partial(prepare_image, size=SIZE), lambda: encode)


def encode(images: Sequence[npt.NDArray[np.uint8]], on_progress: Progress) -> Vectors:
    """Return colour layouts and histograms, shape (n, 112); no row is zero."""
    pixels = np.stack(list(images))
    on_progress(len(pixels), len(pixels))
    return np.concatenate([_layout(pixels), _histogram(pixels)], axis=1)


def _layout(pixels: npt.NDArray[np.uint8]) -> Vectors:
    cell = SIZE // GRID
    cells = pixels.reshape(len(pixels), GRID, cell, GRID, cell, 3).mean(axis=(2, 4))
    centred = cells.reshape(len(pixels), -1) / 127.5 - 1
    return np.asarray(centred / np.sqrt(centred.shape[1]), np.float32)


def _histogram(pixels: npt.NDArray[np.uint8]) -> Vectors:
    """Return roots of shares: rows of length 1, which is why no vector of ours is zero."""
    coarse = pixels.reshape(len(pixels), -1, 3) // (256 // LEVELS)
    colour = coarse @ np.array([LEVELS * LEVELS, LEVELS, 1])
    counts = np.stack([np.bincount(row, minlength=LEVELS**3) for row in colour])
    return np.asarray(np.sqrt(counts / colour.shape[1]), np.float32)
