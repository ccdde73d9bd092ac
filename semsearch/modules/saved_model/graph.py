"""What a SavedModel folder says about itself, read from its protobufs: nothing is loaded or run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semsearch.errors import ModuleError
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.structures import CALL, Signature, call_signature, port_of

GRAPH_FILE = "saved_model.pb"
TEXT_FILE = "saved_model.pbtxt"
SPLIT_FILE = "saved_model.cpb"
TF1_HUB_FILE = "tfhub_module.pb"
SCHEMA_VERSION = 1
ASSETS = "saved_model_assets"
INIT_SIGNATURE = "__saved_model_init_op"
INIT_SIGNATURES = frozenset({INIT_SIGNATURE, "__saved_model_train_op"})
UNCOUNTED = "__pycache__"
"""The folders whose files are in no digest: Python writes there."""
VARIABLE_OPS = frozenset({"VarHandleOp", "VariableV2", "Variable"})
SHARD = re.compile(r"variables\.data-(\d{5})-of-(\d{5})")
SHOWN = 60
REMEDY = "fetch it anew, or save it anew with tf.saved_model.save"


@dataclass(frozen=True)
class MetaGraph:
    """One graph of a SavedModel: its tags, what can be called, and the protobuf itself.

    `signatures` holds `__call__` too, where the saved object can be called with tensors.
    `asset_files` are (tensor that takes its path, file relative to the folder `assets`).
    `is_tf1` tells whether TensorFlow loads it as it does graphs of TensorFlow 1: by its
    signatures, whatever objects were saved beside them.
    """

    tags: tuple[str, ...]
    signatures: Mapping[str, Signature]
    proto: Any
    asset_files: tuple[tuple[str, str], ...]
    is_tf1: bool

    def operations(self) -> Iterator[tuple[str, Any]]:
        """Yield (name of the function, or "" for the graph itself; node) for every operation."""
        graph = self.proto.graph_def
        for node in graph.node:
            yield "", node
        for function in graph.library.function:
            for node in function.node_def:
                yield function.signature.name, node


def read_graphs(path: Path) -> tuple[MetaGraph, ...]:
    """Return the graphs of the SavedModel in the folder `path`, whose files are all there.

    Raises:
        ModuleError: no SavedModel, one of a kind that is not read, or one that is damaged: the
            sentence names the file.
    """
    tf = import_tensorflow()
    model = _parsed(path)
    if model.saved_model_schema_version != SCHEMA_VERSION or not model.meta_graphs:
        raise _damaged(path / GRAPH_FILE, "it holds no graph")
    # TensorFlow restores objects only where there is no other graph.
    is_single = len(model.meta_graphs) == 1
    graphs = tuple(
        _meta_graph(tf, path, proto, not is_single or not proto.HasField("object_graph_def"))
        for proto in model.meta_graphs
    )
    for graph in graphs:
        _check_names(path / GRAPH_FILE, graph)
        _check_assets(path, graph)
    if any(node.op in VARIABLE_OPS for graph in graphs for _, node in graph.operations()):
        _check_variables(path / "variables")
    return graphs


def choose_graph(path: Path, graphs: Sequence[MetaGraph], tags: str | None) -> MetaGraph:
    """Return the graph with the given tags, or the one that is meant to be used.

    Without tags that is the only graph, else the one without tags (TensorFlow 1's hub modules
    have one more for training), else the one tagged `serve`.

    Raises:
        ModuleError: no graph has these tags, or none is marked; the choices are listed.
    """
    if tags is None and len(graphs) == 1:
        return graphs[0]
    wanted = [set(tags.split(","))] if tags is not None else [set(), {"serve"}]
    for tag_set in wanted:
        for graph in graphs:
            if set(graph.tags) == tag_set:
                return graph
    choices = "; ".join(",".join(graph.tags) or "(no tag)" for graph in graphs)
    raise ModuleError(
        f"the module {str(path)!r} has no graph with the tags {tags or ''!r}",
        f"give #tags= one of these: {choices}",
    )


def is_tf1_hub(path: Path) -> bool:
    """Tell whether a folder holds a module in TensorFlow 1's hub format."""
    return (path / TF1_HUB_FILE).is_file()


def _parsed(path: Path) -> Any:
    from tensorflow.core.protobuf import saved_model_pb2

    file = path / GRAPH_FILE
    if not file.is_file():
        raise _no_graph_file(path)
    try:
        return saved_model_pb2.SavedModel.FromString(file.read_bytes())
    except OSError as error:
        raise ModuleError(f"{str(file)!r} cannot be read ({error.strerror})", REMEDY) from error
    except Exception as error:  # a parser fed with damaged bytes may raise anything
        raise _damaged(file, "it is no SavedModel protobuf") from error


def _no_graph_file(path: Path) -> ModuleError:
    for name, kind in ((TEXT_FILE, "as text"), (SPLIT_FILE, "in parts")):
        if (path / name).is_file():
            return ModuleError(
                f"the SavedModel in {str(path)!r} is stored {kind} ({name}), which is not read",
                f"load it with TensorFlow and save it again as {GRAPH_FILE}",
            )
    return ModuleError(
        f"there is no SavedModel in {str(path)!r}: it holds no {GRAPH_FILE}",
        "name the folder that holds this file",
    )


def _meta_graph(tf: Any, path: Path, proto: Any, is_tf1: bool) -> MetaGraph:
    try:
        signatures = {
            name: Signature(name, _ports(tf, signature.inputs), _ports(tf, signature.outputs))
            for name, signature in sorted(proto.signature_def.items())
            if name not in INIT_SIGNATURES
        }
        call = None if is_tf1 else call_signature(tf, proto.object_graph_def)
        assets = [(asset.tensor_info.name, asset.filename) for asset in _assets(proto)]
    except Exception as error:  # what damaged bytes say may be impossible in any way
        raise _damaged(path / GRAPH_FILE, f"its signatures cannot be read ({error})") from error
    if call is not None:
        signatures[CALL] = call
    tags = tuple(sorted(proto.meta_info_def.tags))
    return MetaGraph(tags, signatures, proto, tuple(assets), is_tf1)


def _ports(tf: Any, infos: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(
        port_of(tf, name, info.dtype, info.tensor_shape, info.name)
        for name, info in sorted(infos.items())
    )


def _assets(proto: Any) -> list[Any]:
    """Return the definitions of the assets, which TensorFlow 1 stored in a collection."""
    from tensorflow.core.protobuf import meta_graph_pb2

    if proto.asset_file_def or ASSETS not in proto.collection_def:
        return list(proto.asset_file_def)
    packed = proto.collection_def[ASSETS].any_list.value
    return [meta_graph_pb2.AssetFileDef.FromString(message.value) for message in packed]


def _check_names(file: Path, graph: MetaGraph) -> None:
    """Refuse what could be read in two ways: TensorFlow may take one of two of a name."""
    library = graph.proto.graph_def.library.function
    names = {function.signature.name: function for function in library}
    found = [
        (function.signature.name, argument.name)
        for function in library
        for argument in function.signature.input_arg
    ]
    found += [(where, node.name) for where, node in graph.operations()]
    if "" in names or any(not name for _, name in found):
        raise _damaged(file, "an operation or function in it has no name")
    if len(names) < len(library) or len(set(found)) < len(found):
        raise _damaged(file, "two operations or functions in it have the same name")


def _check_assets(path: Path, graph: MetaGraph) -> None:
    root, folder = path.resolve(), (path / "assets").resolve()
    for _, name in graph.asset_files:
        try:
            file = (folder / name).resolve()
            is_there = file.is_file()
        except (OSError, ValueError) as error:  # a name too long, or with a NUL
            raise _damaged(path, f"its asset {name[:SHOWN]!r} has an impossible name") from error
        if not name or not file.is_relative_to(folder) or not folder.is_relative_to(root):
            raise _strange_asset(path, f"outside its folder: {name!r}")
        if UNCOUNTED in (*Path(name).parts, *file.relative_to(root).parts):
            raise _strange_asset(path, f"in a folder that no digest covers: {name!r}")
        if not is_there:
            raise _damaged(path, f"its asset {name!r} is missing")


def _strange_asset(path: Path, where: str) -> ModuleError:
    return ModuleError(
        f"the module {str(path)!r} names an asset {where}",
        "do not use it: no honest module needs that",
    )


def _check_variables(folder: Path) -> None:
    if not (folder / "variables.index").is_file():
        raise _damaged(folder / "variables.index", "it is missing")
    shards = [match for file in folder.iterdir() if (match := SHARD.fullmatch(file.name))]
    if not shards:
        raise _damaged(folder / "variables.data-*", "it is missing")
    total = int(shards[0][2])
    there = {int(match[1]) for match in shards if int(match[2]) == total}
    for number in range(total):
        if number not in there:
            name = f"variables.data-{number:05d}-of-{total:05d}"
            raise _damaged(folder / name, "it is missing")


def _damaged(path: Path, reason: str) -> ModuleError:
    return ModuleError(f"{str(path)!r} is damaged: {reason}", REMEDY)
