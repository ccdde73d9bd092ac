"""The real modules exported: the same vectors from a graph that needs nothing of ours."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from semsearch.modules import load_module
from semsearch.modules.export import verify_export

pytestmark = pytest.mark.tensorflow

TEXTS = [
    "The food arrived cold.",
    "",
    "x",
    "今日はいい天気ですね",
    "Wo ist der nächste Bahnhof? " * 30,
    "👍🏽🇩🇪",
]
ELSEWHERE = """
import sys, tensorflow as tf, tensorflow_text
module = tf.saved_model.load(sys.argv[1])
print(float(module.verify()))
"""


@pytest.fixture(scope="module")
def sentences_folder(sentences, tmp_path_factory):
    return sentences.export(tmp_path_factory.mktemp("real") / "use")


@pytest.fixture(scope="module")
def photographs_folder(photographs, tmp_path_factory):
    return photographs.export(tmp_path_factory.mktemp("real") / "lite0")


def test_exported_sentences_have_the_vectors_of_the_module(
    sentences, sentences_folder, hub
) -> None:
    import tensorflow as tf

    loaded = hub.load(str(sentences_folder))
    vectors = loaded(tf.constant(TEXTS)).numpy()
    assert (vectors * sentences.encode(TEXTS)).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert loaded(tf.constant([], tf.string)).shape == (0, 512)


def test_a_text_alone_and_padded_has_the_same_vector(sentences_folder, hub) -> None:
    import tensorflow as tf

    loaded = hub.load(str(sentences_folder))
    crowd = loaded(tf.constant(TEXTS)).numpy()
    alone = np.concatenate([loaded(tf.constant([text])).numpy() for text in TEXTS])
    assert (crowd * alone).sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_exported_sentences_verify_where_only_tensorflow_and_its_text_are(sentences_folder) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(sentences_folder)],
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(1, abs=1e-5)
    assert verify_export(sentences_folder).is_good


def test_the_table_of_pieces_stays_small(sentences_folder) -> None:
    size = sum(file.stat().st_size for file in sentences_folder.rglob("*") if file.is_file())
    assert size < 90_000_000
    assert json.loads((sentences_folder / "semsearch/card.json").read_text())["size"] < size


def test_the_licence_of_the_package_goes_with_it(sentences_folder, photographs_folder) -> None:
    for folder in (sentences_folder, photographs_folder):
        assert "Apache" in (folder / "semsearch/LICENCE.txt").read_text()


def test_exported_photographs_have_the_vectors_of_the_module(
    photographs, photographs_folder, hub
) -> None:
    squares = np.random.default_rng(7).integers(0, 256, (3, 224, 224, 3), np.uint8)
    vectors = hub.load(str(photographs_folder))(squares.astype("f4") / 255).numpy()
    expected = photographs.encode_prepared(list(squares))
    assert (vectors * expected).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert verify_export(photographs_folder).is_good


def test_every_weight_of_the_photographs_module_can_be_trained(photographs_folder, hub) -> None:
    import tf_keras

    layer = hub.KerasLayer(str(photographs_folder), trainable=True)
    model = tf_keras.Sequential([layer, tf_keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    before = [variable.numpy().copy() for variable in layer.trainable_variables]
    pictures = np.random.default_rng(8).random((2, 64, 64, 3), np.float32)
    model.fit(pictures, np.zeros((2, 2)), verbose=0)
    after = [variable.numpy() for variable in layer.trainable_variables]
    assert len(before) == 98
    assert sum(not np.array_equal(a, b) for a, b in zip(before, after, strict=True)) == 98


@pytest.mark.parametrize("name", ["use-multilingual", "efficientnet-lite0"])
def test_the_modules_that_a_refusal_names_have_a_graph(name: str) -> None:
    assert load_module(name)._graph is not None
