"""EfficientNet-Lite and MobileNetV2: tiny ones equal plain numpy, the real ones PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

from semsearch.errors import ModuleError
from semsearch.modules.networks import efficientnet_lite, mobilenet_v2
from semsearch.modules.networks.efficientnet_lite import (
    LITE0,
    LITE1,
    LITE2,
    efficientnet_lite1,
    efficientnet_lite2,
)

pytestmark = [pytest.mark.tensorflow]

SIDE = 48
WIDTHS = (4, 6, 6, 8, 8, 10, 12)


def unheard(done: int, total: int) -> None: ...


def random_pictures(n: int, side: int = SIDE) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (n, side, side, 3), np.uint8)


class Layers(dict):
    """A state dict of random layers, and a plain float64 computation with them."""

    def __init__(self, epsilon: float, is_centred: bool) -> None:
        super().__init__()
        self.epsilon, self.is_centred = epsilon, is_centred
        self.random = np.random.default_rng(3)

    def add(self, kernel: str, norm: str, shape: tuple[int, ...]) -> None:
        self[f"{kernel}.weight"] = self.random.normal(0, 0.5, shape).astype(np.float32)
        for part, low in (("weight", 0.5), ("bias", -1), ("running_mean", -1)):
            self[f"{norm}.{part}"] = self.random.uniform(low, 1, shape[0]).astype(np.float32)
        self[f"{norm}.running_var"] = self.random.uniform(0.5, 2, shape[0]).astype(np.float32)

    def apply(self, x: np.ndarray, kernel: str, norm: str, stride=1, is_clipped=True) -> np.ndarray:
        weights = self[f"{kernel}.weight"].astype(np.float64)
        y = self.convolve(x, weights, stride)
        mean, variance, gain, bias = (
            self[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        y = (y - mean) / np.sqrt(variance + self.epsilon) * gain + bias
        return y.clip(0, 6) if is_clipped else y

    def convolve(self, x: np.ndarray, weights: np.ndarray, stride: int) -> np.ndarray:
        length, side = weights.shape[2], x.shape[1]
        reach = (-(-side // stride) - 1) * stride + length
        before = length // 2 if self.is_centred else max(reach - side, 0) // 2
        x = np.pad(x, ((0, 0), (before, max(reach - side - before, 0)), (0, 0), (0, 0)))
        wide = max(reach - side - before, 0)
        x = np.pad(x, ((0, 0), (0, 0), (before, wide), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(x, (length, length), (1, 2))
        windows = windows[:, ::stride, ::stride]
        if weights.shape[1] == 1:
            return np.einsum("nyxcij,cij->nyxc", windows, weights[:, 0])
        return np.einsum("nyxcij,ocij->nyxo", windows, weights, optimize=True)


def tiny_lite(depth: float) -> tuple[Layers, list[tuple[str, int, bool]]]:
    """Random layers under EfficientNet-Lite's names, and (name, stride, is residual) of blocks."""
    layers, plan, channels = Layers(1e-3, is_centred=False), [], 4
    layers.add("_conv_stem", "_bn0", (channels, 3, 3, 3))
    kernels, strides, repeats = (3, 3, 5, 3, 5, 5, 3), (1, 2, 2, 2, 1, 2, 1), (1, 2, 2, 3, 3, 4, 1)
    for stage, width in enumerate(WIDTHS):
        grown = repeats[stage] if stage in (0, 6) else int(np.ceil(repeats[stage] * depth))
        for repeat in range(grown):
            name, inner = f"_blocks.{len(plan)}.", channels
            if plan:
                inner = 2 * channels
                layers.add(f"{name}_expand_conv", f"{name}_bn0", (inner, channels, 1, 1))
            layers.add(
                f"{name}_depthwise_conv", f"{name}_bn1", (inner, 1, kernels[stage], kernels[stage])
            )
            layers.add(f"{name}_project_conv", f"{name}_bn2", (width, inner, 1, 1))
            stride = strides[stage] if repeat == 0 else 1
            plan.append((name, stride, stride == 1 and channels == width))
            channels = width
    layers.add("_conv_head", "_bn1", (20, channels, 1, 1))
    return layers, plan


def plain_lite(layers: Layers, plan, images: np.ndarray) -> np.ndarray:
    x = layers.apply((images - 127.0) / 128, "_conv_stem", "_bn0", 2)
    for name, stride, is_residual in plan:
        y = x
        if f"{name}_expand_conv.weight" in layers:
            y = layers.apply(y, f"{name}_expand_conv", f"{name}_bn0")
        y = layers.apply(y, f"{name}_depthwise_conv", f"{name}_bn1", stride)
        y = layers.apply(y, f"{name}_project_conv", f"{name}_bn2", is_clipped=False)
        x = x + y if is_residual else y
    return layers.apply(x, "_conv_head", "_bn1").mean((1, 2))


def tiny_mobilenet() -> tuple[Layers, list[tuple[str, int, bool]]]:
    layers, plan, channels = Layers(1e-5, is_centred=True), [], 4
    layers.add("features.0.0", "features.0.1", (channels, 3, 3, 3))
    strides, repeats = (1, 2, 2, 2, 1, 2, 1), (1, 2, 3, 4, 3, 3, 1)
    for stage, width in enumerate(WIDTHS):
        for repeat in range(repeats[stage]):
            name, inner, at = f"features.{len(plan) + 1}.conv", channels, 0
            if plan:
                inner, at = 2 * channels, 1
                layers.add(f"{name}.0.0", f"{name}.0.1", (inner, channels, 1, 1))
            layers.add(f"{name}.{at}.0", f"{name}.{at}.1", (inner, 1, 3, 3))
            layers.add(f"{name}.{at + 1}", f"{name}.{at + 2}", (width, inner, 1, 1))
            stride = strides[stage] if repeat == 0 else 1
            plan.append((name, stride, stride == 1 and channels == width))
            channels = width
    layers.add("features.18.0", "features.18.1", (20, channels, 1, 1))
    return layers, plan


def plain_mobilenet(layers: Layers, plan, images: np.ndarray) -> np.ndarray:
    x = (images / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    x = layers.apply(x, "features.0.0", "features.0.1", 2)
    for name, stride, is_residual in plan:
        y, at = x, 0
        if f"{name}.3.weight" in layers:
            y, at = layers.apply(y, f"{name}.0.0", f"{name}.0.1"), 1
        y = layers.apply(y, f"{name}.{at}.0", f"{name}.{at}.1", stride)
        y = layers.apply(y, f"{name}.{at + 1}", f"{name}.{at + 2}", is_clipped=False)
        x = x + y if is_residual else y
    return layers.apply(x, "features.18.0", "features.18.1").mean((1, 2))


@pytest.mark.parametrize("depth", [1.0, 1.1, 1.2])
def test_a_tiny_efficientnet_lite_equals_plain_numpy(depth: float) -> None:
    layers, plan = tiny_lite(depth)
    images = random_pictures(2)
    features = efficientnet_lite.network(layers, SIDE, depth).encode(list(images), unheard)
    assert features == pytest.approx(plain_lite(layers, plan, images), rel=1e-4, abs=1e-4)


def test_a_tiny_mobilenet_equals_plain_numpy() -> None:
    layers, plan = tiny_mobilenet()
    images = random_pictures(2)
    features = mobilenet_v2.network(layers, SIDE).encode(list(images), unheard)
    assert features == pytest.approx(plain_mobilenet(layers, plan, images), rel=1e-4, abs=1e-4)


def test_order_is_kept_over_batches_and_progress_counts_pictures() -> None:
    layers, _ = tiny_mobilenet()
    network, told = mobilenet_v2.network(layers, SIDE), []
    images = list(random_pictures(34))
    crowd = network.encode(images, lambda done, total: told.append((done, total)))
    assert told == [(32, 34), (34, 34)]
    for row in (0, 31, 32, 33):
        assert network.encode([images[row]], unheard)[0] == pytest.approx(crowd[row], abs=1e-5)


@pytest.mark.parametrize("name", ["_bn0.running_var", "_blocks.3._expand_conv.weight"])
def test_weights_without_a_tensor_are_refused_by_its_name(name: str) -> None:
    layers, _ = tiny_lite(1.0)
    del layers[name]
    with pytest.raises(ModuleError, match=f"hold no tensor '{name}'"):
        efficientnet_lite.network(layers, SIDE, 1.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "make", [efficientnet_lite1, efficientnet_lite2, mobilenet_v2.mobilenet_v2]
)
def test_the_real_network_equals_pytorch(make, patches, reference) -> None:
    module = make()
    vectors = module.encode_prepared(patches(module.card.image_size))
    assert vectors.shape == (2, 1280)
    assert vectors[:, ::10] == pytest.approx(reference[module.card.name], abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("card", "weights"),
    [
        (mobilenet_v2.CARD, mobilenet_v2.WEIGHTS),
        *((each.card, each.weights) for each in (LITE0, LITE1, LITE2)),
    ],
)
def test_the_card_tells_the_size_of_the_weights(card, weights) -> None:
    assert sum(len(file.read()) for file in weights) == card.size
