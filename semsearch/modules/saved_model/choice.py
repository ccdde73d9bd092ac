"""Which signature of a module is called, and which of its outputs is the vector."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from semsearch.errors import ModuleError
from semsearch.modules.saved_model.graph import MetaGraph
from semsearch.modules.saved_model.structures import CALL, Port, Signature

SIGNATURES = ("serving_default", "image_feature_vector", "default", CALL)
OUTPUTS = (
    "default",
    "outputs",
    "output_0",
    "feature_vector",
    "pooled_output",
    "sentence_embedding",
    "embeddings",
    "embedding",
)
FLOATS = frozenset({"float32", "float16", "bfloat16", "float64"})
MATRIX = 2


def choose_signature(path: Path, graph: MetaGraph, options: Mapping[str, str]) -> Signature:
    """Return the signature that `#signature=` names, or the usual one.

    Raises:
        ModuleError: there is no such signature, or none is usual; all are listed.
    """
    signatures = graph.signatures
    wanted = options.get("signature")
    usual = [wanted] if wanted is not None else SIGNATURES
    for name in usual:
        if name in signatures:
            return signatures[name]
    if wanted is None and len(signatures) == 1:
        return next(iter(signatures.values()))
    if not signatures:
        raise ModuleError(
            f"the module {str(path)!r} has no signature that can be called with tensors",
            "save it again with signatures=",
        )
    what = f"no signature {wanted!r}" if wanted is not None else "no usual signature"
    raise ModuleError(
        f"the module {str(path)!r} has {what}",
        f"give #signature= one of these: {', '.join(signatures)}",
    )


def choose_output(path: Path, signature: Signature, options: Mapping[str, str]) -> Port:
    """Return the output that `#output=` names, or the one that is the vector by name or shape.

    Raises:
        ModuleError: there is no such output, or several could be meant; all are listed.
    """
    wanted = options.get("output")
    if wanted is not None:
        for port in signature.outputs:
            if port.name == wanted:
                return port
        raise _unclear(path, signature, f"has no output {wanted!r}")
    vectors = [port for port in signature.outputs if _may_be_vector(port)]
    for name in OUTPUTS:
        for port in vectors:
            if port.name == name:
                return port
    matrices = [port for port in vectors if port.shape is not None] or vectors
    if len(matrices) != 1:
        reason = "could mean several outputs" if matrices else "has no output of one vector an item"
        raise _unclear(path, signature, reason)
    return matrices[0]


def _may_be_vector(port: Port) -> bool:
    return port.dtype in FLOATS and (port.shape is None or len(port.shape) == MATRIX)


def _unclear(path: Path, signature: Signature, reason: str) -> ModuleError:
    listed = "; ".join(str(port) for port in signature.outputs)
    return ModuleError(
        f"the signature {signature.name!r} of the module {str(path)!r} {reason}",
        f"give #output= one of these: {listed}",
    )
