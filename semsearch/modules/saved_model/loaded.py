"""A SavedModel brought to life: TensorFlow's loader, one signature of it, tensors in and out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semsearch.errors import ModuleError
from semsearch.modules.runtime import import_tensorflow, is_out_of_memory
from semsearch.modules.saved_model.choice import choose_signature
from semsearch.modules.saved_model.graph import MetaGraph, choose_graph, read_graphs
from semsearch.modules.saved_model.operations import is_text_operation
from semsearch.modules.saved_model.structures import CALL, Signature, filled, flattened

LINE = 300
"""Characters of a foreign error that are shown: TensorFlow's run over pages."""

FRAMES = ("Graph execution error", "Detected at node", "<stack traces", "File ", "[[", "Node:")
"""How the lines begin that TensorFlow puts around what went wrong."""


@dataclass(frozen=True)
class Loaded:
    """A restored module and the signature of it that is called.

    `restored` is what tf.saved_model.load gave, for callers that need more of it than that.
    """

    path: Path
    restored: Any
    signature: Signature

    def call(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the outputs by name, as tensors; `inputs` has one value for every input name.

        Nested outputs of `__call__` are named by their keys and positions, joined by `_`.

        Raises:
            ModuleError: the module's own code failed; memory that runs out is passed on as it is,
                for the caller to try less at once.
        """
        with module_errors(self.path, "run"):
            if self.signature.arguments is None:
                outputs = self.restored.signatures[self.signature.name](**inputs)
            else:
                positional, named = filled(self.signature.arguments, inputs)
                outputs = self.restored(*positional, **named)
            return dict(flattened(outputs))


def load(path: Path, options: Mapping[str, str]) -> Loaded:
    """Load the SavedModel in the folder `path` and choose one of its signatures.

    `options` are those of the handle: `tags` and `signature` count. The caller has had the graph
    scanned (see scan.py): loading a module runs a part of it.

    Raises:
        ModuleError: the module is damaged, has no such signature, or needs what is not installed.
    """
    tf = import_tensorflow()
    graphs = read_graphs(path)
    graph = choose_graph(path, graphs, options.get("tags"))
    signature = choose_signature(path, graph, options)
    if needs_text(graph):
        import_text(path)
    with module_errors(path, "loaded"):
        # The only graph is taken whatever its tags: TensorFlow 1's hub modules have none.
        restored = tf.saved_model.load(str(path), tags=list(graph.tags) if graphs[1:] else None)
    if signature.name != CALL and signature.name not in restored.signatures:
        raise ModuleError(
            f"the signature {signature.name!r} of the module {str(path)!r} cannot be called",
            "choose another with #signature=",
        )
    return Loaded(path, restored, signature)


def needs_text(graph: MetaGraph) -> bool:
    """Tell whether a graph holds operations that the package tensorflow-text brings."""
    return any(is_text_operation(node.op) for _, node in graph.operations())


def import_text(path: Path) -> None:
    """Make TensorFlow Text's operations known to TensorFlow.

    Raises:
        ModuleError: the package is missing, or was built for another TensorFlow.
    """
    try:
        import tensorflow_text  # noqa: F401 - importing it registers its operations
    except (ImportError, OSError) as error:
        raise needs_tensorflow_text(path) from error
    except Exception as error:  # a package built for another TensorFlow fails in any way
        raise ModuleError(
            f"TensorFlow Text, which the module {str(path)!r} needs, cannot be imported ({error})",
            "install the version that fits: pip install --upgrade 'semsearch[text]'",
        ) from error


def needs_tensorflow_text(path: Path) -> ModuleError:
    """Return the error of a module that needs the package tensorflow-text."""
    return ModuleError(
        f"the module {str(path)!r} needs operations of TensorFlow Text",
        "install them with: pip install 'semsearch[text]'",
    )


@contextmanager
def module_errors(path: Path, what: str) -> Iterator[None]:
    """Turn whatever TensorFlow raises into a ModuleError; memory that ran out is passed on."""
    try:
        yield
    except ModuleError:
        raise
    except Exception as error:  # a foreign program may raise anything
        if is_out_of_memory(error):
            raise
        raise ModuleError(
            f"the module {str(path)!r} cannot be {what} ({first_line(error)})",
            "check that it fits this TensorFlow, or choose another signature with #signature=",
        ) from error


def first_line(error: BaseException) -> str:
    """Return the first line of an error that says something, cut to what a screen shows."""
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [line for line in lines if line and not line.startswith(FRAMES)]
    return (telling or [type(error).__name__])[0][:LINE]
