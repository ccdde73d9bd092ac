"""ResNet50: a tiny one equals a plain computation in Keras's terms, the real one equals Keras."""

from __future__ import annotations

import numpy as np
import pytest

from semsearch.errors import ModuleError
from semsearch.modules.networks import resnet50

pytestmark = [pytest.mark.tensorflow]

SIDE = 64
BLOCKS = ("2a", "2b", "2c", *(f"3{letter}" for letter in "abcd"))
BLOCKS = (*BLOCKS, *(f"4{letter}" for letter in "abcdef"), "5a", "5b", "5c")


def unheard(done: int, total: int) -> None: ...


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    """Random arrays under Keras's names, a few channels wide."""
    random, arrays = np.random.default_rng(11), {}

    def add(kernel: str, norm: str, shape: tuple[int, ...]) -> None:
        spread = 1 / np.sqrt(np.prod(shape[:3]))
        arrays[f"{kernel}/kernel"] = random.normal(0, spread, shape).astype(np.float32)
        arrays[f"{kernel}/bias"] = random.uniform(-1, 1, shape[3]).astype(np.float32)
        for part, low in (("gamma", 0.5), ("beta", -1), ("moving_mean", -1)):
            arrays[f"{norm}/{part}"] = random.uniform(low, 1, shape[3]).astype(np.float32)
        arrays[f"{norm}/moving_variance"] = random.uniform(0.5, 2, shape[3]).astype(np.float32)

    add("conv1", "bn_conv1", (7, 7, 3, 4))
    channels = 4
    for block in BLOCKS:
        inner, outer = 3, 6 + int(block[0])
        name = f"{block}_branch"
        add(f"res{name}2a", f"bn{name}2a", (1, 1, channels, inner))
        add(f"res{name}2b", f"bn{name}2b", (3, 3, inner, inner))
        add(f"res{name}2c", f"bn{name}2c", (1, 1, inner, outer))
        if block[1] == "a":
            add(f"res{name}1", f"bn{name}1", (1, 1, channels, outer))
        channels = outer
    return arrays


def plain_features(weights: dict[str, np.ndarray], images: np.ndarray) -> np.ndarray:
    """The network of the model.json's layers in numpy, norms unfolded, float64."""

    def layer(x, name, stride=1, is_rectified=True):
        number = name.removeprefix("res")
        norm = "bn_conv1" if name == "conv1" else f"bn{number}"
        kernel = weights[f"{name}/kernel"].astype(np.float64)
        length = kernel.shape[0]
        x = np.pad(x, ((0, 0), *[(length // 2, length // 2)] * 2, (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(x, (length, length), (1, 2))
        y = np.einsum("nyxcij,ijco->nyxo", windows[:, ::stride, ::stride], kernel, optimize=True)
        y = y + weights[f"{name}/bias"] - weights[f"{norm}/moving_mean"]
        y /= np.sqrt(weights[f"{norm}/moving_variance"] + 1e-3)
        y = y * weights[f"{norm}/gamma"] + weights[f"{norm}/beta"]
        return y.clip(0) if is_rectified else y

    x = layer(images[..., ::-1] - [103.939, 116.779, 123.68], "conv1", 2)
    x = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))[:, ::2, ::2]
    x = windows.max((4, 5))
    for block in BLOCKS:
        name = f"res{block}_branch"
        stride = 2 if block[1] == "a" and block[0] != "2" else 1
        y = layer(layer(x, f"{name}2a", stride), f"{name}2b")
        y = layer(y, f"{name}2c", is_rectified=False)
        if block[1] == "a":
            x = layer(x, f"{name}1", stride, is_rectified=False)
        x = (x + y).clip(0)
    return x.mean((1, 2))


def test_a_tiny_resnet_equals_plain_numpy(weights) -> None:
    images = np.random.default_rng(5).integers(0, 256, (2, SIDE, SIDE, 3), np.uint8)
    features = resnet50.network(weights, SIDE).encode(list(images), unheard)
    assert features == pytest.approx(plain_features(weights, images), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("name", ["conv1/bias", "bn4f_branch2c/moving_variance"])
def test_weights_without_an_array_are_refused_by_its_name(weights, name: str) -> None:
    rest = {each: array for each, array in weights.items() if each != name}
    with pytest.raises(ModuleError, match=f"hold no tensor '{name}'"):
        resnet50.network(rest, SIDE)


@pytest.mark.slow
def test_the_real_network_equals_keras(patches, reference) -> None:
    vectors = resnet50.resnet50().encode_prepared(patches(resnet50.SIZE))
    assert vectors.shape == (2, 2048)
    assert vectors[:, ::10] == pytest.approx(reference["resnet50"], abs=1e-6)


@pytest.mark.slow
def test_the_card_tells_the_size_of_the_weights() -> None:
    assert sum(len(file.read()) for file in resnet50.WEIGHTS) == resnet50.CARD.size
