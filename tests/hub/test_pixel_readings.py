"""SavedModels that want other pixels than they get: the trial finds the options that mend it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from semsearch.modules import load_module
from semsearch.modules.ranges import PixelReading, pixel_trial, pixel_verdict, with_reading

pytestmark = [pytest.mark.tensorflow]

SIDE = 32


def saved_network(folder: Path, is_bgr: bool) -> Path:
    """A network for pixels from -1 to 1 that tells nothing where none is below 0."""
    import tensorflow as tf

    mix = tf.constant(np.random.default_rng(2).normal(size=(3, 16)), tf.float32)

    class Network(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, SIDE, SIDE, 3], tf.float32)])
        def __call__(self, images):
            dark = tf.clip_by_value(images, -1.0, 0.0)
            seen = tf.concat([dark[..., :2] * 0, dark[..., 2:]], 3) if is_bgr else dark
            return tf.nn.tanh(3 * tf.reduce_mean(seen, [1, 2]) @ mix + 0.1)

    network = Network()
    tf.saved_model.save(network, str(folder), signatures={"serving_default": network.__call__})
    return folder


def tinted(channels: tuple[int, ...]) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    colours = np.zeros((24, 1, 1, 3))
    colours[..., list(channels)] = random.permutation(120)[:24].reshape(24, 1, 1, 1)
    if len(channels) > 1:
        colours = random.integers(5, 120, colours.shape)
    return list((colours + random.integers(0, 3, (24, SIDE, SIDE, 3))).astype(np.uint8))


def trial_of(handle: str, squares: list[np.ndarray]):
    declared = load_module(handle).card.pixel_range
    assert declared is not None
    return pixel_trial(
        lambda reading: load_module(with_reading(handle, reading)).encode_prepared,
        squares,
        PixelReading(*declared),
    )


def test_a_network_for_minus_one_to_one_is_found_out(tmp_path: Path) -> None:
    results = trial_of(str(saved_network(tmp_path / "net", is_bgr=False)), tinted((0, 1, 2)))
    assert results[0].reading.black == -1
    assert "try the handle with '#pixels=-1,1&" in pixel_verdict(results)


def test_a_network_for_bgr_is_found_out(tmp_path: Path) -> None:
    handle = f"{saved_network(tmp_path / 'net', is_bgr=True)}#pixels=-1,1"
    results = trial_of(handle, tinted((0,)))
    assert results[0].reading == PixelReading(-1, 1, "bgr")
    assert "try the handle with '#pixels=-1,1&channels=bgr'" in pixel_verdict(results)
