"""What convolutional networks share: convolutions with norms folded in, blocks and batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from semsearch.errors import ModuleError
from semsearch.modules.batches import run_halving
from semsearch.modules.card import ModuleCard
from semsearch.modules.exporting.exportable import Exportable
from semsearch.modules.exporting.licence import licence_texts
from semsearch.modules.exporting.lifting import lift
from semsearch.modules.image import prepare_image
from semsearch.modules.module import Module, Progress
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.weights import WeightFile
from semsearch.vectors import Vectors

Arrays = Mapping[str, npt.NDArray[Any]]
Activation = Literal["relu6", "relu", "none"]

BATCH = 32


@dataclass(frozen=True)
class Convolution:
    """One convolution with its batch norm folded in; `kernel` (height, width, in, out).

    With a stride, TensorFlow pads the end of an even side more than its beginning; `is_centred`
    pads both alike, as PyTorch does.
    """

    kernel: Any
    bias: Any
    stride: int = 1
    activation: Activation = "relu6"
    is_depthwise: bool = False
    is_centred: bool = False


@dataclass(frozen=True)
class Block:
    """Convolutions in a row, and whether their input is added to their output.

    `projection` gives the input the shape of the output first; `is_rectified` cuts what is below
    zero off the sum.
    """

    convolutions: tuple[Convolution, ...]
    is_residual: bool = False
    projection: Convolution | None = None
    is_rectified: bool = False


class FeatureNetwork:
    """Squares of one size in bytes, (n, size, size, 3), into features averaged over space.

    `layers` takes float32 of 0 to 255 to the last feature map, (n, height, width, dim).
    """

    def __init__(self, size: int, layers: Callable[[Any], Any]) -> None:
        tf = self._tf = import_tensorflow()
        self._layers = layers
        images = tf.TensorSpec([None, size, size, 3], tf.uint8)
        self._features = tf.function(
            lambda images: self.features(tf.cast(images, tf.float32)),
            input_signature=[images],
            autograph=False,
        )

    def encode(self, images: Sequence[npt.NDArray[np.uint8]], on_progress: Progress) -> Vectors:
        """Return the features of prepared pictures, shape (n, dim), in input order."""
        batches: list[Vectors] = []
        for start in range(0, len(images), BATCH):
            batch = list(images[start : start + BATCH])
            batches.append(run_halving(self._run, batch))
            on_progress(start + len(batch), len(images))
        return np.concatenate(batches)

    def features(self, images: Any) -> Any:
        """Return the features of float32 images of 0 to 255, as a tensor (n, dim)."""
        return self._tf.reduce_mean(self._layers(images), [1, 2])

    def exportable(self, weights: WeightFile) -> Exportable:
        """Return the network for publishing, for pictures of any size, with its licence."""
        tf = self._tf
        images = tf.TensorSpec([None, None, None, 3], tf.float32)
        lifted = lift(lambda images: self.features(255 * images), images)
        return Exportable(
            lifted.call,
            variables=lifted.variables,
            trainable_variables=lifted.variables,
            licence_texts=licence_texts(weights),
        )

    def _run(self, batch: list[npt.NDArray[np.uint8]]) -> Vectors:
        features: Vectors = self._features(np.stack(batch)).numpy()
        return features


def feature_module(
    card: ModuleCard, weights: WeightFile, build: Callable[[], FeatureNetwork]
) -> Module:
    """Return the module of a network that looks at squares of the card's `image_size`."""
    return Module(
        card,
        partial(prepare_image, size=card.image_size or 0),
        lambda: build().encode,
        lambda: build().exportable(weights),
    )


def run_blocks(x: Any, blocks: Iterable[Block]) -> Any:
    """Return what the blocks, one after the other, make of the feature map `x`."""
    tf = import_tensorflow()
    for block in blocks:
        y = x
        for convolution in block.convolutions:
            y = _convolve(tf, y, convolution)
        if block.is_residual:
            y = (_convolve(tf, x, block.projection) if block.projection else x) + y
        x = tf.nn.relu(y) if block.is_rectified else y
    return x


def as_tensor(array: npt.NDArray[Any]) -> Any:
    """Return the array as a TensorFlow constant of float32."""
    return import_tensorflow().constant(np.ascontiguousarray(array, np.float32))


def torch_convolution(
    state: Arrays,
    kernel: str,
    norm: str,
    *,
    epsilon: float,
    stride: int = 1,
    activation: Activation = "relu6",
    is_centred: bool = False,
) -> Convolution:
    """Return the convolution and its batch norm that a PyTorch state dict holds under two names.

    Raises:
        ModuleError: a tensor is missing.
    """
    weights = named(state, f"{kernel}.weight")
    parts = ("weight", "bias", "running_mean", "running_var")
    scale, bias = scale_and_shift([named(state, f"{norm}.{part}") for part in parts], epsilon)
    # PyTorch keeps (out, in, height, width), and (channels, 1, height, width) for depthwise.
    is_depthwise = weights.shape[1] == 1
    axes = (2, 3, 0, 1) if is_depthwise else (2, 3, 1, 0)
    folded = (weights * scale[:, None, None, None]).transpose(axes)
    return Convolution(
        as_tensor(folded), as_tensor(bias), stride, activation, is_depthwise, is_centred
    )


def keeps_its_channels(convolutions: Sequence[Convolution]) -> bool:
    """Tell whether convolutions in a row give as many channels as they take."""
    return bool(convolutions[0].kernel.shape[2] == convolutions[-1].kernel.shape[3])


def scale_and_shift(
    norm: Sequence[npt.NDArray[Any]], epsilon: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return what a batch norm (gain, bias, mean, variance) multiplies with and what it adds."""
    gain, bias, mean, variance = (part.astype(np.float64) for part in norm)
    scale = gain / np.sqrt(variance + epsilon)
    return scale, bias - mean * scale


def named(arrays: Arrays, name: str) -> npt.NDArray[Any]:
    """Return the array of this name, or raise a ModuleError that names it."""
    if name not in arrays:
        raise ModuleError(f"the weights hold no tensor {name!r}", "get the file again")
    return arrays[name]


def _convolve(tf: Any, x: Any, convolution: Convolution) -> Any:
    convolve = tf.nn.depthwise_conv2d if convolution.is_depthwise else tf.nn.conv2d
    strides = [1, convolution.stride, convolution.stride, 1]
    padding = "SAME"
    if convolution.is_centred and convolution.stride > 1:
        sides = [[0, 0], *([length // 2] * 2 for length in convolution.kernel.shape[:2]), [0, 0]]
        x, padding = tf.pad(x, sides), "VALID"
    y = tf.nn.bias_add(convolve(x, convolution.kernel, strides, padding), convolution.bias)
    activate = {"relu6": tf.nn.relu6, "relu": tf.nn.relu, "none": tf.identity}
    return activate[convolution.activation](y)
