"""Run the graph that a TensorFlow.js model describes, its weights put back where they were.

A graph is a program, and this one is run without a look at its operations: whoever calls this has
matched the bytes of the model against a pinned SHA-256 first (`WeightFile.read`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from semsearch.errors import ModuleError
from semsearch.modules.networks.convolutions import named
from semsearch.modules.networks.tfjs_file import TfjsModel
from semsearch.modules.runtime import import_tensorflow


def graph_function(model: TfjsModel, inputs: Iterable[str]) -> Callable[..., Any]:
    """Return the graph as a function from tensors, in the order of `inputs`, to its one output.

    Arrays of floats are constants outside the graph, where they can be seen; the rest stays in it.

    Raises:
        ModuleError: the graph lacks a weight, has other inputs or more than one output, or holds
            what TensorFlow does not know; the last may show only when the function is first called.
    """
    tf = import_tensorflow()
    names = list(inputs)
    try:
        definition, held = _definition(tf, model)
        output = _output(model.topology["node"], names)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _not_understood(error) from error

    def call(*tensors: Any) -> Any:
        fed = {f"{name}:0": tensor for name, tensor in zip(names, tensors, strict=True)}
        # Only tensors of the graph at hand can be fed, and `identity` brings the weights into it.
        fed |= {name: tf.identity(weight) for name, weight in held.items()}
        try:
            (result,) = tf.graph_util.import_graph_def(definition, fed, [f"{output}:0"])
        except (ValueError, tf.errors.OpError) as error:
            raise _not_understood(error) from error
        return result

    return call


def _definition(tf: Any, model: TfjsModel) -> tuple[Any, dict[str, Any]]:
    definition = tf.compat.v1.GraphDef()
    # The files do not tell their version; none of their operations has changed since.
    definition.versions.producer = tf.version.GRAPH_DEF_VERSION
    held: dict[str, Any] = {}
    for node in model.topology["node"]:
        array = named(model.weights, node["name"]) if node["op"] == "Const" else None
        if array is not None and array.ndim and array.dtype == np.float32:
            held[f"{node['name']}:0"] = tf.constant(array)
        elif node["op"] != "Placeholder":
            _add(tf, definition, node, array)
    return definition, held


def _not_understood(error: Exception) -> ModuleError:
    return ModuleError(
        f"TensorFlow does not understand the graph of the model ({error})", "get the files again"
    )


def _add(tf: Any, definition: Any, described: Mapping[str, Any], array: Any) -> None:
    node = definition.node.add(name=described["name"], op=described["op"])
    node.input.extend(described.get("input", []))
    for name, value in described.get("attr", {}).items():
        if name != "value":
            _set(node.attr[name], value)
    if array is not None:
        # Whole numbers of 64 bits and truth values are kept as int32 by TensorFlow.js.
        dtype = tf.dtypes.as_dtype(node.attr["dtype"].type)
        tensor = tf.make_tensor_proto(array, dtype)
        node.attr["value"].tensor.CopyFrom(tensor)


def _set(attribute: Any, described: Mapping[str, Any]) -> None:
    """Copy the one value that an attribute has: JSON keeps bytes as lists of whole numbers."""
    ((kind, value),) = described.items()
    if kind == "shape":
        attribute.shape.SetInParent()
        for side in value.get("dim", []):
            attribute.shape.dim.add(size=int(side["size"]))
    elif kind == "list":
        attribute.list.i.extend(int(each) for each in value["i"])
    elif kind == "s":
        attribute.s = bytes(value)
    else:
        setattr(attribute, kind, value if kind == "b" else int(value))


def _output(nodes: Iterable[Mapping[str, Any]], inputs: list[str]) -> str:
    nodes = list(nodes)
    fed = [node["name"] for node in nodes if node["op"] == "Placeholder"]
    used = {name.partition(":")[0].lstrip("^") for node in nodes for name in node.get("input", [])}
    ends = [node["name"] for node in nodes if node["name"] not in used]
    if sorted(fed) != sorted(inputs) or len(ends) != 1:
        raise ModuleError(
            f"the graph takes {', '.join(fed)} and gives {', '.join(ends)}, where"
            f" {', '.join(inputs)} and one output were expected",
            "get the files again",
        )
    return str(ends[0])
