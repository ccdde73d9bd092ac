"""The two real modules, loaded once a session, and the plain network that one is compared with.

This folder is the only one whose tests need TensorFlow.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import sentencepiece

from semsearch.modules import Module, load_module
from semsearch.modules.networks.use_multilingual import ARRAYS, PIECES

EPSILON = 1e-12


@pytest.fixture(scope="session")
def sentences() -> Module:
    return load_module("use-multilingual")


@pytest.fixture(scope="session")
def photographs() -> Module:
    return load_module("efficientnet-lite0")


@pytest.fixture(scope="session")
def plain_vector() -> Callable[[str], np.ndarray]:
    return plain_use


@cache
def _loaded():
    with np.load(io.BytesIO(ARRAYS.read())) as archive:
        weights = dict(archive)
    return weights, sentencepiece.SentencePieceProcessor(model_proto=PIECES.read())


def plain_use(text: str) -> np.ndarray:
    """The published network once more in plain numpy: one text, zero padding, float64, three norms.

    Written from the description alone and slow on purpose.
    """
    weights, pieces = _loaded()
    ids = pieces.encode(text, add_bos=True, add_eos=True)
    embedded = np.stack([_embedding(weights, token) for token in ids])
    branches = [_branch(weights, embedded, order) for order in (2, 3, 5)]
    joined = np.concatenate([embedded, *branches], axis=1)
    normed = _layer_norm(joined, weights["ln_g"], weights["ln_b"])
    mixed = (normed @ weights["cnn_W"] + weights["cnn_b"]).sum(0) / np.sqrt(len(ids))
    first = np.maximum(mixed @ weights["d0"], 0)
    second = np.maximum(mixed @ weights["p1"] + first @ weights["d1"], 0)
    third = np.maximum(second @ weights["d2"], 0)
    vector = np.tanh(second @ weights["p3"] + third @ weights["d3"])
    return vector / np.linalg.norm(vector)


def _embedding(weights, token: int) -> np.ndarray:
    row, chunk = divmod(token, 17)
    table = weights[f"q{chunk + 1}"]
    return table[row].astype(np.float64) * weights["scale"][chunk] + weights["lo"][chunk]


def _branch(weights, embedded: np.ndarray, order: int) -> np.ndarray:
    projected = embedded @ weights[f"proj{order}"] + weights[f"proj_b{order}"]
    rows = _layer_norm(projected, weights[f"ln_g{order}"], weights[f"ln_b{order}"])
    for layer in "12":
        left = (order - 1) // 2
        padded = np.pad(rows, ((left, order - 1 - left), (0, 0)))
        grams = np.stack([padded[at : at + order].reshape(-1) for at in range(len(rows))])
        layered = grams @ weights[f"w{layer}_{order}"] + weights[f"b{layer}_{order}"]
        rows = np.maximum(layered, 0) + rows
    return rows


def _layer_norm(rows: np.ndarray, gain: np.ndarray, bias: np.ndarray) -> np.ndarray:
    centred = rows - rows.mean(axis=1, keepdims=True)
    return centred / np.sqrt(rows.var(axis=1, keepdims=True) + EPSILON) * gain + bias
