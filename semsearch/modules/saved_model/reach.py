"""What of a graph can run at all, and where a string that names a file comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from semsearch.modules.saved_model.graph import MetaGraph

ASSET = "an asset"
SAVER = "the saver"
UNKNOWN = "unknown"
"""Where a string comes from, when not from a constant, which is given as its bytes."""

PASSING = frozenset({"Identity", "PlaceholderWithDefault", "StopGradient", "Snapshot"})
CALLS = {"PartitionedCall": 0, "StatefulPartitionedCall": 0, "If": 1, "StatelessIf": 1, "Case": 1}
"""How many inputs of a calling operation stand before the arguments of the function."""

Origin = str | bytes
Place = tuple[str, str]
"""The name of a function ("" for the graph itself) and the name of a node in it."""


class Reach:
    """The operations of one graph that its signatures, its initialisation or its objects run."""

    def __init__(self, graph: MetaGraph) -> None:
        self._proto = graph.proto
        self._is_tf1 = graph.is_tf1
        library = graph.proto.graph_def.library.function
        self._functions = {function.signature.name: function for function in library}
        self._nodes = {(where, node.name): node for where, node in graph.operations()}
        self._callers = self._called_from()
        # What the loader feeds when it runs the graph, whatever stands there.
        self._fed = {_node_name(self._proto.saver_def.filename_tensor_name): SAVER}
        self._fed |= {_node_name(tensor): ASSET for tensor, _ in graph.asset_files}
        self._called = self._ancestors(self._signature_tensors())
        self._object_functions = set(self._functions_of_objects())
        self._runnable, self._run_functions = self._all_runnable()

    def runs(self, where: str, node: Any) -> bool:
        """Tell whether a node can run: whether the graph is called or loaded, or a function is."""
        if where:
            return where in self._run_functions
        return node.name in self._runnable

    def unfed(self, where: str, node: Any) -> set[Origin]:
        """Return what the loader does not feed when this node runs.

        TensorFlow 1's graphs get the paths of assets and of the saver while they are loaded; what
        a signature runs sees the constant that stands in their place.
        """
        is_called = self._is_tf1 and not where and node.name in self._called
        return {ASSET, SAVER} if is_called else set()

    def origins(self, where: str, tensor: str) -> set[Origin]:
        """Return where an input of a node in `where` comes from: constants, assets, or unknown."""
        found: set[Origin] = set()
        seen: set[tuple[str, str]] = set()
        pending = [(where, tensor)]
        while pending:
            place = pending.pop()
            if place in seen:
                continue
            seen.add(place)
            origin, further = self._step(*place)
            found |= origin
            pending.extend(further)
        return found

    def _step(self, where: str, tensor: str) -> tuple[set[Origin], list[Place]]:
        name = _node_name(tensor)
        if where and name in self._arguments(where):
            return self._argument(where, self._arguments(where).index(name))
        if not where and name in self._fed:
            return {self._fed[name]}, []
        node = self._nodes.get((where, name))
        if node is not None and node.op in PASSING and node.input:
            return set(), [(where, node.input[0])]
        return self._values(node), []

    def _values(self, node: Any) -> set[Origin]:
        if node is None or node.op != "Const":
            return {UNKNOWN}
        return set(node.attr["value"].tensor.string_val) or {UNKNOWN}

    def _argument(self, function: str, place: int) -> tuple[set[Origin], list[Place]]:
        found: set[Origin] = set()
        further: list[Place] = []
        concrete = self._proto.object_graph_def.concrete_functions
        if function in concrete:
            bound = list(concrete[function].bound_inputs)
            captured = place - (len(self._arguments(function)) - len(bound))
            found |= self._object(bound[captured]) if captured >= 0 else {UNKNOWN}
        elif function in self._object_functions:
            found.add(UNKNOWN)
        for where, node in self._callers.get(function, ()):
            skipped = 0 if node.op == function else CALLS.get(node.op)
            inputs = [name for name in node.input if not name.startswith("^")]
            if not where and not self._is_tf1:
                continue  # the saved objects are called, not this graph
            if skipped is None or skipped + place >= len(inputs):
                found.add(UNKNOWN)
            else:
                further.append((where, inputs[skipped + place]))
        return found, further

    def _object(self, number: int) -> set[Origin]:
        node = self._proto.object_graph_def.nodes[number]
        if node.WhichOneof("kind") == "asset":
            return {ASSET}
        if node.WhichOneof("kind") == "constant":
            return self._values(self._nodes.get(("", node.constant.operation)))
        return {UNKNOWN}

    def _arguments(self, function: str) -> list[str]:
        return [argument.name for argument in self._functions[function].signature.input_arg]

    def _called_from(self) -> dict[str, list[tuple[str, Any]]]:
        callers: dict[str, list[tuple[str, Any]]] = {}
        for (where, _), node in self._nodes.items():
            for name in self._called_by(node):
                callers.setdefault(name, []).append((where, node))
        return callers

    def _called_by(self, node: Any) -> Iterator[str]:
        if node.op in self._functions:
            yield node.op
        for value in node.attr.values():
            kind = value.WhichOneof("value")
            if kind == "func":
                yield value.func.name
            elif kind == "list":
                yield from (function.name for function in value.list.func)

    def _all_runnable(self) -> tuple[set[str], set[str]]:
        nodes = self._ancestors(self._roots())
        functions: set[str] = set()
        pending = list(self._object_functions)
        for name in nodes:
            pending.extend(self._called_by(self._nodes["", name]))
        while pending:
            name = pending.pop()
            if name in functions or name not in self._functions:
                continue
            functions.add(name)
            for node in self._functions[name].node_def:
                pending.extend(self._called_by(node))
        return nodes, functions

    def _functions_of_objects(self) -> Iterator[str]:
        objects = self._proto.object_graph_def
        yield from objects.concrete_functions
        for node in objects.nodes:
            yield from node.function.concrete_functions
            yield node.bare_concrete_function.concrete_function_name

    def _signature_tensors(self) -> Iterator[str]:
        for signature in self._proto.signature_def.values():
            for info in (*signature.inputs.values(), *signature.outputs.values()):
                yield info.name

    def _roots(self) -> Iterator[str]:
        yield from self._signature_tensors()
        for collection in self._proto.collection_def.values():
            yield from collection.node_list.value
            for packed in collection.bytes_list.value:
                yield from _variable_names(packed)
        if self._is_tf1:  # the objects of TensorFlow 2 are restored by its own Python code
            yield self._proto.saver_def.restore_op_name

    def _ancestors(self, names: Iterable[str]) -> set[str]:
        found: set[str] = set()
        pending = [_node_name(name) for name in names]
        while pending:
            name = pending.pop()
            node = self._nodes.get(("", name))
            if node is None or name in found:
                continue
            found.add(name)
            pending.extend(_node_name(tensor) for tensor in node.input)
        return found


def _node_name(tensor: str) -> str:
    return tensor.removeprefix("^").split(":")[0]


def _variable_names(packed: bytes) -> tuple[str, ...]:
    """Return the operations that give a variable its first value, if `packed` tells of one."""
    from tensorflow.core.framework import variable_pb2

    try:
        variable = variable_pb2.VariableDef.FromString(packed)
    except Exception:  # a message of another kind, which names nothing that is run
        return ()
    return variable.initial_value_name, variable.initializer_name, variable.snapshot_name
