"""A SavedModel cut at a layer: the graph up to where the layer's values leave its scope."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from semsearch.errors import ModuleError
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.interface import Interface
from semsearch.modules.saved_model.loaded import Loaded, module_errors

CALLS = re.compile(r"(Stateful)?PartitionedCall(_\d+)?")
REPEATED = re.compile(r"_\d+$")
"""Keras numbers a layer that is built again: `dense` becomes `dense_1` in the graph."""
SHOWN = 60


def cut(loaded: Loaded, interface: Interface, layer: str) -> Callable[[Any], Any]:
    """Return the function from a batch to the values of `layer`, of whatever shape.

    Raises:
        ModuleError: the graph has no such layer; those that it has are listed.
    """
    tf = import_tensorflow()
    with module_errors(loaded.path, "cut"):
        frozen = _frozen(tf, loaded, interface)
        tensor = _output_of(loaded, frozen, layer)
        kept = tf.compat.v1.graph_util.extract_sub_graph(
            frozen.graph.as_graph_def(), [tensor.op.name]
        )
        names = {node.name for node in kept.node}
        captured = frozen.inputs[1:]
        values = [value for value in frozen.captured_inputs]

    def call(batch: Any) -> Any:
        given = zip([frozen.inputs[0], *captured], [batch, *values], strict=True)
        fed = {port.name: value for port, value in given if port.op.name in names}
        return tf.graph_util.import_graph_def(kept, fed, [tensor.name], name="")[0]

    return tf.function(call, input_signature=[_spec(tf, interface)], autograph=False)  # type: ignore[no-any-return]


def _spec(tf: Any, interface: Interface) -> Any:
    return tf.TensorSpec(interface.input.shape, interface.input.dtype)


def _frozen(tf: Any, loaded: Loaded, interface: Interface) -> Any:
    """Return the signature as one flat graph whose variables are constants."""
    from tensorflow.python.framework import convert_to_constants

    def whole(batch: Any) -> Any:
        return loaded.call({interface.input.name: batch})

    function = tf.function(whole, autograph=False)
    concrete = function.get_concrete_function(_spec(tf, interface))
    return convert_to_constants.convert_variables_to_constants_v2(
        concrete, lower_control_flow=False
    )


def _output_of(loaded: Loaded, frozen: Any, layer: str) -> Any:
    operations = frozen.graph.get_operations()
    inside = _inside(operations, layer)
    leaving = [
        tensor
        for operation in operations
        if operation.name in inside
        for tensor in operation.outputs
        if tensor.dtype.is_floating and _leaves(tensor, inside)
    ]
    if not leaving:
        names = list(dict.fromkeys(_layers(operations)))
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        raise ModuleError(
            f"the module {str(loaded.path)!r} has no layer {layer!r}",
            f"there are {', '.join(names[:SHOWN])}{more}",
        )
    return leaving[-1]


def _inside(operations: Sequence[Any], layer: str) -> set[str]:
    """Return the names of the operations in the scope of a layer, exact names first."""
    wanted = layer.split("/")
    for plain in (False, True):
        found = {
            operation.name
            for operation in operations
            if operation.type not in ("Const", "Placeholder")
            and _holds(_scopes(operation, plain), wanted)
        }
        if found:
            return found
    return set()


def _scopes(operation: Any, plain: bool) -> list[str]:
    parts = operation.name.split("/")
    return [REPEATED.sub("", part) for part in parts] if plain else parts


def _holds(scopes: Sequence[str], wanted: Sequence[str]) -> bool:
    width = len(wanted)
    return any(list(scopes[at : at + width]) == list(wanted) for at in range(len(scopes)))


def _leaves(tensor: Any, inside: set[str]) -> bool:
    consumers = tensor.consumers()
    return not consumers or any(consumer.name not in inside for consumer in consumers)


def _layers(operations: Sequence[Any]) -> Iterator[str]:
    for operation in operations:
        if operation.type not in ("Const", "Placeholder"):
            for scope in operation.name.split("/")[:-1]:
                if not CALLS.fullmatch(scope):
                    yield scope
