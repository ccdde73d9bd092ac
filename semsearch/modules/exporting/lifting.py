"""Constants made variables: a network that was built to run gets weights that can be trained.

Our networks hold their weights as constants, which TensorFlow runs faster. In a published module
they should be variables: stored as such, seen by whoever loads it, and open to fine-tuning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from semsearch.modules.runtime import import_tensorflow


@dataclass(frozen=True)
class Lifted:
    """A function that computes what another one did, from variables that it did not have."""

    call: Callable[..., Any]
    variables: list[Any]


def lift(function: Callable[..., Any], *signature: Any) -> Lifted:
    """Return `function`, of tensors to one tensor, with its constants made variables.

    `signature` are the TensorSpecs of its arguments. Arrays of floats are lifted; single numbers,
    whole numbers and tables stay what they are, and the caller has to track the tables.
    """
    tf = import_tensorflow()
    traced = tf.function(function, input_signature=signature, autograph=False)
    graph = traced.get_concrete_function().graph
    definition = graph.as_graph_def()
    arguments = [tensor.name for tensor in graph.inputs[: len(signature)]]
    held = {inner.name: _held(tf, outer) for outer, inner in graph.captures}

    def call(*inputs: Any) -> Any:
        values = dict(zip(arguments, inputs, strict=True)) | {
            name: tf.convert_to_tensor(value) for name, value in held.items()
        }
        (output,) = tf.graph_util.import_graph_def(
            definition, input_map=values, return_elements=[graph.outputs[0].name]
        )
        return output

    return Lifted(call, [value for value in held.values() if isinstance(value, tf.Variable)])


def _held(tf: Any, captured: Any) -> Any:
    if captured.dtype.is_floating and captured.shape.rank:
        return tf.Variable(captured, name="weights")
    return captured
