"""The inputs that every exported module is tried with, here and on the machine that gets it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from semsearch.errors import ModuleError
from semsearch.modules.card import ModuleCard

ENGLISH = (
    "soup",
    "The food arrived cold and late.",
    "Where is the nearest railway station?",
    "Great phone: the battery lasts 2 days, the camera is fine & it cost only $199!",
    "The film drags on for far too long, but the last scene is worth the wait. " * 4,
)
OTHERS = {
    "de": "Wo ist der nächste Bahnhof?",
    "es": "¿Dónde está la estación de tren más cercana?",
    "ja": "一番近い駅はどこですか？",
    "ar": "أين أقرب محطة قطار؟",
}
PICTURES = 3
GRAIN = 12
"""Noise of so many squares a side, made smooth, has shapes, edges and colours to be seen."""


def samples_for(card: ModuleCard) -> list[Any]:
    """Return prepared test inputs: texts, or squares of bytes (size, size, 3); always the same.

    Texts are English, and of four more languages as far as the module knows them.

    Raises:
        ModuleError: the card does not say how large the pictures of the module are.
    """
    if card.modality == "text":
        return [*ENGLISH, *(text for code, text in OTHERS.items() if code in card.languages)]
    if card.image_size is None:
        raise ModuleError(
            f"the module {card.name!r} does not say how large its pictures are",
            "name the side in pixels after the handle: #size=224",
        )
    return [_picture(seed, card.image_size) for seed in range(PICTURES)]


def _picture(seed: int, size: int) -> npt.NDArray[np.uint8]:
    noise = np.random.default_rng(seed).integers(0, 256, (GRAIN, GRAIN, 3), np.uint8)
    return np.array(Image.fromarray(noise).resize((size, size), Image.Resampling.BICUBIC))
