"""The Universal Sentence Encoder multilingual v3, rebuilt in TensorFlow without any padding.

A token's embedding, its three projections and their share in every n-gram of the first
convolution depend on the token alone. So they are computed once for each distinct token of many
texts (`look_up`), and a text is then a sum of looked-up rows, one more convolution, a layer norm
and a sum over its tokens (`pool`). Texts lie end to end in one strip with two rows of zeros
between them, which is as far as the widest n-gram reaches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.text import Stretch, strip
from semsearch.vectors import Vectors

WIDTH, BRANCH = 512, 256
JOINED = WIDTH + 3 * BRANCH
ORDERS = ((2, 0), (3, 1), (5, 2))
"""Each branch's n-gram length, and how many of its tokens stand to the left."""
GAP = 2
CONTEXT = 2 * GAP
"""Two convolutions one after the other, each of which reaches 2 tokens to either side."""


class Network:
    """The network itself: three functions of fixed signature, traced once each.

    `is_quick`: the products of the convolutions, most of the work, are made in bfloat16.
    """

    def __init__(self, weights: Mapping[str, npt.NDArray[Any]], *, is_quick: bool = False) -> None:
        tf = self._tf = import_tensorflow()
        self._type = tf.bfloat16 if is_quick else tf.float32
        self._epsilon = float(weights["eps"])
        self._weights = {
            name: tf.constant(array) for name, array in weights.items() if array.dtype == np.float32
        }

        def rows(width: int) -> Any:
            return tf.TensorSpec([None, width], tf.float32)

        def signed(function: Any, *signature: Any) -> Any:
            return tf.function(function, input_signature=signature, autograph=False)

        tables = [rows(WIDTH), rows(2), *([rows(BRANCH)] * (1 + order) for order, _ in ORDERS)]
        places = tf.TensorSpec([None], tf.int64)
        ids = tf.TensorSpec([None], tf.int32)
        n = tf.TensorSpec([], tf.int64)
        self._look_up = signed(self._look_up_graph, rows(WIDTH))
        self._pool = signed(self._pool_graph, tables, ids, places, places, n)
        self._finish = signed(self._finish_graph, rows(JOINED), tf.TensorSpec([None], tf.float32))

    def look_up(self, embedded: Vectors) -> list[Any]:
        """Return the tables of everything that depends on one token alone; row 0 is all zeros.

        They are: the embeddings; their sums and sums of squares; and for each branch the
        projection, followed by its product with each tap of the first convolution.
        """
        tables: list[Any] = self._look_up(embedded)
        return tables

    def pool(self, tables: list[Any], batch: Sequence[Stretch]) -> Vectors:
        """Return the sums over tokens of their normed features, one row a stretch."""
        laid = strip(batch, GAP)
        pooled = self._pool(tables, laid.ids, laid.positions, laid.owners, laid.n)
        array: Vectors = pooled.numpy()
        return array

    def finish(self, sums: Vectors, counts: Vectors) -> Vectors:
        """Return the vectors of texts, given their sums and their numbers of tokens."""
        vectors: Vectors = self._finish(sums, counts).numpy()
        return vectors

    def _look_up_graph(self, embedded: Any) -> list[Any]:
        tf, weights = self._tf, self._weights
        squares = tf.reduce_sum(tf.square(embedded), 1)
        moments = tf.stack([tf.reduce_sum(embedded, 1), squares], 1)
        tables: list[Any] = [self._after_gap(embedded), self._after_gap(moments)]
        for order, _ in ORDERS:
            projected = embedded @ weights[f"proj{order}"] + weights[f"proj_b{order}"]
            normed = self._layer_norm(projected, weights[f"ln_g{order}"], weights[f"ln_b{order}"])
            start = self._after_gap(normed)
            halved = tf.cast(start, self._type)
            shares = (halved @ tap for tap in tf.split(self._kernel("w1", order), order, axis=0))
            tables.append([start, *(tf.cast(share, tf.float32) for share in shares)])
        return tables

    def _pool_graph(self, tables: list[Any], ids: Any, positions: Any, owners: Any, n: Any) -> Any:
        tf = self._tf
        embedded, moments, *branches = tables
        tokens = ids[GAP:-GAP]
        present = tf.cast(tokens > 0, tf.float32)[:, None]
        total, squares = tf.unstack(tf.gather(moments, tokens), num=2, axis=1)
        features = []
        for (order, left), branch in zip(ORDERS, branches, strict=True):
            feature = self._convolve(order, left, branch, ids, present)
            total += tf.reduce_sum(feature, 1)
            squares += tf.reduce_sum(tf.square(feature), 1)
            features.append(feature)
        mean = total / JOINED
        steepness = tf.math.rsqrt(squares / JOINED - mean * mean + self._epsilon)
        # Layer norm and sum are one product: every token's row times its steepness.
        share = tf.gather(steepness, positions)
        pieces = tf.cast(tf.gather(tokens, positions), tf.int64)
        sums = [
            self._weighted_sums(embedded, share, pieces, owners, n),
            *(self._weighted_sums(each, share, positions, owners, n) for each in features),
        ]
        means = tf.math.unsorted_segment_sum(share * tf.gather(mean, positions), owners, n)
        return tf.concat(sums, 1) - means[:, None]

    def _finish_graph(self, sums: Any, counts: Any) -> Any:
        tf, weights = self._tf, self._weights
        counts = counts[:, None]
        features = sums * weights["ln_g"] + counts * weights["ln_b"]
        joined = features @ weights["cnn_W"] + counts * weights["cnn_b"]
        mixed = joined * tf.math.rsqrt(counts)
        first = tf.nn.relu(mixed @ weights["d0"])
        second = tf.nn.relu(mixed @ weights["p1"] + first @ weights["d1"])
        third = tf.nn.relu(second @ weights["d2"])
        vectors = tf.tanh(second @ weights["p3"] + third @ weights["d3"])
        return tf.math.l2_normalize(vectors, 1)

    def _convolve(self, order: int, left: int, branch: list[Any], ids: Any, present: Any) -> Any:
        """Return two residual n-gram convolutions of one branch, shape (tokens, 256)."""
        tf, weights = self._tf, self._weights
        start, *shares = branch
        length = tf.shape(ids)[0] - 2 * GAP
        first = GAP - left

        def shifted(rows: Any, tap: int) -> Any:
            return rows[first + tap : first + tap + length]

        grams = tf.add_n([tf.gather(share, shifted(ids, i)) for i, share in enumerate(shares)])
        once = tf.nn.relu(grams + weights[f"b1_{order}"]) + tf.gather(start, ids[GAP:-GAP])
        # The gaps must read as zeros to the n-grams of the second convolution.
        once *= present
        framed = tf.pad(tf.cast(once, self._type), [[GAP, GAP], [0, 0]])
        grams = tf.cast(self._second(framed, order, shifted), tf.float32)
        return tf.nn.relu(grams + weights[f"b2_{order}"]) + once

    def _second(self, framed: Any, order: int, shifted: Any) -> Any:
        """Return the n-grams of the rows times their kernel, shape (tokens, 256)."""
        tf, kernel = self._tf, self._kernel("w2", order)
        if self._type == tf.float32:
            # Rows shifted as a whole are views, so this costs no copies of them.
            taps = tf.split(kernel, order, axis=0)
            return tf.add_n([shifted(framed, i) @ tap for i, tap in enumerate(taps)])
        # Halved rows are quick to copy, and one product sums in float32 to its end.
        return tf.concat([shifted(framed, i) for i in range(order)], 1) @ kernel

    def _kernel(self, name: str, order: int) -> Any:
        return self._tf.cast(self._weights[f"{name}_{order}"], self._type)

    def _layer_norm(self, rows: Any, gain: Any, bias: Any) -> Any:
        # Each branch has a layer norm of its own. The package's numpy code has one over all three
        # branches together, which is not the network that these weights were trained in.
        tf = self._tf
        centred = rows - tf.reduce_mean(rows, 1, keepdims=True)
        variance = tf.reduce_mean(tf.square(centred), 1, keepdims=True)
        return centred * tf.math.rsqrt(variance + self._epsilon) * gain + bias

    def _after_gap(self, table: Any) -> Any:
        return self._tf.pad(table, [[1, 0], [0, 0]])

    def _weighted_sums(self, rows: Any, share: Any, chosen: Any, owners: Any, n: Any) -> Any:
        """Return the sums of `share[i] * rows[chosen[i]]` over each owner, shape (n, width)."""
        tf = self._tf
        shape = tf.stack([n, tf.shape(rows, out_type=tf.int64)[0]])
        matrix = tf.SparseTensor(tf.stack([owners, chosen], 1), share, shape)
        return tf.sparse.sparse_dense_matmul(matrix, rows)
