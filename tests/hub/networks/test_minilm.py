"""minilm against BertModel of transformers 5.23.0 on torch 2.13.0, whose answers are stored.

The texts are 180 of the sample reviews and the odd ones; the stored ids are those of the odd ones,
by the tokeniser of the same library.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from semsearch.corpus import sample_path
from semsearch.modules import Module, load_module
from semsearch.modules.networks.minilm import READING, VOCABULARY
from semsearch.modules.networks.wordpiece import WordPieces, read_vocabulary
from semsearch.modules.precision import BULK
from tests.hub.odd_texts import ODD_TEXTS

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]

HUB = Path(__file__).parents[1]
REVIEWS = 180


@pytest.fixture(scope="module")
def texts() -> list[str]:
    lines = sample_path("reviews").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["review"] for line in lines[:REVIEWS]] + ODD_TEXTS


@pytest.fixture
def minilm() -> Module:
    return load_module("minilm")


def test_its_vectors_equal_the_reference(minilm: Module, texts: list[str]) -> None:
    with np.load(HUB / "minilm_reference.npz") as stored:
        expected = stored["vectors"]
    assert len(texts) == len(expected) == 200
    assert np.abs(minilm.encode(texts) - expected).max() < 1e-5


def test_its_pieces_equal_the_reference() -> None:
    expected = json.loads((HUB / "wordpiece_reference.json").read_text())
    words = WordPieces(read_vocabulary(VOCABULARY.read()), is_uncased=True)
    assert words.encode(ODD_TEXTS, READING.max_tokens) == expected


def test_in_bulk_its_vectors_stay_near_the_exact_ones(minilm: Module, texts: list[str]) -> None:
    once = minilm.encode(texts)
    many = minilm.encode([*texts, *(f"{text} {text}" for text in texts)])
    assert len(texts) < BULK <= 2 * len(texts)
    assert (once * many[: len(texts)]).sum(axis=1).min() >= 0.9999


def test_a_text_alone_and_among_others_is_the_same(minilm: Module, texts: list[str]) -> None:
    together = minilm.encode(texts)
    for row in range(0, len(texts), 9):
        assert float(minilm.encode([texts[row]])[0] @ together[row]) == pytest.approx(1, abs=1e-5)


def test_exported_it_gives_the_same_vectors_whatever_is_in_a_text(
    minilm: Module, texts: list[str], tmp_path: Path
) -> None:
    import tensorflow as tf

    exported = tf.saved_model.load(str(minilm.export(tmp_path / "minilm")))
    odd = [*texts, "a\0b\ufeff", "… ½ ² ﬁ １２３ ß"]
    vectors = exported(tf.constant(odd)).numpy()
    assert (vectors * minilm.encode(odd)).sum(axis=1).min() > 0.99999
