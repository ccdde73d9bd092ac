"""A module is loaded with one signature: tensors by name in, tensors by name out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from semsearch.errors import ModuleError
from semsearch.modules.saved_model.loaded import load
from tests.hub import small_models as small

pytestmark = [pytest.mark.tensorflow]


@pytest.fixture(scope="module")
def callable_module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A callable like a transformer's: a dict in, nested outputs, a flag for training."""
    import tensorflow as tf

    root = tf.Module()

    @tf.function(autograph=False)
    def call(inputs, training=False, mask=None):
        ids = tf.cast(inputs["ids"], tf.float32) * (-1.0 if training else 1.0)
        return {"pooled": ids[:, :2], "layers": [ids, ids * 2]}

    spec = {name: tf.TensorSpec([None, 3], tf.int32, name=name) for name in ("ids", "mask")}
    for training in (True, False):
        call.get_concrete_function(spec, training=training)
    root.__call__ = call
    return small.save(tmp_path_factory.mktemp("callable") / "module", root)


def test_what_is_called_takes_a_dict_and_gives_its_outputs_flat(callable_module) -> None:
    loaded = load(callable_module, {})
    ids = np.array([[1, 2, 3]], np.int32)
    outputs = loaded.call({"ids": ids, "mask": ids})
    assert str(loaded.signature).startswith("__call__(ids: int32 (?, 3); mask: int32 (?, 3)) -> ")
    assert list(outputs) == ["layers_0", "layers_1", "pooled"]
    assert outputs["layers_1"].numpy().tolist() == [[2, 4, 6]]


def test_the_trace_for_training_is_not_the_one_that_is_called(callable_module) -> None:
    ids = np.array([[1, 2, 3]], np.int32)
    outputs = load(callable_module, {}).call({"ids": ids, "mask": ids})
    assert outputs["pooled"].numpy().tolist() == [[1, 2]]


def test_a_graph_is_loaded_by_its_tags(module) -> None:
    images = np.ones((1, 8, 8, 3), np.float32)
    for options in ({}, {"tags": "train"}):
        loaded = load(module("images-tf1"), options)
        assert loaded.signature.name == "image_feature_vector"
        assert loaded.call({"images": images})["default"].shape == (1, 32)


def test_a_signature_is_chosen_by_name(module) -> None:
    loaded = load(module("images-tf1"), {"signature": "default"})
    assert loaded.call({"images": np.ones((1, 8, 8, 3), np.float32)})["default"].shape == (1, 5)


def test_inputs_that_do_not_fit_are_told_by_the_module_s_name(module) -> None:
    with pytest.raises(ModuleError, match="the module .*use' cannot be run"):
        load(module("use"), {}).call({"inputs": np.zeros((2, 2, 2))})
