"""A pair saved by Keras 2, as most published ones are: its signatures have lost all names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.pair import open_pair, pair_card
from semsearch.vectors import unit
from tests.hub import small_transformers as small
from tests.hub.transformers.conftest import TEXTS, Pair, resolved

pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings("ignore")]

WIDTH = 8


def transformer_layer(keras: Any, x: Any, mask: Any) -> Any:
    attention = keras.layers.MultiHeadAttention(2, 4, dropout=0.5)
    x = keras.layers.LayerNormalization()(x + attention(x, x, attention_mask=mask))
    wide = keras.layers.Dense(16, activation="gelu")(x)
    return keras.layers.LayerNormalization()(x + keras.layers.Dense(WIDTH)(wide))


def keras_encoder(folder: Path) -> Path:
    import tf_keras as keras

    keras.utils.set_random_seed(5)
    ids, mask, types = (keras.layers.Input((None,), dtype="int32", name=n) for n in small.BERT)
    spread = keras.initializers.RandomNormal(stddev=1.0)
    embed = keras.layers.Embedding(small.VOCABULARY, WIDTH, embeddings_initializer=spread)
    kinds = keras.layers.Embedding(2, WIDTH, embeddings_initializer=spread)
    x = embed(ids) + kinds(types)
    outputs = []
    for _ in range(2):
        x = transformer_layer(keras, x, mask[:, None, :])
        outputs.append(x)
    pooled = keras.layers.Dense(WIDTH, activation="tanh")(x[:, 0])
    named = {"pooled_output": pooled, "sequence_output": x, "encoder_outputs": outputs}
    inputs = dict(zip(small.BERT, (ids, mask, types), strict=True))
    keras.Model(inputs, named | {"default": pooled}).save(folder, save_format="tf")
    return folder


@pytest.fixture(scope="module")
def keras_pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    folder = tmp_path_factory.mktemp("keras")
    encoder = keras_encoder(folder / "encoder")
    return resolved(small.bert_preprocess(folder / "preprocess")), resolved(encoder)


def test_layers_and_outputs_are_found_behind_the_signature(keras_pair: Pair) -> None:
    card = pair_card(*keras_pair, {"layer": "1"})
    assert (card.dim, card.max_tokens) == (WIDTH, 128)
    assert "mean of encoder_outputs_1, with 2 layers" in card.description


def test_vectors_equal_a_call_by_hand_without_dropout(keras_pair: Pair) -> None:
    tf = import_tensorflow()
    preprocess, encoder = (tf.saved_model.load(str(part.path)) for part in keras_pair)
    tokens = preprocess(tf.constant(TEXTS))
    outputs = encoder(tokens, training=False)["encoder_outputs"][0].numpy()
    mask = tokens["input_mask"].numpy()
    means = [x[m == 1].mean(0) for m, x in zip(mask, outputs, strict=True)]
    vectors = open_pair(*keras_pair, {"layer": "0"}).encode(TEXTS)
    assert (np.sum(vectors * unit(np.stack(means)), axis=1) > 1 - 1e-5).all()
