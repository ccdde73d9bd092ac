"""The encoder of BERT in TensorFlow: token ids to token vectors, and those to one a text.

Source: Devlin et al., BERT (2019); Vaswani et al., Attention Is All You Need (2017).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
import numpy.typing as npt

from semsearch.errors import ModuleError
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.pooling import pool
from semsearch.vectors import Vectors

MASKED = -1e9


@dataclass(frozen=True)
class Shape:
    """The sizes of one BERT: width, layers, heads, units, positions, and what they are made of."""

    width: int
    layers: int
    heads: int
    units: int
    epsilon: float
    activation: str
    positions: int


class Network:
    """The network up to `layer` (1 to `shape.layers`), pooled; `is_quick`: products in bfloat16.

    All but the products stays in float32: sums, layer norms, and what is added past a layer.
    """

    def __init__(
        self,
        weights: Mapping[str, npt.NDArray[Any]],
        shape: Shape,
        *,
        layer: int,
        pooling: str,
        is_quick: bool,
    ) -> None:
        tf = self._tf = import_tensorflow()
        self._shape, self._pooling = shape, pooling
        self._type = tf.bfloat16 if is_quick else tf.float32
        self._weights = weights
        width = shape.width
        self._words = tf.constant(self._matrix("embeddings.word_embeddings.weight", None, width))
        # Every token is of the first type, so its row can be added to the positions once.
        self._places = tf.constant(
            self._matrix("embeddings.position_embeddings.weight", shape.positions, width)
            + self._matrix("embeddings.token_type_embeddings.weight", None, width)[0]
        )
        self._norm = self._norm_of("embeddings.LayerNorm")
        self._layers = [self._layer(number) for number in range(layer)]
        self._weights = {}
        signature = [tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.int32)]
        self.graph = tf.function(self._graph, input_signature=signature, autograph=False)

    def encode(self, tokens: Sequence[Sequence[int]]) -> Vectors:
        """Return one vector a list of token ids, shape (n, width)."""
        lengths = np.array([len(ids) for ids in tokens], np.int32)
        padded = np.zeros((len(tokens), lengths.max()), np.int32)
        for row, ids in enumerate(tokens):
            padded[row, : len(ids)] = ids
        vectors: Vectors = self.graph(padded, lengths).numpy()
        return vectors

    def _graph(self, ids: Any, lengths: Any) -> Any:
        tf = self._tf
        n, longest = tf.unstack(tf.shape(ids))
        mask = tf.sequence_mask(lengths, longest, tf.float32)
        hidden = tf.cast((1 - mask) * MASKED, self._type)[:, None, None, :]
        x = tf.gather(self._words, ids) + self._places[:longest]
        x = self._normed(tf.reshape(x, [-1, self._shape.width]), self._norm)
        for layer in self._layers:
            attended = self._attention(x, layer, hidden, [n, longest])
            x = self._normed(x + attended, layer["attention_norm"])
            x = self._normed(x + self._units(x, layer), layer["output_norm"])
        return pool(tf, tf.reshape(x, [n, longest, self._shape.width]), mask, self._pooling)

    def _attention(self, x: Any, layer: Mapping[str, Any], hidden: Any, sizes: list[Any]) -> Any:
        tf, heads = self._tf, self._shape.heads
        share = self._shape.width // heads
        joined = self._dense(tf.cast(x, self._type), layer["query_key_value"])
        joined = tf.reshape(joined, [*sizes, 3, heads, share])
        query, key, value = tf.unstack(tf.transpose(joined, [2, 0, 3, 1, 4]))
        weights = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) + hidden)
        mixed = tf.transpose(weights @ value, [0, 2, 1, 3])
        mixed = tf.reshape(mixed, [-1, self._shape.width])
        return tf.cast(self._dense(mixed, layer["attention_output"]), tf.float32)

    def _units(self, x: Any, layer: Mapping[str, Any]) -> Any:
        tf = self._tf
        wide = self._activated(self._dense(tf.cast(x, self._type), layer["intermediate"]))
        return tf.cast(self._dense(wide, layer["output"]), tf.float32)

    def _activated(self, x: Any) -> Any:
        if self._shape.activation == "relu":
            return self._tf.nn.relu(x)
        return self._tf.nn.gelu(x, approximate=self._shape.activation != "gelu")

    def _dense(self, x: Any, weights: tuple[Any, Any]) -> Any:
        kernel, bias = weights
        return self._tf.nn.bias_add(x @ kernel, bias)

    def _normed(self, x: Any, weights: tuple[Any, Any]) -> Any:
        tf, (gain, bias) = self._tf, weights
        centred = x - tf.reduce_mean(x, 1, keepdims=True)
        variance = tf.reduce_mean(tf.square(centred), 1, keepdims=True)
        return centred * tf.math.rsqrt(variance + self._shape.epsilon) * gain + bias

    def _layer(self, number: int) -> dict[str, Any]:
        name = f"encoder.layer.{number}."
        # The scale of the dot products goes into the queries, where it costs nothing.
        scale = (self._shape.width // self._shape.heads) ** -0.5
        width, units = self._shape.width, self._shape.units
        square = functools.partial(self._linear, into=width, out=width)
        parts = [square(f"{name}attention.self.{part}") for part in ("query", "key", "value")]
        parts[0] = (parts[0][0] * scale, parts[0][1] * scale)
        kernel = np.concatenate([part[0] for part in parts], 1)
        bias = np.concatenate([part[1] for part in parts])
        return {
            "query_key_value": self._constants(kernel, bias),
            "attention_output": self._constants(*square(f"{name}attention.output.dense")),
            "attention_norm": self._norm_of(f"{name}attention.output.LayerNorm"),
            "intermediate": self._constants(
                *self._linear(f"{name}intermediate.dense", into=width, out=units)
            ),
            "output": self._constants(*self._linear(f"{name}output.dense", into=units, out=width)),
            "output_norm": self._norm_of(f"{name}output.LayerNorm"),
        }

    def _linear(self, name: str, *, into: int, out: int) -> tuple[Vectors, Vectors]:
        # PyTorch keeps (out, in).
        return self._matrix(f"{name}.weight", out, into).T, self._matrix(f"{name}.bias", out)

    def _norm_of(self, name: str) -> tuple[Any, Any]:
        tf = self._tf
        gain, bias = (
            self._matrix(f"{name}.{part}", self._shape.width) for part in ("weight", "bias")
        )
        return tf.constant(gain), tf.constant(bias)

    def _constants(self, kernel: Vectors, bias: Vectors) -> tuple[Any, Any]:
        constant = functools.partial(self._tf.cast, dtype=self._type)
        return constant(np.ascontiguousarray(kernel)), constant(bias)

    def _matrix(self, name: str, *sizes: int | None) -> Vectors:
        """Return an array of the sizes that the shape asks for; None is any size."""
        array = self._weights.get(name)
        remedy = "use the files of one BERT model"
        if array is None:
            raise ModuleError(f"the weights have no array {name!r}", remedy)
        wanted = tuple(
            size if size is not None else own
            for size, own in zip_longest(sizes, array.shape, fillvalue=-1)
        )
        if array.shape != wanted:
            raise ModuleError(
                f"the weights hold {name!r} of shape {array.shape}, config.json asks for {sizes}",
                remedy,
            )
        return array.astype(np.float32)
