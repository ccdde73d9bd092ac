"""The reader of TensorFlow.js weights takes whole models and refuses shards that do not add up."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from semsearch.errors import ModuleError
from semsearch.modules.networks.tfjs_file import read_tfjs

KERNEL = np.arange(6, dtype=np.float32).reshape(2, 3)
PLACES = np.array([7, -1], np.int32)
DATA = KERNEL.tobytes() + PLACES.tobytes()
SHARDS = {"first": DATA[:9], "second": DATA[9:]}


def model(**changes: Any) -> bytes:
    weights = [
        {"name": "kernel", "shape": [2, 3], "dtype": "float32"} | changes,
        {"name": "places", "shape": [2], "dtype": "int32"},
    ]
    manifest = [{"paths": ["first", "second"], "weights": weights}]
    return json.dumps({"modelTopology": {"node": []}, "weightsManifest": manifest}).encode()


def test_arrays_lie_end_to_end_over_the_borders_of_shards() -> None:
    read = read_tfjs(model(), SHARDS)
    assert read.topology == {"node": []}
    assert list(read.weights) == ["kernel", "places"]
    assert np.array_equal(read.weights["kernel"], KERNEL)
    assert np.array_equal(read.weights["places"], PLACES)


def test_a_missing_shard_is_named() -> None:
    with pytest.raises(ModuleError, match="the shard 'second' of the weights is missing"):
        read_tfjs(model(), {"first": DATA[:9]})


def test_shards_that_are_too_short_are_refused_by_the_weights_they_lack() -> None:
    with pytest.raises(ModuleError, match="end before the weights 'places'"):
        read_tfjs(model(), SHARDS | {"second": DATA[9:-1]})


def test_bytes_that_are_left_over_are_refused() -> None:
    with pytest.raises(ModuleError, match="hold 3 bytes too many"):
        read_tfjs(model(), SHARDS | {"second": DATA[9:] + b"end"})


@pytest.mark.parametrize(
    "changes", [{"quantization": {"dtype": "uint8", "scale": 1, "min": 0}}, {"dtype": "string"}]
)
def test_weights_in_a_form_we_cannot_check_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ModuleError, match="'kernel' are quantised or of the type"):
        read_tfjs(model(**changes), SHARDS)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"soup",
        b"[]",
        b"{}",
        b'{"weightsManifest": 3}',
        b'{"weightsManifest": [], "modelTopology"',
        b'{"weightsManifest": [{"paths": [], "weights": [7]}], "modelTopology": {}}',
    ],
)
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(ModuleError, match="no TensorFlow.js model"):
        read_tfjs(data, SHARDS)


def test_a_negative_shape_is_refused() -> None:
    with pytest.raises(ModuleError):
        read_tfjs(model(shape=[-2, 3]), SHARDS)
