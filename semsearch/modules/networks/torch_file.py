"""Read the tensors of a PyTorch state dict into numpy, without PyTorch.

This is the only pickle in the house. Weights that the world publishes as `.pth` come in no other
form, so it is read here under three conditions: the caller has matched the bytes against a pinned
SHA-256 first (`WeightFile.read`), only the five names below can be resolved, and none of them runs
anything of the file's choosing.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from semsearch.errors import ModuleError

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
STORAGES = {
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "DoubleStorage": "<f8",
    "LongStorage": "<i8",
}
DAMAGE = (pickle.UnpicklingError, AttributeError, EOFError, KeyError, TypeError, ValueError)
"""What reading anything else than such a file may raise."""


def read_state_dict(data: bytes, under: str | None = None) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays by their names from the bytes of a legacy `.pth` file.

    Where the file holds several state dicts by name, `under` names the one to take.

    Raises:
        ModuleError: the bytes are no plain state dict in that form.
    """
    try:
        return _read_state_dict(io.BytesIO(data), under)
    except DAMAGE as error:
        raise ModuleError(
            f"the weights are no plain PyTorch state dict ({error})", "get the file again"
        ) from error


@dataclass(frozen=True)
class _Tensor:
    """Where a tensor lies in its storage, whose bytes come after the pickle."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def within(self, storage: npt.NDArray[Any]) -> npt.NDArray[Any]:
        steps = list(zip(self.shape, self.stride, strict=True))
        last = self.offset + sum((length - 1) * step for length, step in steps)
        # Without this a damaged file could show us memory that is not the storage's.
        if min((self.offset, *self.shape, *self.stride)) < 0 or last >= len(storage):
            raise ValueError("a tensor reaches out of its storage")
        strides = tuple(step * storage.itemsize for step in self.stride)
        view = np.lib.stride_tricks.as_strided(storage[self.offset :], self.shape, strides)
        return np.ascontiguousarray(view)


class _Reader(pickle.Unpickler):
    """An unpickler that knows what a state dict needs, and refuses every other name."""

    def __init__(self, file: io.BytesIO, dtypes: dict[str, str]) -> None:
        super().__init__(file)
        self._dtypes = dtypes

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in STORAGES:
            return name
        known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
            ("torch._utils", "_rebuild_parameter"): _parameter,
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"the name {module}.{name} is refused")
        return known[module, name]

    def persistent_load(self, pid: Any) -> str:
        kind, storage, key = pid[:3]
        if kind != "storage":
            raise pickle.UnpicklingError(f"unknown kind {kind!r}")
        self._dtypes[key] = STORAGES[storage]
        return str(key)


def _tensor(storage: str, offset: int, shape: Any, stride: Any, *_: Any) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(stride))


def _parameter(tensor: _Tensor, *_: Any) -> _Tensor:
    return tensor


def _read_state_dict(file: io.BytesIO, under: str | None) -> dict[str, npt.NDArray[Any]]:
    dtypes: dict[str, str] = {}

    def load() -> Any:
        return _Reader(file, dtypes).load()

    if load() != LEGACY_MAGIC:
        raise ValueError("another form than the legacy one")
    _protocol, _writer, tensors, keys = (load() for _ in range(4))
    storages = {str(key): _storage(file, dtypes[key]) for key in keys}
    if under is not None:
        tensors = tensors[under]
    if not isinstance(tensors, Mapping):
        raise ValueError("no mapping from names to tensors")
    return {str(name): tensor.within(storages[tensor.storage]) for name, tensor in tensors.items()}


def _storage(file: io.BytesIO, dtype: str) -> npt.NDArray[Any]:
    size = int.from_bytes(file.read(8), "little")
    return np.frombuffer(file.read(size * np.dtype(dtype).itemsize), dtype, count=size)
