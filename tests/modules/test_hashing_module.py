"""The module `hashing`: deterministic, never zero, and without understanding."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semsearch.modules import load_module


def test_vectors_are_the_same_in_every_process() -> None:
    script = (
        "from semsearch.modules import load_module;"
        "print(load_module('hashing').encode(['Cold soup!', '']).tobytes().hex())"
    )
    here = load_module("hashing").encode(["Cold soup!", ""]).tobytes().hex()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == here


@given(st.lists(st.text(max_size=30), max_size=5))
def test_any_text_has_a_direction(texts: list[str]) -> None:
    whole = [text for text in texts if not any("\ud800" <= char <= "\udfff" for char in text)]
    vectors = load_module("hashing").encode(whole)
    assert vectors.shape == (len(whole), 256)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(whole)))


def test_shared_words_bring_texts_near_whatever_their_case_and_marks() -> None:
    soup, shouted, shoes = load_module("hashing").encode(
        ["the soup was cold", "The SOUP, was cold!", "running shoes for winter"]
    )
    assert soup @ shouted == pytest.approx(1)
    assert soup @ shoes < 0.3


def test_it_does_not_understand_that_two_sentences_mean_the_same() -> None:
    meal, same = load_module("hashing").encode(["my meal arrived cold", "lukewarm food again"])
    assert meal @ same < 0.3
