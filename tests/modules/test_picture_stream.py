"""Pictures on their way to a network: decoded ahead, sent in blocks, each distinct one once."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semsearch.errors import ContentError, ModuleError
from semsearch.modules import Module, load_module
from semsearch.modules.pictures import BLOCK

LONG = BLOCK * 2 + 10


class MeanColours:
    """An encoder that keeps what it was given, block by block."""

    def __init__(self) -> None:
        self.blocks: list[list[np.ndarray]] = []

    def __call__(self, squares, on_progress):
        self.blocks.append(list(squares))
        on_progress(len(squares) // 2, len(squares))
        on_progress(len(squares), len(squares))
        return np.stack([square.mean(axis=(0, 1)) for square in squares]).astype(np.float32) + 1


def square_of(content) -> np.ndarray:
    if content == "broken":
        raise ContentError("the picture is damaged", "save it anew")
    return np.full((4, 4, 3), (content % 251, content // 251, 7), np.uint8)


def module_of(encode, prepare=square_of) -> Module:
    card = load_module("colours").card
    return Module(type(card)(**{**card.as_dict(), "dim": 3}), prepare, lambda: encode)


def test_vectors_are_the_same_whether_decoded_ahead_or_before() -> None:
    module = module_of(MeanColours())
    numbers = [n % 90 for n in range(LONG)]
    expected = module.encode_prepared([square_of(n) for n in numbers])
    assert np.array_equal(module.encode(numbers), expected)
    for row in (0, 70, LONG - 1):
        assert np.array_equal(module.encode([numbers[row]])[0], expected[row])


def test_repeated_pictures_are_encoded_once_even_blocks_apart() -> None:
    encode = MeanColours()
    module_of(encode).encode([*range(LONG), *range(LONG), 3, 3])
    assert [len(block) for block in encode.blocks] == [BLOCK, BLOCK, 10]


def test_progress_counts_items_and_ends_with_all_of_them() -> None:
    told: list[tuple[int, int]] = []
    contents = [0, 0, *range(BLOCK), 1, *range(100, 110), 5, 5]
    module_of(MeanColours()).encode(contents, lambda done, total: told.append((done, total)))
    assert [total for _, total in told] == [len(contents)] * len(told)
    done = [done for done, _ in told]
    assert done == [2 + BLOCK // 2, 2 + BLOCK, 2 + BLOCK + 1 + 5, len(contents)]


def test_repeats_alone_after_the_last_block_are_told_too() -> None:
    told: list[int] = []
    module_of(MeanColours()).encode([*range(BLOCK), 0, 1], lambda done, _: told.append(done))
    assert told == [BLOCK // 2, BLOCK, BLOCK + 2]


def test_later_pictures_are_decoded_while_the_network_computes() -> None:
    second_block_is_decoded = threading.Event()

    def prepare(content: int) -> np.ndarray:
        if content == 2 * BLOCK - 1:
            second_block_is_decoded.set()
        return square_of(content)

    class Waiting(MeanColours):
        def __call__(self, squares, on_progress):
            assert second_block_is_decoded.wait(10)
            return super().__call__(squares, on_progress)

    encode = Waiting()
    module_of(encode, prepare).encode(range(2 * BLOCK))
    assert len(encode.blocks) == 2


def test_few_pictures_are_held_at_once() -> None:
    held, most = 0, 0
    counting = threading.Lock()

    class Square(np.ndarray):
        def __del__(self) -> None:
            nonlocal held
            if self.base is None or not isinstance(self.base, Square):
                with counting:
                    held -= 1

    def prepare(content: int) -> np.ndarray:
        nonlocal held, most
        with counting:
            held += 1
            most = max(most, held)
        return square_of(content).view(Square)

    def encode(squares, on_progress):
        return np.stack([np.asarray(square)[0, 0] for square in squares]).astype(np.float32)

    module_of(encode, prepare).encode(range(BLOCK * 10))
    assert most <= 3 * BLOCK


@pytest.mark.parametrize("place", [0, 3, BLOCK + 5])
def test_the_position_of_a_refused_picture_is_named(place: int) -> None:
    contents: list = list(range(LONG))
    contents[place] = "broken"
    contents[place + 2] = "broken"
    with pytest.raises(ContentError, match=rf"content {place}: the picture is damaged"):
        module_of(MeanColours()).encode(contents)


def test_a_refused_picture_in_the_first_block_builds_nothing(tmp_path: Path) -> None:
    def build():
        raise AssertionError("the network was built")

    module = Module(load_module("colours").card, load_module("colours").prepare, build)
    with pytest.raises(ContentError, match="content 1: there is no picture file"):
        module.encode([Image.new("RGB", (8, 8)), tmp_path / "gone.png"])


def test_no_threads_are_left_when_the_network_fails() -> None:
    def encode(squares, on_progress):
        raise MemoryError("too little")

    before = threading.active_count()
    with pytest.raises(ModuleError):
        module_of(encode).encode(range(LONG))
    assert threading.active_count() == before


def test_no_pictures_give_no_rows() -> None:
    assert module_of(MeanColours()).encode([]).shape == (0, 3)
    assert module_of(MeanColours()).encode_prepared([]).shape == (0, 3)


def test_a_single_picture_opened_by_the_caller_may_stand_in_a_list_many_times() -> None:
    stripes = np.arange(64 * 64 * 3, dtype=np.uint8).reshape(64, 64, 3)
    vectors = load_module("colours").encode([Image.fromarray(stripes)] * 20)
    assert np.array_equal(vectors, np.repeat(vectors[:1], 20, axis=0))
