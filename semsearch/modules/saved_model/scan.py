"""The scan: which operations of a SavedModel read, write, run Python or speak to others.

It reads the graph and runs nothing. What it cannot see stands in docs/modules.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from semsearch.errors import ModuleError
from semsearch.modules.handles.resolve import Resolved
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model import attributes, operations
from semsearch.modules.saved_model.graph import MetaGraph, read_graphs
from semsearch.modules.saved_model.loaded import module_errors, needs_tensorflow_text
from semsearch.modules.saved_model.origins import ASSET, SAVER, Origins
from semsearch.modules.saved_model.reach import Reach

SHOWN = 5


@dataclass(frozen=True)
class Risk:
    """One operation that a module should not need: what, where, and why it matters.

    `is_missing` marks what this TensorFlow cannot run whatever the trust.
    """

    op: str
    where: str
    reason: str
    is_missing: bool = False

    def __str__(self) -> str:
        return f"{self.op} ({self.reason}; {self.where})"


@dataclass(frozen=True)
class _Sources:
    """What the checks ask about a graph: what runs in it, and where its strings come from."""

    reach: Reach
    origins: Origins


def risks(path: Path) -> list[Risk]:
    """Return the risks in all graphs of the SavedModel in the folder `path`; nothing is run.

    Raises:
        ModuleError: the SavedModel is damaged, or names an asset outside its folder.
    """
    import_tensorflow()
    found: dict[Risk, None] = {}
    for graph in read_graphs(path):
        with module_errors(path, "scanned"):
            found.update(dict.fromkeys(_risks_in(graph)))
    return list(found)


def refuse_risky(resolved: Resolved) -> None:
    """Raise a ModuleError for a module with risks, unless the user trusts it.

    What is missing here, and assets outside the folder, are refused even then.
    """
    found = risks(resolved.path)
    missing = [risk for risk in found if risk.is_missing]
    name = resolved.handle.text
    if missing and all(operations.is_text_operation(risk.op) for risk in missing):
        raise needs_tensorflow_text(resolved.path)
    if missing:
        raise ModuleError(
            f"the module {name!r} cannot run here: it holds {_listed(missing)}",
            "install the package that brings these operations, or use another module",
        )
    if found and not resolved.is_trusted:
        raise ModuleError(
            f"the module {name!r} is refused: it holds {_listed(found)}",
            f"read what it does; if you trust its makers: semsearch modules add {name!r} --trust",
        )


def _listed(found: Sequence[Risk]) -> str:
    shown = ", ".join(str(risk) for risk in found[:SHOWN])
    more = len(found) - SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _risks_in(graph: MetaGraph) -> Iterator[Risk]:
    from tensorflow.python.framework import op_def_registry

    reach = Reach(graph)
    sources = _Sources(reach, Origins(graph, reach))
    names = [name for name in reach.functions if op_def_registry.get(name) is not None]
    yield from (Risk(name, "a function of the module", operations.HIDES) for name in names)
    for where, node in graph.operations():
        definition = op_def_registry.get(node.op)
        place = f"{node.name} in {where or 'the graph'}"
        if reason := _hidden(node):
            yield Risk(node.op, place, reason)
        if definition is None and node.op in reach.functions:
            continue
        if definition is None or operations.is_text_operation(node.op):
            if reason := _missing(node.op):
                yield Risk(node.op, place, reason, is_missing=True)
        elif reason := _reason(sources, where, node, definition.is_stateful):
            yield Risk(node.op, place, reason)


def _hidden(node: Any) -> str | None:
    """Return why nobody can tell from an operation's attributes what it does, or None."""
    if attributes.has_placeholder(node.attr):
        return operations.OPEN
    if attributes.has_opaque_tensor(node.attr):
        return operations.OBJECT
    return operations.CONFIGURES if attributes.has_strange_config(node.attr) else None


def _missing(op: str) -> str | None:
    if operations.is_text_operation(op):
        if find_spec("tensorflow_text") is not None:
            return None
        return "it comes with the package tensorflow-text"
    for prefix, package in operations.PACKAGES:
        if op.startswith(prefix):
            return f"unknown to this TensorFlow; it is likely from {package}"
    return "unknown to this TensorFlow"


def _reason(sources: _Sources, where: str, node: Any, is_stateful: bool) -> str | None:
    """Return why a known operation is a risk, or None."""
    for checked, check in _CHECKS:
        if node.op in checked:
            return check(sources, where, node)
    for family, pattern in operations.FAMILIES:
        if pattern.fullmatch(node.op):
            return family
    if operations.HARMLESS.fullmatch(node.op):
        return None
    if is_stateful:
        return operations.UNSEEN
    return None if _is_tensorflows_own(node.op) else operations.FOREIGN


def _checkpoint_reason(sources: _Sources, where: str, node: Any) -> str | None:
    """Spare the saver of the module: its save is never run, its restore gets our file name."""
    if not sources.reach.runs(where, node):
        return None
    if node.op in operations.SAVES:
        return operations.WRITES
    return _file_name_reason(sources, where, node, 0, {SAVER})


def _table_reason(sources: _Sources, where: str, node: Any) -> str | None:
    return _file_name_reason(sources, where, node, 1, {ASSET})


def _cache_reason(sources: _Sources, where: str, node: Any) -> str | None:
    """Spare a cache without a file name, which is in memory."""
    return operations.WRITES if _file_name_reason(sources, where, node, 1, {b""}) else None


def _file_name_reason(
    sources: _Sources, where: str, node: Any, place: int, allowed: Set[str | bytes]
) -> str | None:
    names = sources.origins.of(where, node, place)
    if names <= allowed:
        return None
    constants = [name.decode(errors="replace") for name in names if isinstance(name, bytes)]
    return f"{operations.READS}: {', '.join(sorted(constants))}" if constants else operations.READS


def _print_reason(_sources: _Sources, _where: str, node: Any) -> str | None:
    stream = node.attr["output_stream"].s.decode(errors="replace")
    return None if stream in operations.STREAMS else operations.WRITES


def _debug_reason(_sources: _Sources, _where: str, node: Any) -> str | None:
    return operations.WRITES if node.attr["debug_urls"].list.s else None


def _descriptor_reason(_sources: _Sources, _where: str, node: Any) -> str | None:
    source = node.attr["descriptor_source"].s.decode(errors="replace")
    return operations.READS if source and not source.startswith(operations.DESCRIPTORS) else None


def _vocabulary_reason(_sources: _Sources, _where: str, node: Any) -> str | None:
    return operations.READS if node.attr["vocab_file"].s else None


_CHECKS = (
    (operations.SAVES | operations.RESTORES, _checkpoint_reason),
    (operations.TABLE_FILES, _table_reason),
    (operations.CACHES, _cache_reason),
    (operations.PRINTS, _print_reason),
    (operations.DEBUGS, _debug_reason),
    (operations.PROTOS, _descriptor_reason),
    (operations.SAMPLERS, _vocabulary_reason),
)
"""Operations that are a risk or not by what they are given."""


def _is_tensorflows_own(op: str) -> bool:
    tf = import_tensorflow()
    return op.startswith("_") or hasattr(tf.raw_ops, op)
