"""The self-test of pixels sees that another reading is better, and admits what it cannot see."""

from __future__ import annotations

import numpy as np
import pytest

from semsearch.errors import ModuleError
from semsearch.modules import load_module
from semsearch.modules.ranges import (
    FEWEST,
    READINGS,
    PixelReading,
    pixel_trial,
    pixel_verdict,
    with_reading,
)
from semsearch.vectors import unit

ZERO_TO_ONE, MINUS_ONE_TO_ONE = PixelReading(0, 1), PixelReading(-1, 1)
BGR = PixelReading(0, 1, "bgr")
MIX = np.random.default_rng(1).normal(size=(4, 24))


def tinted(n: int, channels=(0, 1, 2)) -> list[np.ndarray]:
    """Pictures of one colour each, up to some noise, darker than grey."""
    random = np.random.default_rng(0)
    squares = []
    for _ in range(n):
        colour = np.zeros(3)
        colour[list(channels)] = random.integers(10, 120, len(channels))
        noisy = colour + random.integers(0, 4, (24, 24, 3))
        squares.append(noisy.astype(np.uint8))
    return squares


def network(features):
    """What gives, for a reading, an encoder whose network sees the pixels in that reading."""

    def encode_as(reading: PixelReading):
        def encode(squares):
            bytes_ = np.stack(squares).astype(np.float64)
            ordered = bytes_[..., ::-1] if reading.channels == "bgr" else bytes_
            values = reading.black + ordered / 255 * (reading.white - reading.black)
            seen = features(values).mean(axis=(1, 2))
            with_one = np.concatenate([seen, np.ones((len(seen), 4 - seen.shape[1]))], axis=1)
            return unit(np.tanh(with_one @ MIX).astype(np.float32))

        return encode

    return encode_as


sees_below_zero = network(lambda values: 3 * np.clip(values, -1, 0))
sees_the_last_channel = network(lambda values: 3 * np.clip(values[..., 2:], 0, 1))


def test_a_range_that_clips_everything_is_seen_and_the_right_options_are_named() -> None:
    results = pixel_trial(sees_below_zero, tinted(40), ZERO_TO_ONE)
    assert results[0].reading.black == -1
    assert results[0].recall > 0.8
    assert next(each for each in results if each.is_declared).recall == 0
    assert pixel_verdict(results).startswith("Neighbours get better with black as -1, white as 1")
    assert "'#pixels=-1,1&channels=" in pixel_verdict(results)


def test_channels_in_the_wrong_order_are_seen() -> None:
    results = pixel_trial(sees_the_last_channel, tinted(24, channels=[0]), ZERO_TO_ONE)
    assert results[0].reading.channels == "bgr"
    assert "and BGR: two views" in pixel_verdict(results)
    assert "&channels=bgr'" in pixel_verdict(results)


def test_the_right_reading_is_left_in_place() -> None:
    results = pixel_trial(sees_below_zero, tinted(40), MINUS_ONE_TO_ONE)
    assert pixel_verdict(results).startswith(
        "No other reading is better than the declared black as -1, white as 1 and RGB"
    )


def test_readings_that_do_equally_well_are_not_told_apart() -> None:
    results = pixel_trial(network(np.array), tinted(40), ZERO_TO_ONE)
    assert "cannot tell it from" in pixel_verdict(results)


def test_the_declared_reading_is_tried_even_when_it_is_unusual() -> None:
    odd = PixelReading(-2, 2, "rgb")
    results = pixel_trial(sees_below_zero, tinted(5), odd)
    assert {each.reading for each in results} == {odd, *READINGS}
    assert [each.reading for each in results if each.is_declared] == [odd]


def test_the_best_reading_comes_first() -> None:
    ranks = [each.reciprocal_rank for each in pixel_trial(sees_below_zero, tinted(30), BGR)]
    assert ranks == sorted(ranks, reverse=True)


def test_a_network_that_gives_all_pictures_one_vector_finds_nothing() -> None:
    results = pixel_trial(network(np.zeros_like), tinted(30), ZERO_TO_ONE)
    assert {each.recall for each in results} == {0}
    assert pixel_verdict(results).startswith("No other reading is better")


def test_a_reading_without_vectors_counts_as_finding_nothing() -> None:
    def encode_as(reading: PixelReading):
        if reading.black == 0:
            return lambda squares: unit(np.zeros((len(squares), 4), np.float32))
        return sees_below_zero(reading)

    results = pixel_trial(encode_as, tinted(30), ZERO_TO_ONE)
    declared = next(each for each in results if each.is_declared)
    assert (declared.recall, declared.reciprocal_rank) == (0, 0)
    assert "there are no vectors (vector 0 is zero" in declared.problem
    assert "there are no vectors" in pixel_verdict(results)
    nothing = pixel_trial(
        lambda _: lambda squares: unit(np.zeros((len(squares), 4), np.float32)),
        tinted(30),
        ZERO_TO_ONE,
    )
    assert pixel_verdict(nothing).startswith("The trial tells nothing")


def test_few_pictures_give_no_verdict() -> None:
    results = pixel_trial(sees_below_zero, tinted(FEWEST - 1), ZERO_TO_ONE)
    assert pixel_verdict(results) == (
        "19 pictures are too few to tell how the pixels are to be read; take 20."
    )


def test_a_single_picture_is_a_slip() -> None:
    with pytest.raises(ValueError, match="at least two pictures"):
        pixel_trial(sees_below_zero, tinted(1), ZERO_TO_ONE)


def test_a_module_that_cannot_be_had_at_all_is_told() -> None:
    def encode_as(reading: PixelReading):
        raise ModuleError("there is no module 'gone'", "check the path")

    with pytest.raises(ModuleError, match="no module 'gone'"):
        pixel_trial(encode_as, tinted(3), ZERO_TO_ONE)


def test_an_encoder_that_is_already_open_can_be_tried_under_its_own_reading() -> None:
    module = load_module("colours")
    squares = [
        np.ascontiguousarray(square.repeat(2, 0)[:32, :24].repeat(2, 1)[:, :32])
        for square in tinted(25)
    ]
    results = pixel_trial(lambda _: module.encode_prepared, squares, ZERO_TO_ONE)
    assert len({each.reciprocal_rank for each in results}) == 1


@pytest.mark.parametrize(
    ("handle", "expected"),
    [
        ("/m/net", "/m/net#pixels=-1,1&channels=bgr"),
        ("/m/net#pixels=0,1&size=96", "/m/net#pixels=-1,1&channels=bgr&size=96"),
        ("/m/net.keras#pool", "/m/net.keras#pixels=-1,1&channels=bgr&layer=pool"),
    ],
)
def test_a_handle_takes_over_a_reading_and_keeps_its_other_options(handle, expected) -> None:
    assert with_reading(handle, PixelReading(-1, 1, "bgr")) == expected
