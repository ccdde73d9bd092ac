"""Pairs of preprocessor and encoder: vectors as the publisher's, whatever the batch."""

from __future__ import annotations

import numpy as np
import pytest

from semsearch.modules import Module
from semsearch.modules.saved_model.pooling import POOLINGS
from semsearch.vectors import unit
from tests.hub.transformers.conftest import KINDS, TEXTS

pytestmark = [pytest.mark.tensorflow]

FULL_LENGTH = [kind for kind in KINDS if kind not in ("bert-of-64", "gpt-left-counting-padding")]
PADDED = [(kind, "mean") for kind in KINDS] + [
    (kind, pooling)
    for kind in ("bert", "gpt-right", "gpt-left")
    for pooling in POOLINGS
    if pooling != "mean"
]
TOLD = [text for text in TEXTS if text]


def same(first: np.ndarray, second: np.ndarray) -> bool:
    return bool((np.sum(first * second, axis=1) > 1 - 1e-5).all())


def mean(mask: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Return the mean of the tokens that count, once more and one text at a time."""
    return unit(np.stack([x[m == 1].mean(0) for m, x in zip(mask, tokens, strict=True)]))


@pytest.mark.parametrize(("kind", "pooling"), PADDED)
def test_a_text_alone_has_the_vector_that_it_has_among_others(opened, kind, pooling) -> None:
    module: Module = opened(kind, pooling=pooling)
    alone = np.concatenate([module.encode([text]) for text in TEXTS])
    assert same(alone, module.encode(TEXTS))
    assert same(alone[::-1], module.encode(TEXTS[::-1]))


@pytest.mark.parametrize("kind", ["bert", "roberta", "gpt-left", "gpt-left-counting-padding"])
def test_padding_does_not_change_the_modules_own_vector_either(opened, kind) -> None:
    module: Module = opened(kind, output="pooled_output")
    alone = np.concatenate([module.encode([text]) for text in TOLD])
    assert same(alone, module.encode(TOLD))


@pytest.mark.parametrize("kind", FULL_LENGTH)
def test_the_default_is_the_mean_of_the_last_layer_as_called_by_hand(opened, by_hand, kind) -> None:
    assert same(opened(kind).encode(TOLD), mean(*by_hand(kind, TOLD, "sequence_output")))


def test_cls_last_and_max_are_those_tokens_as_called_by_hand(opened, by_hand) -> None:
    mask, tokens = by_hand("bert", TOLD, "sequence_output")
    last = mask.sum(1) - 1
    greatest = [x[m == 1].max(0) for m, x in zip(mask, tokens, strict=True)]
    assert same(opened("bert", pooling="cls").encode(TOLD), unit(tokens[:, 0]))
    assert same(opened("bert", pooling="last").encode(TOLD), unit(tokens[range(len(TOLD)), last]))
    assert same(opened("bert", pooling="max").encode(TOLD), unit(np.stack(greatest)))


@pytest.mark.parametrize(("layer", "place"), [("0", 0), ("-2", 1), ("2", 2)])
def test_layers_are_counted_from_either_end(opened, by_hand, layer, place) -> None:
    mask, layers = by_hand("bert", TOLD, "encoder_outputs")
    assert same(opened("bert", layer=layer).encode(TOLD), mean(mask, layers[place]))


def test_layers_may_be_numbered_outputs_of_a_signature(opened, by_hand) -> None:
    expected = mean(*by_hand("gpt-right", TOLD, "encoder_outputs_1"))
    assert same(opened("gpt-right", layer="1").encode(TOLD), expected)


@pytest.mark.parametrize("kind", ["bert", "bert-fixed-call", "gpt-left"])
def test_the_modules_own_vector_is_that_of_a_call_by_hand(opened, by_hand, kind) -> None:
    _, pooled = by_hand(kind, TOLD, "pooled_output")
    assert same(opened(kind, output="pooled_output").encode(TOLD), unit(pooled))


def test_an_output_of_tokens_can_be_named_and_pooled(opened) -> None:
    named = opened("bert", output="encoder_outputs_0").encode(TOLD)
    assert same(named, opened("bert", layer="0").encode(TOLD))


@pytest.mark.parametrize("limit", [8, 250])
def test_the_limit_is_told_to_a_preprocessor_that_packs(opened, by_hand, limit) -> None:
    texts = [*TOLD, "one more word " * 100]
    expected = mean(*by_hand("bert", texts, "sequence_output", limit))
    assert same(opened("bert", max_tokens=str(limit)).encode(texts), expected)


def test_tokens_beyond_the_limit_are_cut_where_the_preprocessor_takes_none(opened, by_hand) -> None:
    module: Module = opened("gpt-left", max_tokens="4", pooling="last")
    words = [" ".join(text.split()[:4]) for text in TOLD]
    assert same(module.encode(TOLD), module.encode(words))
    _, tokens = by_hand("gpt-left", words, "sequence_output")
    assert same(module.encode(TOLD), unit(tokens[:, -1]))
    own: Module = opened("gpt-left", max_tokens="4", output="pooled_output")
    assert same(own.encode(TOLD), unit(tokens[:, -1]))


def test_an_encoder_of_one_length_gets_that_length(opened) -> None:
    texts = [*TOLD, "one more word " * 100]
    vectors = opened("bert-of-64").encode(texts)
    assert same(vectors, opened("bert", max_tokens="64").encode(texts))


def test_texts_without_any_token_have_one_defined_vector(opened) -> None:
    for kind in ("bert", "roberta", "gpt-right", "gpt-left", "gpt-any-length"):
        empty, blank, soup = opened(kind).encode(["", " \n\t ", "soup"])
        assert empty @ blank == pytest.approx(1, abs=1e-6)
        assert empty @ soup < 0.999


def test_the_same_texts_give_the_same_vectors_twice(opened) -> None:
    first, second = opened("bert").encode(TOLD), opened("bert").encode(TOLD)
    assert first.tolist() == second.tolist()


def test_progress_grows_to_the_number_of_texts_and_repeated_ones_are_encoded_once(opened) -> None:
    told: list[tuple[int, int]] = []
    texts = [f"{'word ' * (n % 60)} {n % 300}" for n in range(600)]
    vectors = opened("bert").encode(texts, lambda done, total: told.append((done, total)))
    assert vectors[:300].tolist() == vectors[300:].tolist()
    assert told == sorted(told)
    assert told[-1] == (600, 600)
    assert len(told) > 1
