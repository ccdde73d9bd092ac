"""Where a string that names a file comes from: a constant, the loader, or nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from semsearch.modules.saved_model.attributes import constant_strings
from semsearch.modules.saved_model.graph import INIT_SIGNATURE, MetaGraph
from semsearch.modules.saved_model.reach import (
    LISTED,
    LOAD,
    RESTORE,
    Reach,
    node_name,
    tensor_names,
)

ASSET = "an asset"
SAVER = "the saver"
UNKNOWN = "unknown"
"""Where a string comes from, when not from a constant, which is given as its bytes."""

PASSING = frozenset({"Identity", "PlaceholderWithDefault", "StopGradient", "Snapshot"})
CALLS = {"PartitionedCall": 0, "StatefulPartitionedCall": 0, "If": 1, "StatelessIf": 1, "Case": 1}
"""How many inputs of a calling operation stand before the arguments of the function."""
FED_BY = {ASSET: LOAD, SAVER: RESTORE}
CONSTANT_CLASSES = frozenset({"", "tf.TrackableConstant"})
"""The classes that TensorFlow gives the constants among the saved objects."""

Origin = str | bytes
Place = tuple[str, str, frozenset[str]]
"""The function ("" for the graph itself), a tensor in it, and what the loader feeds just then."""
Caller = tuple[str, Any, int | None]
"""The function that calls, its node, and the inputs before the arguments (None: not known)."""


class Origins:
    """The sources of strings in one graph."""

    def __init__(self, graph: MetaGraph, reach: Reach) -> None:
        self._reach = reach
        self._proto = graph.proto
        # What TensorFlow 1's loader feeds when it runs the graph, whatever stands there.
        self._fed = {_tensor(graph.proto.saver_def.filename_tensor_name): SAVER}
        self._fed |= {_tensor(tensor): ASSET for tensor, _ in graph.asset_files}
        self._given = {_tensor(name) for name in self._signature_inputs()}
        self._overfed = {node_name(tensor) for tensor in self._given | self._fed.keys()}
        self._slots = self._slot_variables()
        self._callers = self._called_from()

    def of(self, where: str, node: Any, place: int) -> set[Origin]:
        """Return where an input of a node in `where` comes from: constants, assets, or unknown."""
        if len(node.input) <= place:
            return {UNKNOWN}
        found: set[Origin] = set()
        seen: set[Place] = set()
        pending = [(where, node.input[place], self._feeds(where, node))]
        while pending:
            here = pending.pop()
            if here in seen:
                continue
            seen.add(here)
            origin, further = self._step(*here)
            found |= origin
            pending.extend(further)
        # What runs and has no caller that we see is called in a way that we do not see.
        return found or ({UNKNOWN} if self._reach.runs(where, node) else set())

    def _feeds(self, where: str, node: Any) -> frozenset[str]:
        """Return what the loader feeds whenever a node of the graph itself runs.

        It feeds the assets only to the initialisation and the saver's file only to the restore;
        in any other run, the constants that stand there are read. The graph itself is never run
        in TensorFlow 2.
        """
        if where:
            return frozenset()
        if not self._reach.is_tf1:
            return frozenset(FED_BY)
        roots = self._reach.roots(node) - {LISTED}
        return frozenset(what for what, root in FED_BY.items() if roots <= {root})

    def _step(
        self, where: str, tensor: str, feeds: frozenset[str]
    ) -> tuple[set[Origin], list[Place]]:
        name = node_name(tensor)
        if where and name in self._arguments(where):
            return self._argument(where, self._arguments(where).index(name))
        if not where and name in self._overfed:
            fed = self._fed.get(_tensor(tensor), UNKNOWN)
            return {fed if fed in feeds and _tensor(tensor) not in self._given else UNKNOWN}, []
        node = self._reach.nodes.get((where, name))
        if node is None or node.op in self._reach.functions:
            return {UNKNOWN}, []
        if node.op in PASSING and node.input:
            return set(), [(where, node.input[0], feeds)]
        return _values(node), []

    def _argument(self, function: str, place: int) -> tuple[set[Origin], list[Place]]:
        arguments = self._reach.functions[function].signature.input_arg
        if any(each.number_attr or each.type_list_attr for each in arguments):
            return {UNKNOWN}, []  # one argument may take several inputs
        found = self._bound(function, place, len(arguments))
        further: list[Place] = []
        for name in self._reach.alike(function):
            if name != function and name in self._reach.object_functions:
                found.add(UNKNOWN)
            for where, node, skipped in self._callers.get(name, ()):
                if not where and not self._reach.is_tf1:
                    continue  # the saved objects are called, not this graph
                inputs = [each for each in node.input if not each.startswith("^")]
                if skipped is None or skipped + place >= len(inputs):
                    found.add(UNKNOWN)
                else:
                    further.append((where, inputs[skipped + place], self._feeds(where, node)))
        return found, further

    def _bound(self, function: str, place: int, arguments: int) -> set[Origin]:
        """Return what an argument of a function of an object is: given by a call, or bound."""
        concrete = self._proto.object_graph_def.concrete_functions
        if function in concrete:
            bound = list(concrete[function].bound_inputs)
            captured = place - (arguments - len(bound))
            # The loader counts from the front when more is bound than there are arguments.
            if captured < 0 or len(bound) > arguments:
                return {UNKNOWN}
            return self._object(bound[captured])
        return {UNKNOWN} if function in self._reach.object_functions else set()

    def _object(self, number: int) -> set[Origin]:
        node = self._proto.object_graph_def.nodes[number]
        kind = node.WhichOneof("kind")
        # A class by name, a child, or an optimizer's slot makes something else of the object.
        if node.children or number in self._slots:
            return {UNKNOWN}
        if kind == "asset" and not node.registered_name:
            return {ASSET}
        if kind == "constant" and node.registered_name in CONSTANT_CLASSES:
            return _values(self._reach.nodes.get(("", node.constant.operation)))
        return {UNKNOWN}

    def _arguments(self, function: str) -> list[str]:
        return [each.name for each in self._reach.functions[function].signature.input_arg]

    def _called_from(self) -> dict[str, list[Caller]]:
        callers: dict[str, list[Caller]] = {}
        for (where, _), node in self._reach.nodes.items():
            for name, is_direct in self._reach.called_by(node):
                skipped = 0 if node.op == name else CALLS.get(node.op)
                caller = where, node, skipped if is_direct else None
                callers.setdefault(name, []).append(caller)
        return callers

    def _signature_inputs(self) -> Iterator[str]:
        for name, signature in self._proto.signature_def.items():
            if name != INIT_SIGNATURE:
                for info in signature.inputs.values():
                    yield from tensor_names(info)

    def _slot_variables(self) -> set[int]:
        return {
            slot.slot_variable_node_id
            for node in self._proto.object_graph_def.nodes
            for slot in node.slot_variables
        }


def _values(node: Any) -> set[Origin]:
    if node is None or node.op != "Const":
        return {UNKNOWN}
    return {*constant_strings(node.attr)} or {UNKNOWN}


def _tensor(name: str) -> str:
    """Return the whole name of a tensor: the first output of a node goes without its number."""
    return name if ":" in name else f"{name}:0"
