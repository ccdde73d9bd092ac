"""Small modules of every kind, saved once a session."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.hub import small_models as small

BUILDERS: dict[str, Callable[[Path], Path]] = {
    "use": small.text_module,
    "use-callable": lambda folder: small.text_module(folder, has_signature=False),
    "one-text": lambda folder: small.text_module(folder, dim=16, batch=1),
    "eight-texts": lambda folder: small.text_module(folder, dim=16, batch=8),
    "column-of-texts": lambda folder: small.text_module(folder, dim=16, shape=(None, 1)),
    "nnlm": small.nnlm_module,
    "nnlm-tf1": small.tf1_text_module,
    "images-tf1": lambda folder: small.tf1_image_module(folder, told=160),
    "efficientnet_b0_feature-vector": small.image_module,
    "inception-v3": lambda folder: small.image_module(folder, size=299),
    "nasnet_large_dynamic": small.image_module,
    "four-images": lambda folder: small.image_module(folder, size=32, batch=4),
    "mean-colour": small.mean_colour_module,
    "mean-colour-bytes": lambda folder: small.mean_colour_module(folder, dtype="uint8"),
    "delf": small.delf_module,
    "keras-image": small.keras_saved_model,
    "keras-text": lambda folder: small.keras_saved_model(folder, kind="text"),
}


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the folder of the module of a name; nobody may change what is in it."""

    @cache
    def built(name: str) -> Path:
        return BUILDERS[name](tmp_path_factory.mktemp("modules") / name)

    return built


@pytest.fixture(scope="session")
def pictures() -> list[Image.Image]:
    """Five pictures, no two alike and none square."""
    random = np.random.default_rng(3)
    return [Image.fromarray(random.integers(0, 255, (40, 50, 3), np.uint8)) for _ in range(5)]
