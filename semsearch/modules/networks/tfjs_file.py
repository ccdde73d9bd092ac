"""Read the weights that TensorFlow.js keeps as a `model.json` and numbered shards of bytes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from semsearch.errors import ModuleError

TYPES = {"float32": "<f4", "int32": "<i4", "bool": "|b1"}


@dataclass(frozen=True)
class TfjsModel:
    """The graph as the file describes it, and the weights by their names."""

    topology: Mapping[str, Any]
    weights: Mapping[str, npt.NDArray[Any]]


def read_tfjs(model: bytes, shards: Mapping[str, bytes]) -> TfjsModel:
    """Return the model from its `model.json` and the bytes of its shards by their names.

    Raises:
        ModuleError: not such a file, a shard is missing, the shards hold fewer or more bytes than
            the weights need, or weights are quantised.
    """
    try:
        described = json.loads(model)
        weights = dict(_weights(described["weightsManifest"], shards))
        return TfjsModel(described["modelTopology"], weights)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        problem = f"the weights are no TensorFlow.js model ({error!r})"
        raise ModuleError(problem, "get the files again") from error


def _weights(manifest: Any, shards: Mapping[str, bytes]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    for group in manifest:
        data = b"".join(_shard(shards, path) for path in group["paths"])
        start = 0
        for weight in group["weights"]:
            array = _array(weight, data, start)
            yield weight["name"], array
            start += array.nbytes
        if start != len(data):
            left = len(data) - start
            raise ModuleError(f"the shards hold {left} bytes too many", "get the files again")


def _shard(shards: Mapping[str, bytes], path: str) -> bytes:
    if path not in shards:
        raise ModuleError(f"the shard {path!r} of the weights is missing", "get the files again")
    return shards[path]


def _array(weight: Mapping[str, Any], data: bytes, start: int) -> npt.NDArray[Any]:
    name = weight["name"]
    if "quantization" in weight or weight["dtype"] not in TYPES:
        raise ModuleError(
            f"the weights {name!r} are quantised or of the type {weight['dtype']!r}",
            f"take a model whose weights are {', '.join(TYPES)}",
        )
    dtype = np.dtype(TYPES[weight["dtype"]])
    count = math.prod(weight["shape"])
    if start + count * dtype.itemsize > len(data):
        raise ModuleError(f"the shards end before the weights {name!r}", "get the files again")
    return np.frombuffer(data, dtype, count, start).reshape(weight["shape"])
