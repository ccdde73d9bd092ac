"""BERT as a sentence encoder: tokens, batches and pooling around the network."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load

from semsearch.errors import ModuleError
from semsearch.modules.batches import encode_in_batches
from semsearch.modules.module import Encode, Progress
from semsearch.modules.networks.bert_network import Network, Shape
from semsearch.modules.networks.wordpiece import WordPieces, read_vocabulary
from semsearch.modules.precision import Precisions
from semsearch.modules.text import each_text_once
from semsearch.vectors import Vectors

BATCH_TOKENS = 2_048
ACTIVATIONS = ("gelu", "gelu_new", "gelu_pytorch_tanh", "relu")

PREFIX = "bert."


@dataclass(frozen=True)
class Reading:
    """How a BERT is read: which layer's token vectors, how they become one, how many count."""

    layer: int
    pooling: str
    max_tokens: int
    is_uncased: bool


def shape_of(config: Mapping[str, Any]) -> Shape:
    """Return the sizes that a `config.json` states.

    Raises:
        ModuleError: no BERT, a kind of it that the network does not have, or a size is missing.
    """
    remedy = "use the folder of a BERT model"
    kind = config.get("model_type", "bert")
    activation = config.get("hidden_act", "gelu")
    positions = config.get("position_embedding_type", "absolute")
    if kind != "bert" or activation not in ACTIVATIONS or positions != "absolute":
        raise ModuleError(
            f"config.json describes a {kind!r} with {activation!r} units and {positions!r}"
            " positions, which is not the BERT we build",
            remedy,
        )
    try:
        shape = Shape(
            width=int(config["hidden_size"]),
            layers=int(config["num_hidden_layers"]),
            heads=int(config["num_attention_heads"]),
            units=int(config["intermediate_size"]),
            epsilon=float(config.get("layer_norm_eps", 1e-12)),
            activation=activation,
            positions=int(config["max_position_embeddings"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModuleError(f"config.json states no usable {error}", remedy) from error
    sizes = (shape.width, shape.layers, shape.heads, shape.units, shape.positions)
    if min(sizes) < 1 or shape.width % shape.heads:
        raise ModuleError(
            f"config.json states sizes that no BERT has: {shape.heads} heads of {shape.width}"
            f" numbers, {shape.layers} layers, {shape.units} units, {shape.positions} positions",
            remedy,
        )
    return shape


def read_arrays(data: bytes) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a safetensors file by name, without the prefix that some files have.

    Raises:
        ModuleError: damaged, or not that format.
    """
    try:
        arrays = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModuleError(
            f"the weights are no safetensors file ({error})", "get the file again"
        ) from error
    return {name.removeprefix(PREFIX): array for name, array in arrays.items()}


def read_json(name: str, data: bytes) -> dict[str, Any]:
    """Return the object that a small JSON file holds.

    Raises:
        ModuleError: damaged, or no object.
    """
    try:
        found = json.loads(data)
    except ValueError as error:
        raise ModuleError(f"{name} is no JSON ({error})", "get the file again") from error
    if not isinstance(found, dict):
        raise ModuleError(f"{name} holds no JSON object", "get the file again")
    return found


class Encoder:
    """One BERT from texts to vectors."""

    def __init__(
        self,
        name: str,
        arrays: Mapping[str, npt.NDArray[Any]],
        vocabulary: bytes,
        shape: Shape,
        reading: Reading,
    ) -> None:
        words = read_vocabulary(vocabulary)
        _check_vocabulary(words, arrays)
        self._words = WordPieces(words, is_uncased=reading.is_uncased)
        self._reading = reading
        make = functools.partial(
            Network, arrays, shape, layer=reading.layer, pooling=reading.pooling
        )
        self._networks = Precisions(
            name,
            lambda is_quick: make(is_quick=is_quick),
            lambda network, texts: network.encode(self._tokens(texts)),
        )

    @property
    def encode(self) -> Encode:
        """Return the function from checked texts to vectors; a repeated text costs nothing."""
        return each_text_once(self._encode)

    def _encode(self, texts: Sequence[str], on_progress: Progress) -> Vectors:
        network = self._networks.of(len(texts))
        tokens = self._tokens(texts)
        lengths = [len(ids) for ids in tokens]
        return encode_in_batches(tokens, lengths, BATCH_TOKENS, network.encode, on_progress)

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        return self._words.encode(texts, self._reading.max_tokens)


def _check_vocabulary(words: Mapping[str, int], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Raise a ModuleError unless every piece of the vocabulary has a vector."""
    rows = len(arrays.get("embeddings.word_embeddings.weight", ()))
    if rows and max(words.values()) >= rows:
        raise ModuleError(
            f"the vocabulary has {max(words.values()) + 1} lines, the weights {rows} word vectors",
            "use the files of one BERT model",
        )
