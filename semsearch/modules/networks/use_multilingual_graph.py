"""The Universal Sentence Encoder multilingual v3 as one graph, from raw texts to vectors.

Slower than `use_multilingual_network`, because texts are padded to the longest of a batch, but it
needs nothing beside TensorFlow and TensorFlow Text, so it can be published.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from semsearch.modules.exporting.exportable import Exportable
from semsearch.modules.networks.use_multilingual_network import ORDERS
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.loaded import import_text


def padded_graph(
    pieces: bytes,
    table: npt.NDArray[np.uint8],
    weights: Mapping[str, npt.NDArray[Any]],
    licences: tuple[str, ...],
) -> Exportable:
    """Return the network for publishing; row i of `table` is piece i, in bytes.

    Raises:
        ModuleError: TensorFlow Text is missing.
    """
    network = _PaddedNetwork(pieces, table, weights)
    trainable = list(network.weights.values())
    return Exportable(
        network.call,
        variables=[network.table, network.scale, network.low, *trainable],
        trainable_variables=trainable,
        tracked=[network.tokenizer],
        licence_texts=licences,
    )


class _PaddedNetwork:
    def __init__(
        self, pieces: bytes, table: npt.NDArray[np.uint8], weights: Mapping[str, npt.NDArray[Any]]
    ) -> None:
        tf = self._tf = import_tensorflow()
        import_text(Path("use-multilingual"))
        import tensorflow_text

        self.tokenizer = tensorflow_text.SentencepieceTokenizer(
            model=pieces, out_type=tf.int32, add_bos=True, add_eos=True
        )
        self._epsilon = float(weights["eps"])
        self._chunks = len(weights["scale"])
        # As bytes the table is a quarter of what it is in float32.
        self.table = tf.Variable(table, trainable=False, name="table")
        self.scale = tf.Variable(weights["scale"], trainable=False, name="scale")
        self.low = tf.Variable(weights["lo"], trainable=False, name="low")
        self.weights = {
            name: tf.Variable(array, name=name)
            for name, array in weights.items()
            if array.dtype == np.float32 and name not in ("scale", "lo")
        }

    def call(self, texts: Any) -> Any:
        """Return the vectors of texts, as a tensor (n, 512)."""
        tf, weights = self._tf, self.weights
        tokens = self.tokenizer.tokenize(texts)
        ids, lengths = tokens.to_tensor(), tokens.row_lengths()
        present = tf.sequence_mask(lengths, tf.shape(ids)[1], tf.float32)[:, :, None]
        embedded = self._embed(ids)
        features = [embedded, *(self._branch(embedded, present, *order) for order in ORDERS)]
        normed = self._layer_norm(tf.concat(features, -1), weights["ln_g"], weights["ln_b"])
        sums = tf.reduce_sum(normed * present, 1)
        counts = tf.cast(lengths, tf.float32)[:, None]
        mixed = (sums @ weights["cnn_W"] + counts * weights["cnn_b"]) * tf.math.rsqrt(counts)
        first = tf.nn.relu(mixed @ weights["d0"])
        second = tf.nn.relu(mixed @ weights["p1"] + first @ weights["d1"])
        third = tf.nn.relu(second @ weights["d2"])
        return tf.tanh(second @ weights["p3"] + third @ weights["d3"])

    def _embed(self, ids: Any) -> Any:
        tf = self._tf
        chunk = ids % self._chunks
        scale, low = tf.gather(self.scale, chunk), tf.gather(self.low, chunk)
        rows = tf.cast(tf.gather(self.table, ids), tf.float32)
        return rows * scale[..., None] + low[..., None]

    def _branch(self, embedded: Any, present: Any, order: int, left: int) -> Any:
        tf, weights = self._tf, self.weights
        projected = tf.tensordot(embedded, weights[f"proj{order}"], 1) + weights[f"proj_b{order}"]
        normed = self._layer_norm(projected, weights[f"ln_g{order}"], weights[f"ln_b{order}"])
        # Past the end of a text every n-gram has to read zeros, as it would without padding.
        rows = normed * present
        length = tf.shape(rows)[1]
        for layer in (1, 2):
            framed = tf.pad(rows, [[0, 0], [left, order - 1 - left], [0, 0]])
            # TensorFlow's convolution has a wrong shape for a batch of no texts, products have not.
            taps = tf.split(weights[f"w{layer}_{order}"], order)
            shifted = (framed[:, i : i + length] for i in range(order))
            grams = tf.add_n(
                [tf.tensordot(each, tap, 1) for each, tap in zip(shifted, taps, strict=True)]
            )
            rows = (tf.nn.relu(grams + weights[f"b{layer}_{order}"]) + rows) * present
        return rows

    def _layer_norm(self, rows: Any, gain: Any, bias: Any) -> Any:
        tf = self._tf
        centred = rows - tf.reduce_mean(rows, -1, keepdims=True)
        variance = tf.reduce_mean(tf.square(centred), -1, keepdims=True)
        return centred * tf.math.rsqrt(variance + self._epsilon) * gain + bias
