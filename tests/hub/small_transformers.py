"""Builders of small SavedModels with the interfaces of published preprocessors and transformers.

The tokenisers hash words; the encoders are real transformers of three layers with random weights.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from semsearch.modules.runtime import import_tensorflow

VOCABULARY = 500
WIDTH = 16
HEADS = 2
LAYERS = 3
POSITIONS = 300
SEQUENCE = 128
SPECIAL = 4

BERT = ("input_word_ids", "input_mask", "input_type_ids")
ROBERTA = ("input_word_ids", "input_mask")
GPT = ("input_ids", "attention_mask")


def bert_preprocess(
    folder: Path, *, has_packer: bool = True, words: Any = None, holds: Any = None
) -> Path:
    """Save strings -> BERT's three inputs of 128, with `.tokenize` and `.bert_pack_inputs`.

    `words` is another tokeniser, `holds` the object with the tables that it needs.
    """
    tf = import_tensorflow()
    tokenize = words or _hashed_words(tf)
    return _preprocess(tf, folder, tokenize, _bert_packer(tf), has_packer, holds)


def roberta_preprocess(folder: Path) -> Path:
    """Save a preprocessor with other special tokens, padding 1 and no type ids."""
    tf = import_tensorflow()
    pack = _bert_packer(tf, start=0, end=2, padding=1, names=ROBERTA)
    return _preprocess(tf, folder, _hashed_words(tf), pack, True)


def gpt_preprocess(folder: Path, *, side: str = "right", length: int | None = 40) -> Path:
    """Save a preprocessor that has only a signature, adds no token and pads on `side`.

    Without `length` it pads to the longest text of its batch.
    """
    tf = import_tensorflow()
    tokenize = _hashed_words(tf)
    root = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")], autograph=False)
    def preprocess(text: Any) -> dict[str, Any]:
        tokens = tokenize(text).merge_dims(1, 2)
        if length is not None:
            tokens = tokens[:, :length]
        ids, mask = (x.to_tensor(0) for x in (tokens, tf.ones_like(tokens)))
        if side == "left":
            lengths = tokens.row_lengths()
            # The tokens of each text backwards, then the whole row: they end at the right edge.
            turned = (tf.reverse_sequence(x, lengths, 1) for x in (ids, mask))
            ids, mask = (tf.reverse(x, [1]) for x in turned)
        if length is not None:
            gap = length - tf.shape(ids)[1]
            paddings = [[0, 0], [gap, 0] if side == "left" else [0, gap]]
            ids, mask = (tf.ensure_shape(tf.pad(x, paddings), [None, length]) for x in (ids, mask))
        return {"input_ids": ids, "attention_mask": mask}

    tf.saved_model.save(root, str(folder), signatures={"serving_default": preprocess})
    return folder


def bert_encoder(folder: Path, *, names: tuple[str, ...] = BERT, length: int | None = None) -> Path:
    """Save a callable encoder that has pooled_output, sequence_output and encoder_outputs.

    With `training=True` it gives noise, as dropout would. `length` fixes the length of its input.
    """
    tf = import_tensorflow()
    root, layers = _network(tf)

    @tf.function(autograph=False)
    def call(inputs: dict[str, Any], training: bool = False, mask: Any = None) -> dict[str, Any]:
        ids, counts = inputs[names[0]], inputs[names[1]]
        outputs = layers(ids, counts, inputs.get("input_type_ids"))
        if training:
            outputs = [x + tf.random.normal(tf.shape(x)) for x in outputs]
        pooled = tf.tanh(outputs[-1][:, 0])
        return {
            "pooled_output": pooled,
            "default": pooled,
            "sequence_output": outputs[-1],
            "encoder_outputs": outputs,
        }

    specs = {name: tf.TensorSpec([None, length], tf.int32, name=name) for name in names}
    for training in (False, True):
        call.get_concrete_function(specs, training=training, mask=None)
    root.__call__ = call
    tf.saved_model.save(root, str(folder))
    return folder


def gpt_encoder(folder: Path, *, counts_positions: bool = True, has_layers: bool = True) -> Path:
    """Save a causal encoder that has only a signature, with 64-bit inputs and numbered outputs.

    `counts_positions` numbers the tokens that count; without it, padding on the left moves them.
    """
    tf = import_tensorflow()
    root, layers = _network(tf, is_causal=True, counts_positions=counts_positions)
    specs = [tf.TensorSpec([None, None], tf.int64, name=name) for name in GPT]

    @tf.function(input_signature=specs, autograph=False)
    def serve(input_ids: Any, attention_mask: Any) -> dict[str, Any]:
        outputs = layers(input_ids, tf.cast(attention_mask, tf.int32), None)
        named = {f"encoder_outputs_{n}": x for n, x in enumerate(outputs)} if has_layers else {}
        return named | {"sequence_output": outputs[-1], "pooled_output": outputs[-1][:, -1]}

    tf.saved_model.save(root, str(folder), signatures={"serving_default": serve})
    return folder


def text_embedding(folder: Path) -> Path:
    """Save a plain text module: strings in, vectors out."""
    tf = import_tensorflow()
    root = tf.Module()
    tokenize = _hashed_words(tf)
    root.table = tf.Variable(np.random.default_rng(3).normal(size=(VOCABULARY, 8)), dtype="float32")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def embed(text: Any) -> Any:
        return tf.reduce_mean(tf.gather(root.table, tokenize(text).merge_dims(1, 2)), 1)

    root.__call__ = embed
    tf.saved_model.save(root, str(folder), signatures={"serving_default": embed})
    return folder


def _preprocess(
    tf: Any, folder: Path, tokenize: Any, pack: Any, has_packer: bool, holds: Any = None
) -> Path:
    root = tf.Module()
    root.holds = holds
    strings = tf.TensorSpec([None], tf.string, name="sentences")

    def preprocess(sentences: Any) -> dict[str, Any]:
        packed = pack([tokenize(sentences)], SEQUENCE)
        return {name: tf.ensure_shape(x, [None, SEQUENCE]) for name, x in packed.items()}

    root.__call__ = tf.function(preprocess, input_signature=[strings], autograph=False)
    if has_packer:
        root.tokenize = tf.train.Checkpoint()
        root.tokenize.__call__ = tf.function(tokenize, input_signature=[strings], autograph=False)
        root.bert_pack_inputs = tf.train.Checkpoint()
        root.bert_pack_inputs.__call__ = packer = tf.function(pack, autograph=False)
        for rank in (2, 3):
            ragged = tf.RaggedTensorSpec([None] * rank, tf.int32)
            packer.get_concrete_function([ragged], seq_length=tf.TensorSpec([], tf.int32))
    tf.saved_model.save(root, str(folder), signatures={"serving_default": root.__call__})
    return folder


def _hashed_words(tf: Any) -> Callable[[Any], Any]:
    """Return a tokeniser: texts of words of pieces, ragged twice as in published ones."""

    def tokenize(sentences: Any) -> Any:
        words = tf.strings.split(tf.strings.lower(sentences))
        numbers = tf.strings.to_hash_bucket_fast(words, VOCABULARY - SPECIAL)
        pieces = tf.RaggedTensor.from_uniform_row_length(
            tf.cast(numbers.values, tf.int32) + SPECIAL, 1
        )
        return words.with_values(pieces)

    return tokenize


def _bert_packer(
    tf: Any, start: int = 2, end: int = 3, padding: int = 0, names: tuple[str, ...] = BERT
) -> Callable[..., dict[str, Any]]:
    def pack(inputs: list[Any], seq_length: Any = SEQUENCE) -> dict[str, Any]:
        tokens = inputs[0]
        tokens = tokens.merge_dims(1, 2) if tokens.ragged_rank > 1 else tokens
        tokens = tokens[:, : seq_length - 2]
        marks = tf.ones([tokens.nrows(), 1], tf.int32)
        ids = tf.concat([marks * start, tokens, marks * end], 1)
        n = tf.shape(ids.to_tensor())[1]
        gap = [[0, 0], [0, seq_length - n]]
        values = (
            tf.pad(ids.to_tensor(padding), gap, constant_values=padding),
            tf.pad(tf.ones_like(ids).to_tensor(), gap),
            tf.pad(tf.zeros_like(ids).to_tensor(), gap),
        )
        return dict(zip(names, values, strict=False))

    return pack


def _network(tf: Any, is_causal: bool = False, counts_positions: bool = False) -> tuple[Any, Any]:
    """Return a root that holds the weights, and the outputs of each layer from ids and mask."""
    rng = np.random.default_rng(7)
    root = tf.Module()

    def weights(*shape: int) -> Any:
        return tf.Variable(rng.normal(0, shape[0] ** -0.5, shape), dtype=tf.float32)

    root.words = tf.Variable(rng.normal(size=(VOCABULARY, WIDTH)), dtype=tf.float32)
    root.places = tf.Variable(rng.normal(size=(POSITIONS, WIDTH)), dtype=tf.float32)
    root.types = tf.Variable(rng.normal(size=(2, WIDTH)), dtype=tf.float32)
    root.layers = [
        [weights(WIDTH, 3 * WIDTH), weights(WIDTH, 2 * WIDTH), weights(2 * WIDTH, WIDTH)]
        for _ in range(LAYERS)
    ]

    def layers(ids: Any, mask: Any, types: Any) -> list[Any]:
        places = tf.range(tf.shape(ids)[1])[None]
        if counts_positions:
            places = tf.maximum(tf.cumsum(mask, 1) - 1, 0)
        x = tf.gather(root.words, ids) + tf.gather(root.places, places)
        if types is not None:
            x += tf.gather(root.types, types)
        outputs = []
        for qkv, wide, narrow in root.layers:
            x = _normed(tf, x + _attend(tf, x @ qkv, mask, is_causal))
            x = _normed(tf, x + tf.nn.gelu(x @ wide) @ narrow)
            outputs.append(x)
        return outputs

    return root, layers


def _attend(tf: Any, qkv: Any, mask: Any, is_causal: bool) -> Any:
    shape = tf.shape(qkv)
    heads = tf.reshape(qkv, [shape[0], shape[1], 3, HEADS, WIDTH // HEADS])
    query, key, value = tf.unstack(tf.transpose(heads, [2, 0, 3, 1, 4]))
    scores = tf.matmul(query, key, transpose_b=True)
    sees = tf.cast(mask, tf.float32)[:, None, None, :]
    if is_causal:
        sees *= tf.linalg.band_part(tf.ones([shape[1], shape[1]]), -1, 0)
    mixed = tf.nn.softmax(scores + (1 - sees) * -1e9) @ value
    return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [shape[0], shape[1], WIDTH])


def _normed(tf: Any, x: Any) -> Any:
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + 1e-6)
