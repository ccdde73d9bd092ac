"""The reader of `.pth` files reads plain tensors and refuses everything else."""

from __future__ import annotations

import io
import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from semsearch.errors import ModuleError
from semsearch.modules.networks.efficientnet_lite import WEIGHTS
from semsearch.modules.networks.torch_file import LEGACY_MAGIC, read_state_dict


class Named:
    """Pickles as a call of a global of any name, as an attacker would write it."""

    def __init__(self, function, *arguments) -> None:
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def state_file(tensors: object, keys: list[str], magic: int = LEGACY_MAGIC) -> bytes:
    file = io.BytesIO()
    for part in (magic, 1001, {"little_endian": True}, tensors, keys):
        pickle.dump(part, file, protocol=2)
    return file.getvalue()


def test_the_real_weights_are_read_with_names_shapes_and_finite_values() -> None:
    state = read_state_dict(WEIGHTS[0].read())
    assert state["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert state["_fc.weight"].shape == (1000, 1280)
    assert all(np.isfinite(array).all() for array in state.values())
    assert all((state[name] >= 0).all() for name in state if name.endswith("running_var"))


@pytest.mark.parametrize("function", [os.system, eval, print, OrderedDict.fromkeys])
def test_a_file_that_calls_anything_is_refused_and_nothing_runs(function, tmp_path) -> None:
    trace = tmp_path / "trace"
    with pytest.raises(ModuleError, match="refused"):
        read_state_dict(state_file(Named(function, f"touch {trace}"), []))
    assert not trace.exists()


@pytest.mark.parametrize(
    "data",
    [b"", b"soup", b"PK\x03\x04", state_file({}, [], magic=7), state_file([1], []), b"\x80\x02"],
)
def test_what_is_no_state_dict_is_refused(data: bytes) -> None:
    with pytest.raises(ModuleError, match="no plain PyTorch state dict"):
        read_state_dict(data)


def test_a_file_cut_short_is_refused() -> None:
    data = WEIGHTS[0].read()
    for kept in (len(data) // 2, 2000):
        with pytest.raises(ModuleError, match="no plain PyTorch state dict"):
            read_state_dict(data[:kept])


def test_one_of_several_state_dicts_is_taken_by_its_name() -> None:
    data = state_file({"weights": {}, "optimizer": 7}, [])
    assert read_state_dict(data, "weights") == {}
    for other in ("optimizer", "absent"):
        with pytest.raises(ModuleError, match="no plain PyTorch state dict"):
            read_state_dict(data, other)


def test_a_value_that_is_no_tensor_is_refused() -> None:
    with pytest.raises(ModuleError, match="no plain PyTorch state dict"):
        read_state_dict(state_file({"epoch": 3}, []))
