"""A SavedModel cut at a layer: the graph up to where the layer's values leave its scope."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from semsearch.errors import ModuleError
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.interface import Interface
from semsearch.modules.saved_model.loaded import Loaded, module_errors

PLUMBING = re.compile(
    r"(Stateful)?PartitionedCall(_\d+)?|Func|input|output|(input|output)_control_node"
)
"""Scopes that calls between functions leave behind."""
REPEATED = re.compile(r"_\d+$")
"""Keras numbers a layer that is built again: `dense` becomes `dense_1` in the graph."""
SHOWN = 60


@dataclass(frozen=True)
class Cut:
    """The function from a batch to the values of a layer; the tables live as long as `loaded`."""

    loaded: Loaded
    function: Callable[[Any], Any]

    def __call__(self, batch: Any) -> Any:
        """Return the values of the layer for a batch."""
        return self.function(batch)


def cut(loaded: Loaded, interface: Interface, layer: str) -> Cut:
    """Return the function from a batch to the values of `layer`, of whatever shape.

    Raises:
        ModuleError: the graph has no such layer; those that it has are listed.
    """
    tf = import_tensorflow()
    spec = tf.TensorSpec(interface.input.shape, interface.input.dtype)
    with module_errors(loaded.path, "cut"):
        whole = _whole(tf, loaded, interface, spec)
        frozen = _frozen(whole)
        tensor = _output_of(loaded, frozen, layer)
        graph = frozen.graph.as_graph_def()
    # Tables stay outside the frozen graph; they are handed in beside the batch.
    outside = {inner.name: outer for outer, inner in whole.graph.captures}
    wanted = [port.name for port in frozen.inputs]

    def call(batch: Any) -> Any:
        here = tf.compat.v1.get_default_graph()
        given = {name: here.capture(outside[name]) if name in outside else batch for name in wanted}
        return tf.graph_util.import_graph_def(graph, given, [tensor.name], name="")[0]

    return Cut(loaded, tf.function(call, input_signature=[spec], autograph=False))


def _whole(tf: Any, loaded: Loaded, interface: Interface, spec: Any) -> Any:
    function = tf.function(
        lambda batch: loaded.call({interface.input.name: batch}), autograph=False
    )
    return function.get_concrete_function(spec)


def _frozen(whole: Any) -> Any:
    """Return a function as one flat graph whose variables are constants."""
    from tensorflow.python.framework import convert_to_constants

    logger = logging.getLogger("tensorflow")
    logger.addFilter(_is_no_collection_warning)
    try:
        return convert_to_constants.convert_variables_to_constants_v2(
            whole, lower_control_flow=False
        )
    finally:
        logger.removeFilter(_is_no_collection_warning)


def _is_no_collection_warning(record: logging.LogRecord) -> bool:
    """Hold back a warning that TensorFlow itself calls safe to ignore."""
    return "CollectionDef" not in record.getMessage()


def _output_of(loaded: Loaded, frozen: Any, layer: str) -> Any:
    operations = frozen.graph.get_operations()
    inside = _inside(operations, layer)
    floats = [
        tensor
        for operation in operations
        if operation.name in inside
        for tensor in operation.outputs
        if tensor.dtype.is_floating
    ]
    leaving = [tensor for tensor in floats if _is_used_outside(tensor, inside)]
    # The last layer is used by nobody; further outputs of an operation are for training.
    leaving = leaving or [each for each in floats if not each.consumers() and not each.value_index]
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


def _is_used_outside(tensor: Any, inside: set[str]) -> bool:
    return any(consumer.name not in inside for consumer in tensor.consumers())


def _layers(operations: Sequence[Any]) -> Iterator[str]:
    for operation in operations:
        if operation.type not in ("Const", "Placeholder"):
            for scope in operation.name.split("/")[:-1]:
                if not PLUMBING.fullmatch(scope):
                    yield REPEATED.sub("", scope)
