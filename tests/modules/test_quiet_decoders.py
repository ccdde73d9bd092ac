"""Pillow's warnings stay silent in all threads that decode, and come back afterwards."""

from __future__ import annotations

import threading
import warnings

import pytest
from PIL import Image

from semsearch.quiet import quiet_decoders


def warn_of_many_pixels() -> None:
    warnings.warn("many pixels", Image.DecompressionBombWarning, stacklevel=1)


def test_one_thread_that_leaves_does_not_take_the_silence_from_another() -> None:
    first_is_in, second_is_in, first_is_out = (threading.Event() for _ in range(3))
    heard: list[BaseException] = []

    def second() -> None:
        first_is_in.wait()
        with quiet_decoders():
            second_is_in.set()
            first_is_out.wait()
            try:
                warn_of_many_pixels()
            except Warning as warning:
                heard.append(warning)

    thread = threading.Thread(target=second)
    thread.start()
    with quiet_decoders():
        first_is_in.set()
        second_is_in.wait()
    first_is_out.set()
    thread.join()
    assert heard == []


def test_the_filters_are_as_before_once_all_have_left() -> None:
    before = list(warnings.filters)
    with quiet_decoders(), quiet_decoders():
        warn_of_many_pixels()
    assert list(warnings.filters) == before
    with pytest.raises(Image.DecompressionBombWarning):
        warn_of_many_pixels()


def test_an_error_among_decoders_leaves_no_silence_behind() -> None:
    before = list(warnings.filters)
    with pytest.raises(OSError, match="cut short"), quiet_decoders():
        raise OSError("cut short")
    assert list(warnings.filters) == before
