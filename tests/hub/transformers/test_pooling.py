"""Pooling: token vectors become the vector of the text, whatever the padding."""

from __future__ import annotations

import numpy as np
import pytest

from semsearch.errors import ModuleError
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.pooling import POOLINGS, checked_pooling, pool

pytestmark = [pytest.mark.tensorflow]

SOUP = [[1.0, -8.0], [4.0, -2.0], [-2.0, -5.0]]
NOTHING = [[99.0, 99.0], [np.nan, np.inf]]
EXPECTED = {"mean": [1, -5], "cls": [1, -8], "last": [-2, -5], "max": [4, -2]}


def pooled(tokens: list[list[float]], mask: list[float], pooling: str, kind: str = "float32"):
    tf = import_tensorflow()
    vectors = pool(tf, tf.constant([tokens], kind), tf.constant([mask]), pooling)
    assert vectors.dtype == tf.float32
    return vectors.numpy()[0].tolist()


@pytest.mark.parametrize("pooling", POOLINGS)
def test_padding_on_the_right_does_not_count(pooling: str) -> None:
    assert pooled(SOUP + NOTHING, [1, 1, 1, 0, 0], pooling) == EXPECTED[pooling]


@pytest.mark.parametrize("pooling", POOLINGS)
def test_padding_on_the_left_does_not_count(pooling: str) -> None:
    assert pooled(NOTHING + SOUP, [0, 0, 1, 1, 1], pooling) == EXPECTED[pooling]


@pytest.mark.parametrize("pooling", POOLINGS)
def test_the_mask_may_be_of_floats_and_the_tokens_of_half_precision(pooling: str) -> None:
    mask = [1.0, 1.0, 1.0, 0.0, 0.0]
    assert pooled(SOUP + NOTHING, mask, pooling, "bfloat16") == EXPECTED[pooling]


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_text_without_tokens_that_count_has_a_vector_of_zeros(pooling: str) -> None:
    assert pooled(NOTHING, [0, 0], pooling) == [0, 0]


def test_a_gap_within_a_text_does_not_count() -> None:
    tokens = [SOUP[0], NOTHING[0], *SOUP[1:]]
    assert {name: pooled(tokens, [1, 0, 1, 1], name) for name in POOLINGS} == EXPECTED


@pytest.mark.parametrize("pooling", POOLINGS)
def test_pooling_is_traced_once_for_all_shapes(pooling: str) -> None:
    tf = import_tensorflow()
    shapes = [tf.TensorSpec([None, None, 2], tf.float32), tf.TensorSpec([None, None], tf.int32)]
    traced = tf.function(
        lambda tokens, mask: pool(tf, tokens, mask, pooling), input_signature=shapes
    )
    vectors = traced(tf.constant([SOUP + NOTHING]), tf.constant([[1, 1, 1, 0, 0]]))
    assert vectors.numpy().tolist() == [EXPECTED[pooling]]


def test_another_word_is_refused_with_those_that_are_known() -> None:
    assert [checked_pooling(name) for name in POOLINGS] == list(POOLINGS)
    with pytest.raises(ModuleError, match="'median'.*known are mean, cls, last, max"):
        checked_pooling("median")
