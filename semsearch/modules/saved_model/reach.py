"""What of a graph can run at all, and which of the loader's runs runs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from semsearch.modules.saved_model.attributes import called_in
from semsearch.modules.saved_model.graph import INIT_SIGNATURE, MetaGraph

LOAD = "load"
RESTORE = "restore"
CALL = "call"
LISTED = "listed"
"""What runs operations: the initialisation gets the paths of assets, the restore that of the
saver's file, a call neither. What is only listed in a collection is run by nobody we know."""

INIT_COLLECTIONS = frozenset({"saved_model_main_op", "legacy_init_op", "table_initializer"})
SAVERS = "savers"
"""The collection of savers, whose messages would read as those of variables."""


class Reach:
    """The operations of one graph that its signatures, its initialisation or its objects run.

    `functions` and `nodes` are by name; a node's place is (name of the function or "", name).
    """

    def __init__(self, graph: MetaGraph) -> None:
        self.proto = graph.proto
        self.is_tf1 = graph.is_tf1
        library = graph.proto.graph_def.library
        self.functions = {function.signature.name: function for function in library.function}
        self.nodes = {(where, node.name): node for where, node in graph.operations()}
        self.object_functions = set(self._functions_of_objects())
        self._groups = self._alike()
        self._gradients = {each.function_name: each.gradient_func for each in library.gradient}
        self._nodes_of = {root: self._ancestors(self._named(root)) for root in self._roots()}
        self._run_functions = self._all_functions()

    def runs(self, where: str, node: Any) -> bool:
        """Tell whether a node can run: whether the graph is called or loaded, or a function is."""
        return where in self._run_functions if where else bool(self.roots(node))

    def roots(self, node: Any) -> set[str]:
        """Return which of the loader's runs run a node of the graph itself."""
        return {root for root, names in self._nodes_of.items() if node.name in names}

    def alike(self, function: str) -> frozenset[str]:
        """Return the functions that TensorFlow may run in the place of one, with itself."""
        return self._groups.get(function, frozenset({function}))

    def called_by(self, node: Any) -> Iterator[tuple[str, bool]]:
        """Yield (function, whether it is called directly) for the functions a node names."""
        if node.op in self.functions:
            yield node.op, True
        yield from called_in(node.attr)

    def _alike(self) -> dict[str, frozenset[str]]:
        """Group the functions that say they implement the same: one may replace the other."""
        groups: dict[bytes, set[str]] = {}
        for name, function in self.functions.items():
            if "api_implements" in function.attr:
                groups.setdefault(function.attr["api_implements"].s, set()).add(name)
        return {name: frozenset(group) for group in groups.values() for name in group}

    def _all_functions(self) -> set[str]:
        found: set[str] = set()
        pending = list(self.object_functions)
        for name in set().union(*self._nodes_of.values()):
            pending.extend(called for called, _ in self.called_by(self.nodes["", name]))
        while pending:
            name = pending.pop()
            if name in found or name not in self.functions:
                continue
            found.add(name)
            pending.extend(self.alike(name))
            pending.append(self._gradients.get(name, ""))
            for node in self.functions[name].node_def:
                pending.extend(called for called, _ in self.called_by(node))
        return found

    def _functions_of_objects(self) -> Iterator[str]:
        objects = self.proto.object_graph_def
        yield from objects.concrete_functions
        for node in objects.nodes:
            yield from node.function.concrete_functions
            yield node.bare_concrete_function.concrete_function_name

    def _roots(self) -> tuple[str, ...]:
        # The objects of TensorFlow 2 are restored by its own Python code.
        return (LOAD, RESTORE, CALL, LISTED) if self.is_tf1 else (LOAD, CALL, LISTED)

    def _named(self, root: str) -> Iterator[str]:
        """Yield the tensors and operations that one of the loader's runs asks for."""
        if root == RESTORE:
            saver = self.proto.saver_def
            yield from (saver.restore_op_name, saver.filename_tensor_name)
        for name, signature in self.proto.signature_def.items():
            if root == (LOAD if name == INIT_SIGNATURE else CALL):
                for info in (*signature.inputs.values(), *signature.outputs.values()):
                    yield from tensor_names(info)
        for name, collection in self.proto.collection_def.items():
            if root == (LOAD if name in INIT_COLLECTIONS else LISTED):
                yield from collection.node_list.value
            if root == CALL and name != SAVERS:
                yield from _variable_names(collection.bytes_list.value)

    def _ancestors(self, names: Iterable[str]) -> set[str]:
        found: set[str] = set()
        pending = [node_name(name) for name in names]
        while pending:
            name = pending.pop()
            node = self.nodes.get(("", name))
            if node is None or name in found:
                continue
            found.add(name)
            pending.extend(node_name(tensor) for tensor in node.input)
        return found


def node_name(tensor: str) -> str:
    """Return the name of the node behind a tensor or control input."""
    return tensor.removeprefix("^").split(":")[0]


def tensor_names(info: Any) -> Iterator[str]:
    """Yield the tensors behind an input or output of a signature: sparse ones have several."""
    kind = info.WhichOneof("encoding")
    if kind == "coo_sparse":
        sparse = info.coo_sparse
        yield from (sparse.values_tensor_name, sparse.indices_tensor_name)
        yield sparse.dense_shape_tensor_name
    elif kind == "composite_tensor":
        for part in info.composite_tensor.components:
            yield from tensor_names(part)
    else:
        yield info.name


def _variable_names(messages: Iterable[bytes]) -> Iterator[str]:
    """Yield the operations that give variables their first values, where a message tells of one."""
    from tensorflow.core.framework import variable_pb2

    for packed in messages:
        try:
            variable = variable_pb2.VariableDef.FromString(packed)
        except Exception:  # a message of another kind, which names nothing that is run
            continue
        yield from (
            variable.initial_value_name,
            variable.initializer_name,
            variable.snapshot_name,
        )
