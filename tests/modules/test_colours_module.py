"""The module `colours`: deterministic, never zero, and blind to everything but colour."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from semsearch.modules import load_module


def test_pictures_of_like_colours_are_near_and_of_unlike_ones_are_not() -> None:
    red, dark_red, blue = load_module("colours").encode(
        [Image.new("RGB", (40, 60), colour) for colour in ("#e01010", "#d81818", "#1010e0")]
    )
    assert red @ dark_red > 0.95
    assert red @ blue < 0.5


def test_where_a_colour_stands_counts() -> None:
    upright = Image.new("RGB", (64, 64), "white")
    upright.paste("black", (0, 32, 64, 64))
    same, turned = upright.copy(), upright.transpose(Image.Transpose.ROTATE_180)
    first, second, third = load_module("colours").encode([upright, same, turned])
    assert first @ second == pytest.approx(1)
    assert first @ third < 0.5


@pytest.mark.parametrize("grey", range(0, 256, 51))
def test_no_even_grey_is_without_direction(grey: int) -> None:
    (vector,) = load_module("colours").encode([Image.new("L", (9, 7), grey)])
    assert np.linalg.norm(vector) == pytest.approx(1)
