"""`path#layer`: a SavedModel or a `.keras` file gives the values of one of its layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from semsearch.errors import ModuleError
from semsearch.modules.saved_model.encoders import open_saved_model
from semsearch.modules.saved_model.facts import card_of
from tests.hub import small_models as small

pytestmark = [pytest.mark.tensorflow]


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def layer_of(encoder, network, layer: str, contents) -> np.ndarray:
    """What Keras itself gives at a layer for the contents as our module prepares them."""
    import keras

    cut = keras.Model(network.inputs[0], network.get_layer(layer).output)
    prepared = [encoder.prepare(content) for content in contents]
    values = cut(np.stack(prepared).astype(np.float32) / 255).numpy()
    return unit(values.mean((1, 2)) if values.ndim == 4 else values)


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.keras_file(tmp_path_factory.mktemp("keras") / "net.keras")


@pytest.mark.parametrize(
    ("layer", "dim"), [("maps", 6), ("normed", 6), ("features", 10), ("classes", 5)]
)
def test_a_saved_model_is_cut_where_the_layer_ends(module, pictures, layer: str, dim: int) -> None:
    encoder = open_saved_model(small.resolved(module("keras-image"), layer))
    assert encoder.card.dim == dim
    expected = layer_of(encoder, small.keras_network(), layer, pictures)
    assert encoder.encode(pictures) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("layer", "dim"), [("maps", 6), ("features", 10)])
def test_a_keras_file_is_cut_at_a_layer(keras_file, pictures, layer: str, dim: int) -> None:
    encoder = open_saved_model(small.resolved(keras_file, layer, trust=True))
    assert (encoder.card.dim, encoder.card.form) == (dim, "Keras file")
    expected = layer_of(encoder, small.keras_network(), layer, pictures)
    assert encoder.encode(pictures) == pytest.approx(expected, abs=1e-5)


def test_a_keras_file_without_a_layer_gives_its_output(keras_file, pictures) -> None:
    encoder = open_saved_model(small.resolved(keras_file, trust=True))
    expected = layer_of(encoder, small.keras_network(), "classes", pictures)
    assert encoder.encode(pictures) == pytest.approx(expected, abs=1e-5)


def test_texts_can_be_cut_too_tables_and_all(module, tmp_path: Path) -> None:
    texts = ["soup cold", "shoes", "service unknown words"]
    saved = open_saved_model(small.resolved(module("keras-text"), "features"))
    file = small.keras_file(tmp_path / "text.keras", kind="text")
    kept = open_saved_model(small.resolved(file, "features", trust=True))
    assert saved.card.dim == kept.card.dim == 12
    assert saved.encode(texts) == pytest.approx(kept.encode(texts), abs=1e-5)


def test_a_module_of_tensorflow_1_can_be_cut(module, pictures) -> None:
    cut = open_saved_model(small.resolved(module("images-tf1"), "Block_1"))
    whole = open_saved_model(small.resolved(module("images-tf1")))
    assert cut.encode(pictures) == pytest.approx(whole.encode(pictures), abs=1e-5)


def test_a_layer_that_is_not_there_is_told_with_those_that_are(module, keras_file) -> None:
    with pytest.raises(ModuleError, match="no layer 'nix'; there are .*maps.*features.*classes"):
        open_saved_model(small.resolved(module("keras-image"), "nix"))
    with pytest.raises(
        ModuleError, match="no layer 'nix'; there are .*maps, normed, pooled, features"
    ):
        open_saved_model(small.resolved(keras_file, "nix", trust=True))


def test_layers_have_digests_of_their_own(module) -> None:
    digests = {
        card_of(small.resolved(module("keras-image"), layer)).digest
        for layer in ("maps", "features", "")
    }
    assert len(digests) == 3


def test_the_vectors_stay_after_everything_else_is_forgotten(module) -> None:
    import gc

    encoder = open_saved_model(small.resolved(module("keras-text"), "features"))
    before = encoder.encode(["soup"])
    gc.collect()
    assert encoder.encode(["soup"]) == pytest.approx(before)


def test_outputs_of_an_operation_that_only_training_needs_are_not_the_layer(tmp_path, pictures):
    import tensorflow as tf

    root = tf.Module()

    def features(images):
        with tf.name_scope("normed"):
            ones, zeros = tf.ones([3]), tf.zeros([3])
            normed, *_ = tf.raw_ops.FusedBatchNormV3(
                x=images, scale=ones * 2, offset=ones, mean=zeros, variance=ones, is_training=False
            )
        return tf.reduce_mean(normed, [1, 2])

    spec = [tf.TensorSpec([None, 8, 8, 3], tf.float32, name="images")]
    root.features = tf.function(features, input_signature=spec, autograph=False)
    folder = small.save(tmp_path / "normed", root, {"serving_default": root.features})
    cut = open_saved_model(small.resolved(folder, "normed"))
    whole = open_saved_model(small.resolved(folder))
    assert cut.encode(pictures) == pytest.approx(whole.encode(pictures), abs=1e-5)
