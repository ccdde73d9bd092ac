"""Pairs that do not fit, options that nothing answers to: one clear sentence each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semsearch.errors import ContentError, ModuleError
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.pair import open_pair
from tests.hub import small_transformers as small
from tests.hub.transformers.conftest import resolved

pytestmark = [pytest.mark.tensorflow]


def refusal(first: Any, second: Any, **options: str) -> str:
    with pytest.raises(ModuleError) as told:
        open_pair(first, second, options)
    assert str(told.value).count("\n") == 0
    return str(told.value)


@pytest.fixture(scope="module")
def embedding(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return resolved(small.text_embedding(tmp_path_factory.mktemp("embedding") / "module"))


def test_a_swapped_pair_is_told_the_right_order(pair) -> None:
    preprocess, encoder = pair("bert")
    sentence = refusal(encoder, preprocess)
    assert "the preprocessor comes first" in sentence
    assert f"write {preprocess.path}+{encoder.path}" in sentence


def test_an_encoder_that_wants_what_the_preprocessor_does_not_give(pair) -> None:
    sentence = refusal(pair("roberta")[0], pair("bert")[1])
    assert "wants 'input_type_ids'" in sentence
    assert "does not give (it gives input_mask, input_word_ids)" in sentence
    assert "published with the encoder" in sentence


def test_a_text_module_as_encoder_is_to_be_used_alone(pair, embedding) -> None:
    sentence = refusal(pair("bert")[0], embedding)
    assert "takes texts themselves, not the tokens" in sentence
    assert f"use it alone: {embedding.path}" in sentence


def test_a_text_module_as_preprocessor_gives_no_tokens(pair, embedding) -> None:
    sentence = refusal(embedding, pair("bert")[1])
    assert "is no preprocessor: it does not give the numbers of the tokens" in sentence


def test_an_encoder_as_preprocessor_takes_no_texts(pair) -> None:
    sentence = refusal(pair("bert")[1], pair("roberta")[1])
    assert "is no preprocessor of single texts: it takes input_mask, input_type_ids" in sentence


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("bert", {"layer": "3"}, "there is no layer 3.*3 layers.*from 0 to 2, or from -3 to -1"),
        ("bert", {"layer": "-4"}, "there is no layer -4"),
        ("bert", {"layer": "top"}, "layer=top is no whole number"),
        ("gpt-any-length", {"layer": "0"}, "there is no layer 0.*only its last.*give layer -1"),
        ("bert", {"pooling": "median"}, "'median'.*mean, cls, last, max"),
        ("bert", {"max_tokens": "2"}, "max_tokens=2 leaves no token"),
        ("bert", {"max_tokens": "-1"}, "max_tokens=-1"),
        ("bert", {"max_tokens": "many"}, "max_tokens=many is no whole number"),
        ("bert-fixed-call", {"max_tokens": "129"}, "take 128 tokens of a text, not 129"),
        ("bert-of-64", {"max_tokens": "65"}, "take 64 tokens of a text, not 65"),
        ("bert", {"output": "soup"}, "no output 'soup'.*pooled_output, sequence_output"),
        ("bert", {"output": "pooled_output", "pooling": "max"}, "vector of the whole text"),
        ("bert", {"output": "pooled_output", "layer": "1"}, "two ways to name an output"),
        ("bert", {"signature": "soup"}, "no signature 'soup'"),
        ("bert", {"size": "224"}, "'size' is for pictures"),
    ],
)
def test_options_that_nothing_answers_to_are_refused(pair, kind, options, words) -> None:
    with pytest.raises(ModuleError, match=words):
        open_pair(*pair(kind), options)


def test_more_tokens_than_the_encoder_has_places_for_are_told_when_they_come(opened) -> None:
    module = opened("bert", max_tokens="400")
    module.encode(["soup"])
    with pytest.raises(ModuleError, match="cannot be run on 400 tokens"):
        module.encode(["word " * 500])


def test_both_graphs_are_scanned_and_a_file_that_is_read_needs_trust(pair, tmp_path: Path) -> None:
    tf = import_tensorflow()

    def reads_a_file(sentences: Any) -> Any:
        content = tf.strings.length(tf.io.read_file("/etc/hostname")) * 0
        words = tf.strings.split(sentences)
        return tf.ones_like(words.with_values(words.values), tf.int32) + content

    folder = small.bert_preprocess(tmp_path / "preprocess", words=reads_a_file)
    encoder = pair("bert")[1]
    assert "ReadFile" in refusal(resolved(folder), encoder)
    trusted = open_pair(resolved(folder, is_trusted=True), encoder, {})
    assert trusted.encode(["soup"]).shape == (1, small.WIDTH)


@pytest.mark.parametrize(("factor", "words"), [(0.0, "a zero vector"), (np.nan, "NaN")])
def test_vectors_without_a_direction_are_refused_with_the_text(
    pair, tmp_path: Path, factor: float, words: str
) -> None:
    tf = import_tensorflow()
    root = tf.Module()

    def call(inputs: dict[str, Any]) -> dict[str, Any]:
        ids = tf.cast(inputs["input_word_ids"], tf.float32)
        return {"sequence_output": tf.stack([ids, ids], 2) * factor}

    spec = {"input_word_ids": tf.TensorSpec([None, None], tf.int32)}
    root.__call__ = tf.function(call, input_signature=[spec], autograph=False)
    tf.saved_model.save(root, str(tmp_path / "encoder"))
    module = open_pair(pair("bert")[0], resolved(tmp_path / "encoder"), {})
    with pytest.raises(ContentError, match=f"gave {words}.*'soup'"):
        module.encode(["soup"])


def test_damaged_weights_are_told_by_the_first_encoding(tmp_path: Path, pair) -> None:
    encoder = small.bert_encoder(tmp_path / "encoder")
    module = open_pair(pair("bert")[0], resolved(encoder), {})
    for shard in (encoder / "variables").glob("*.data*"):
        shard.write_bytes(b"soup")
    with pytest.raises(ModuleError, match="cannot be loaded"):
        module.encode(["soup"])


ANEW = """
import sys
from pathlib import Path
from semsearch.modules.saved_model.pair import open_pair
from tests.hub.transformers.conftest import resolved
pair = open_pair(resolved(Path(sys.argv[1])), resolved(Path(sys.argv[2])), {})
print(pair.encode(["The soup was cold", "soup"]).shape)
"""


def test_a_graph_with_tensorflow_texts_operations_needs_the_package(
    pair, tmp_path: Path, monkeypatch
) -> None:
    import tensorflow_text

    vocabulary = tmp_path / "vocab.txt"
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "soup", "was"]))
    tokenizer = tensorflow_text.BertTokenizer(str(vocabulary), lower_case=True)
    tf = import_tensorflow()

    def pieces(sentences: Any) -> Any:
        return tf.cast(tokenizer.tokenize(sentences), tf.int32)

    folder = small.bert_preprocess(tmp_path / "preprocess", words=pieces, holds=tokenizer)
    encoder = pair("bert")[1]
    # In a process of its own nothing has imported the package before.
    done = subprocess.run(
        [sys.executable, "-c", ANEW, str(folder), str(encoder.path)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"(2, {small.WIDTH})\n"
    monkeypatch.setitem(sys.modules, "tensorflow_text", None)
    with pytest.raises(ModuleError, match=r"pip install 'semsearch\[text\]'"):
        open_pair(resolved(folder), encoder, {}).encode(["soup"])
