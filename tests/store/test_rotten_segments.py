"""A vector file whose bytes have rotted is told before it ranks anything, or soon after."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch.errors import CollectionDamaged
from semsearch.modules.catalogue import BUILT_IN, BuiltIn
from semsearch.store import verifying
from tests import words_module


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with semsearch.create(tmp_path / "c", module=None, dim=8) as made:
        rows = np.random.default_rng(0).standard_normal((50, 8))
        made.add(vectors=rows, keys=[str(row) for row in range(50)])
    return tmp_path / "c"


def rot(path: Path, dim: int = 8) -> None:
    [segment] = [
        file
        for file in (path / "segments").iterdir()
        if np.load(file, mmap_mode="r").shape[1] == dim
    ]
    data = bytearray(segment.read_bytes())
    data[-3] ^= 1
    segment.write_bytes(data)


def test_one_flipped_bit_is_told_by_the_first_search(path: Path) -> None:
    rot(path)
    with (
        semsearch.open(path) as collection,
        pytest.raises(CollectionDamaged, match="does not hold what was written; run `semsearch"),
    ):
        collection.similar("0")


def test_a_large_file_is_compared_beside_the_searches(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "AT_ONCE", 100)
    rot(path)
    with semsearch.open(path) as collection:
        deadline = time.monotonic() + 20
        with pytest.raises(CollectionDamaged, match="does not hold what was written"):
            while time.monotonic() < deadline:
                collection.similar("0")
                time.sleep(0.01)


def test_a_large_file_that_is_right_goes_on_being_searched(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "AT_ONCE", 100)
    with semsearch.open(path) as collection:
        for _ in range(20):
            assert len(collection.similar("0", k=5)) == 5
            time.sleep(0.005)


@pytest.fixture
def exchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A collection whose former vectors, of the module `words`, have rotted."""
    monkeypatch.setitem(BUILT_IN, "words", BuiltIn(words_module.CARD, words_module.words))
    with semsearch.create(tmp_path / "e", module="words") as made:
        made.add(["cold soup", "warm bread", "new shoes"])
        made.reencode("hashing")
    rot(tmp_path / "e", words_module.DIM)
    return tmp_path / "e"


def test_nothing_is_switched_to_vectors_that_have_rotted(exchanged: Path) -> None:
    with semsearch.open(exchanged) as collection:
        with pytest.raises(CollectionDamaged, match="is damaged.*; nothing was switched: drop"):
            collection.rollback()
        assert collection.handle == "hashing"
        assert collection.search("bread", k=1)[0].text == "warm bread"
        collection.drop_space("previous")
        assert collection.check(full=True).level == "ok"


def test_new_vectors_that_have_rotted_are_told_before_they_are_compared(exchanged: Path) -> None:
    with semsearch.open(exchanged) as collection:
        collection.drop_space("previous")
        collection.reencode("words", switch=False)
        rot(exchanged, words_module.DIM)
        with pytest.raises(CollectionDamaged, match="nothing was switched"):
            collection.reencode()
        assert collection.search("bread", k=1)[0].text == "warm bread"
