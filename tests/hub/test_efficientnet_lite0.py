"""The real efficientnet-lite0: equal to the unfolded network, and it sees what is in a picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from semsearch.modules.networks.efficientnet_lite import EPSILON, STAGES, WEIGHTS
from semsearch.modules.networks.torch_file import read_state_dict

pytestmark = pytest.mark.tensorflow


def scene(seed: int, size=(320, 240)) -> Image.Image:
    random = np.random.default_rng(seed)
    noise = random.integers(0, 255, (12, 16, 3), np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


def ball(colour: str, ground: str) -> Image.Image:
    image = Image.new("RGB", (300, 300), ground)
    ImageDraw.Draw(image).ellipse((60, 60, 240, 240), fill=colour)
    return image


def stripes(colour: str, ground: str) -> Image.Image:
    image = Image.new("RGB", (300, 300), ground)
    for left in range(0, 300, 24):
        ImageDraw.Draw(image).rectangle((left, 0, left + 11, 300), fill=colour)
    return image


def test_vectors_have_width_1280_and_length_one(photographs) -> None:
    vectors = photographs.encode([scene(1), scene(2)])
    assert vectors.shape == (2, 1280)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(2), abs=1e-6)


def test_the_features_equal_the_network_with_its_batch_norms_unfolded(photographs) -> None:
    prepared = [photographs.prepare(scene(seed)) for seed in (3, 4)]
    expected = unfolded_features(np.stack(prepared))
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    vectors = photographs.encode_prepared(prepared)
    assert (vectors * expected).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert vectors == pytest.approx(expected, abs=1e-5)


def test_order_is_kept_over_batches_and_a_picture_alone_is_the_same(photographs) -> None:
    images = [scene(seed) for seed in range(35)]
    crowd = photographs.encode(images)
    for row in (0, 31, 32, 34):
        (alone,) = photographs.encode([images[row]])
        assert alone @ crowd[row] == pytest.approx(1, abs=1e-5)


def test_progress_counts_pictures(photographs) -> None:
    told: list[tuple[int, int]] = []
    photographs.encode(
        [scene(seed) for seed in range(33)], lambda done, total: told.append((done, total))
    )
    assert told == [(32, 33), (33, 33)]


def test_shapes_bring_pictures_nearer_than_their_colours_do(photographs) -> None:
    red_ball, blue_ball, red_stripes = photographs.encode(
        [ball("red", "white"), ball("blue", "white"), stripes("red", "white")]
    )
    assert red_ball @ blue_ball > red_ball @ red_stripes


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_an_empty_sheet_still_has_a_direction(photographs, grey: int) -> None:
    assert np.isfinite(photographs.encode([Image.new("L", (50, 50), grey)])).all()


def unfolded_features(images: np.ndarray) -> np.ndarray:
    """The network as published, batch norms and all, straight from the file's names."""
    import tensorflow as tf

    state = read_state_dict(WEIGHTS[0].read())

    def norm(x, name):
        parts = [
            state[f"{name}.{part}"] for part in ("running_mean", "running_var", "bias", "weight")
        ]
        return tf.nn.batch_normalization(x, *parts, EPSILON)

    def convolve(x, name, stride=1):
        kernel = state[f"{name}.weight"].transpose(2, 3, 1, 0)
        return tf.nn.conv2d(x, kernel, stride, "SAME")

    def depthwise(x, name, stride):
        kernel = state[f"{name}.weight"].transpose(2, 3, 0, 1)
        return tf.nn.depthwise_conv2d(x, kernel, [1, stride, stride, 1], "SAME")

    x = (images.astype(np.float32) / 255 - 127 / 255) / (128 / 255)
    x = tf.nn.relu6(norm(convolve(x, "_conv_stem", 2), "_bn0"))
    strides = [first if n == 0 else 1 for blocks, first in STAGES for n in range(blocks)]
    for number, stride in enumerate(strides):
        name, y = f"_blocks.{number}", x
        if f"{name}._expand_conv.weight" in state:
            y = tf.nn.relu6(norm(convolve(y, f"{name}._expand_conv"), f"{name}._bn0"))
        y = tf.nn.relu6(norm(depthwise(y, f"{name}._depthwise_conv", stride), f"{name}._bn1"))
        y = norm(convolve(y, f"{name}._project_conv"), f"{name}._bn2")
        x = x + y if y.shape == x.shape else y
    x = tf.nn.relu6(norm(convolve(x, "_conv_head"), "_bn1"))
    return tf.reduce_mean(x, [1, 2]).numpy()
