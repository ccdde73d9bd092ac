"""What every Module does, shown with an encoder made for the test."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from semsearch.errors import ContentError
from semsearch.modules import Module, load_module
from semsearch.modules.text import checked_text


def lengths(texts, on_progress):
    on_progress(len(texts), len(texts))
    return np.array([[len(text), 1] for text in texts], np.float32)


def module_of(encode, builds: list[str]) -> Module:
    def build():
        time.sleep(0.02)
        builds.append(threading.current_thread().name)
        return encode

    card = load_module("hashing").card
    return Module(type(card)(**{**card.as_dict(), "dim": 2}), checked_text, build)


def test_an_empty_list_gives_no_rows_and_builds_nothing() -> None:
    builds: list[str] = []
    assert module_of(lengths, builds).encode([]).shape == (0, 2)
    assert builds == []


def test_rows_come_in_the_order_of_the_contents_with_length_one() -> None:
    vectors = module_of(lengths, []).encode(["", "soup"])
    assert vectors == pytest.approx(np.array([[0, 1], [4 / 17**0.5, 1 / 17**0.5]]))
    assert vectors.dtype == np.float32


def test_the_network_is_built_once_whichever_thread_comes_first() -> None:
    builds: list[str] = []
    module = module_of(lengths, builds)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: module.encode([text]), ["a"] * 16))
    assert len(builds) == 1


def test_progress_is_told_in_items() -> None:
    told: list[tuple[int, int]] = []
    module_of(lengths, []).encode(["a", "b", "c"], lambda done, total: told.append((done, total)))
    assert told == [(3, 3)]


@pytest.mark.parametrize("single", ["soup", b"soup", Path("soup.jpg")])
def test_a_single_content_instead_of_a_list_is_a_slip(single) -> None:
    with pytest.raises(TypeError, match="in a list"):
        module_of(lengths, []).encode(single)


def test_the_position_of_a_refused_content_is_named() -> None:
    with pytest.raises(ContentError, match=r"content 1: .*surrogate.*position 2"):
        module_of(lengths, []).encode(["fine", "so\ud800up"])
