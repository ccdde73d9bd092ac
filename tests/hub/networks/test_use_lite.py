"""use-lite: graphs in TensorFlow.js's form run as they were, and the real one as its reference."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from semsearch.errors import ModuleError
from semsearch.modules.export import verify_export
from semsearch.modules.exporting.records import LICENCE
from semsearch.modules.networks import use_lite
from semsearch.modules.networks.tfjs_file import TfjsModel
from semsearch.modules.networks.tfjs_graph import graph_function
from semsearch.modules.networks.use_lite_graph import text_graph
from semsearch.modules.networks.use_lite_pieces import Pieces, piece_model

pytestmark = [pytest.mark.tensorflow]

WORDS = ("soup", "of", "the", "day", "cold", "hot")
LISTED = [[f"<{n}>", 0.0] for n in range(6)] + [[f"▁{word}", -2.0] for word in WORDS]
TABLE = np.random.default_rng(2).normal(0, 1, (len(LISTED), 512)).astype(np.float32)
INPUTS = ("indices", "values")
TEXTS = ["soup of the day", "", "cold soup", "hot", "soup of the day", "  "]


def unheard(done: int, total: int) -> None: ...


def as_tfjs(function: Callable[..., Any], *specs: Any) -> TfjsModel:
    """Return a function's graph as the converter of TensorFlow.js writes it: bytes as lists of
    whole numbers, constants apart, and all but floats in int32."""
    import tensorflow as tf
    from google.protobuf import json_format

    graph = tf.function(function, input_signature=specs, autograph=False).get_concrete_function()
    nodes, weights = [], {}
    for node in graph.graph.as_graph_def().node:
        described = json_format.MessageToDict(node, use_integers_for_enums=True)
        attributes = described.get("attr", {})
        described["attr"] = {key: attributes[key] for key in attributes if key[0] != "_"}
        for value in described["attr"].values():
            if "s" in value:
                value["s"] = list(base64.b64decode(value["s"]))
        if node.op == "Const":
            array = tf.make_ndarray(node.attr["value"].tensor)
            weights[node.name] = array if array.dtype == np.float32 else array.astype(np.int32)
            described["attr"]["value"] = {"tensor": {"dtype": 1, "floatVal": []}}
        nodes.append(described)
    return TfjsModel({"node": nodes}, weights)


@pytest.fixture(scope="module")
def bag() -> TfjsModel:
    """Sums of word vectors; like the real network it counts texts by the last one with a piece."""
    import tensorflow as tf

    def sums(indices: Any, values: Any) -> Any:
        rows = indices[:, 0]
        pieces = tf.nn.bias_add(tf.gather(TABLE, values), np.ones(512, np.float32))
        return tf.math.unsorted_segment_sum(
            pieces, rows, tf.reduce_max(rows) + tf.constant(1, "int64")
        )

    pairs = tf.TensorSpec([None, 2], tf.int64, INPUTS[0])
    return as_tfjs(sums, pairs, tf.TensorSpec([None], tf.int64, INPUTS[1]))


@pytest.fixture(scope="module")
def encoder(bag) -> use_lite.Encoder:
    return use_lite.Encoder(Pieces(json.dumps(LISTED).encode()), bag)


def plain(text: str) -> np.ndarray:
    ids = [6 + WORDS.index(word) for word in text.split()][: use_lite.MAX_TOKENS]
    return (TABLE[ids].astype(np.float64) + 1).sum(0)


def test_vectors_come_in_input_order_and_texts_without_pieces_are_kept(encoder) -> None:
    vectors = encoder.encode(TEXTS, unheard)
    assert vectors == pytest.approx(np.stack([plain(text) for text in TEXTS]), abs=1e-4)


def test_texts_without_any_piece_make_a_batch_too(encoder) -> None:
    assert encoder.encode(["", " "], unheard).tolist() == np.zeros((2, 512)).tolist()


def test_many_texts_go_through_in_several_batches_and_are_told(encoder) -> None:
    texts = [" ".join([*WORDS] * (1 + n % 20)) for n in range(150)]
    told: list[tuple[int, int]] = []
    vectors = encoder.encode(texts, lambda done, total: told.append((done, total)))
    assert vectors == pytest.approx(np.stack([plain(text) for text in texts]), rel=1e-4, abs=1e-3)
    assert len(told) > 1 and told[-1] == (150, 150)
    assert told == sorted(told)


def test_what_comes_after_128_pieces_does_not_count(encoder) -> None:
    first, second = encoder.encode(["soup " * 128, "soup " * 128 + "cold"], unheard)
    assert np.array_equal(first, second)


def test_the_graph_for_publishing_gives_the_same_vectors_from_raw_texts(encoder, bag) -> None:
    import tensorflow as tf

    texts = [*TEXTS, "soup " * 130 + "cold", " soup\u2003\n\tof\x0bｄａｙ ", "\u3000"]
    pieces = piece_model(json.dumps(LISTED).encode())
    network = graph_function(bag, INPUTS)
    exportable = text_graph("bag", pieces, network, use_lite.MAX_TOKENS, ("A licence.",))
    call = tf.function(exportable.call, autograph=False)
    assert call(tf.constant(texts)).numpy() == pytest.approx(encoder.encode(texts, unheard))
    assert call(tf.constant([], tf.string)).shape == (0, 512)
    assert [each.shape for each in exportable.trainable_variables] == [(12, 512), (512,)]
    assert exportable.licence_texts == ("A licence.",)


def test_a_graph_without_one_of_its_weights_is_refused_by_its_name(bag) -> None:
    name = next(iter(bag.weights))
    rest = {each: array for each, array in bag.weights.items() if each != name}
    with pytest.raises(ModuleError, match=f"hold no tensor '{name}'"):
        graph_function(TfjsModel(bag.topology, rest), INPUTS)


def test_a_graph_with_other_inputs_is_refused(bag) -> None:
    with pytest.raises(ModuleError, match="takes indices, values and gives .* where text and one"):
        graph_function(bag, ["text"])


def test_a_graph_with_two_outputs_is_refused(bag) -> None:
    nodes = [*bag.topology["node"], {"name": "more", "op": "Neg", "input": ["values"]}]
    with pytest.raises(ModuleError, match="gives Identity, more"):
        graph_function(TfjsModel({"node": nodes}, bag.weights), INPUTS)


def test_an_operation_that_tensorflow_does_not_know_is_refused_when_called(bag) -> None:
    import tensorflow as tf

    nodes = [
        {**node, "op": "Soup"} if node["op"] == "BiasAdd" else node for node in bag.topology["node"]
    ]
    broken = graph_function(TfjsModel({"node": nodes}, bag.weights), INPUTS)
    called = tf.function(broken, autograph=False)
    with pytest.raises(ModuleError, match="does not understand .*Soup"):
        called(tf.zeros([1, 2], tf.int64), tf.zeros([1], tf.int64))


@pytest.mark.parametrize("topology", [{}, {"node": 7}, {"node": [{"name": "a"}]}, []])
def test_what_is_no_graph_is_refused(topology: Any) -> None:
    with pytest.raises(ModuleError, match="does not understand"):
        graph_function(TfjsModel(topology, {}), INPUTS)


@pytest.mark.slow
def test_the_real_pieces_are_those_of_the_published_example() -> None:
    (ids,) = Pieces(use_lite.VOCABULARY.read()).encode(["Hello, how are you?"], 128)
    assert ids.tolist() == [341, 4125, 8, 140, 31, 19, 54]


@pytest.mark.slow
def test_the_real_network_equals_its_reference(reference) -> None:
    vectors = use_lite.use_lite().encode(reference["use-lite texts"].tolist())
    assert vectors[:, ::8] == pytest.approx(reference["use-lite"], abs=1e-5)


@pytest.mark.slow
def test_a_text_alone_has_the_vector_that_it_has_in_a_crowd(reference) -> None:
    texts = reference["use-lite texts"].tolist()
    module = use_lite.use_lite()
    crowd = module.encode(texts)
    alone = np.concatenate([module.encode([text]) for text in texts])
    assert (alone * crowd).sum(1) == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
def test_the_real_module_can_be_exported(tmp_path) -> None:
    module = use_lite.use_lite()
    folder = module.export(tmp_path / "use-lite")
    assert verify_export(folder).is_good
    assert "Apache License" in (folder / LICENCE).read_text()


@pytest.mark.slow
def test_the_card_tells_the_size_of_the_weights() -> None:
    assert sum(len(file.read()) for file in use_lite.WEIGHTS) == use_lite.CARD.size
