"""The network of use-multilingual as a SavedModel runs it: padded, conv1d, 512 texts a call."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import sentencepiece
import tensorflow as tf

from semsearch.modules.networks.use_multilingual import ARRAYS, PIECES

BATCH = 512
CHUNKS = 17
ORDERS = ((2, 0), (3, 1), (5, 2))


class PlainUse:
    """What the module is measured against; written for clearness, with nothing made quick."""

    def __init__(self) -> None:
        self.pieces = sentencepiece.SentencePieceProcessor(model_proto=PIECES.read())
        with np.load(io.BytesIO(ARRAYS.read()), allow_pickle=False) as archive:
            arrays = dict(archive)
        table = np.empty((CHUNKS * len(arrays["q1"]), 512), np.uint8)
        for chunk in range(CHUNKS):
            table[chunk::CHUNKS] = arrays.pop(f"q{chunk + 1}")
        self.table = tf.constant(table)
        self.epsilon = float(arrays.pop("eps"))
        self.weights = {name: tf.constant(array) for name, array in arrays.items()}
        signature = [tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.int32)]
        self.network = tf.function(self.graph, input_signature=signature)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return the vectors of texts, 512 at a time in the order given, shape (n, 512)."""
        return np.concatenate(
            [self.call(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
        )

    def encode_by_length(self, texts: Sequence[str]) -> np.ndarray:
        """Do the same with the texts sorted by length first, which saves padding."""
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        vectors = np.empty((len(texts), 512), np.float32)
        vectors[order] = self.encode([texts[row] for row in order])
        return vectors

    def call(self, texts: Sequence[str]) -> np.ndarray:
        """Pad the tokens of some texts to the longest and run the network once."""
        tokens = self.pieces.encode(list(texts), add_bos=True, add_eos=True)
        counts = np.array([len(ids) for ids in tokens], np.int32)
        padded = np.zeros((len(tokens), counts.max()), np.int32)
        for row, ids in enumerate(tokens):
            padded[row, : len(ids)] = ids
        return self.network(padded, counts).numpy()

    def graph(self, ids, counts):
        """Run the network on padded ids (n, t); every padded place is kept at zero."""
        w = self.weights
        mask = tf.sequence_mask(counts, tf.shape(ids)[1], tf.float32)[:, :, None]
        chunk = ids % CHUNKS
        scale, low = tf.gather(w["scale"], chunk), tf.gather(w["lo"], chunk)
        embedded = tf.cast(tf.gather(self.table, ids), tf.float32) * scale[..., None]
        embedded += low[..., None]
        features = [embedded, *(self.branch(embedded, mask, *each) for each in ORDERS)]
        normed = self.layer_norm(tf.concat(features, -1), w["ln_g"], w["ln_b"]) * mask
        n = tf.cast(counts, tf.float32)[:, None]
        mixed = (tf.reduce_sum(normed, 1) @ w["cnn_W"] + n * w["cnn_b"]) * tf.math.rsqrt(n)
        first = tf.nn.relu(mixed @ w["d0"])
        second = tf.nn.relu(mixed @ w["p1"] + first @ w["d1"])
        third = tf.nn.relu(second @ w["d2"])
        return tf.math.l2_normalize(tf.tanh(second @ w["p3"] + third @ w["d3"]), 1)

    def branch(self, embedded, mask, order, left):
        """Run one branch of n-grams: projection, layer norm, two residual convolutions."""
        w = self.weights
        projected = tf.tensordot(embedded, w[f"proj{order}"], 1) + w[f"proj_b{order}"]
        rows = self.layer_norm(projected, w[f"ln_g{order}"], w[f"ln_b{order}"]) * mask
        for layer in "12":
            padded = tf.pad(rows, [[0, 0], [left, order - 1 - left], [0, 0]])
            kernel = tf.reshape(w[f"w{layer}_{order}"], [order, 256, 256])
            grams = tf.nn.conv1d(padded, kernel, 1, "VALID") + w[f"b{layer}_{order}"]
            rows = (tf.nn.relu(grams) + rows) * mask
        return rows

    def layer_norm(self, rows, gain, bias):
        """Norm the last axis."""
        mean, variance = tf.nn.moments(rows, -1, keepdims=True)
        return (rows - mean) * tf.math.rsqrt(variance + self.epsilon) * gain + bias
