"""What a module takes and gives: text or pictures, in which sizes, types and ranges."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semsearch.errors import ModuleError
from semsearch.modules.saved_model.choice import FLOATS, choose_output, choose_signature
from semsearch.modules.saved_model.graph import MetaGraph
from semsearch.modules.saved_model.hub_info import attached_image_size
from semsearch.modules.saved_model.structures import Port, Signature

TEXT, IMAGE, LOCAL = "text", "image", "local-features"
PICTURE = 4
"""Axes of a batch of pictures; one picture has one less."""
COLOURS = 3
BYTES = (0.0, 255.0)
UNIT = (0.0, 1.0)
USUAL_SIZE = 224
LOCATIONS = "locations"
DESCRIPTORS = ("descriptors", "features")

SIZES = (
    (r"inception_v[12]", 224),
    (r"inception|xception", 299),
    (r"nasnet_large|pnasnet_large", 331),
    (r"efficientnet_v2.*_b1|efficientnet_(lite1|b1)", 240),
    (r"efficientnet_v2.*_b2|efficientnet_(lite2|b2)", 260),
    (r"efficientnet_v2.*_b3|efficientnet_b3", 300),
    (r"efficientnet_v2.*_s\b", 384),
    (r"efficientnet_v2.*_(m|l|xl)\b", 480),
    (r"efficientnet_lite3", 280),
    (r"efficientnet_lite4", 300),
    (r"efficientnet_b4", 380),
    (r"efficientnet_b5", 456),
    (r"efficientnet_b6", 528),
    (r"efficientnet_b7", 600),
)
"""The sides of pictures that known modules of dynamic size were trained with."""
NAMED_SIZE = re.compile(r"_(96|128|160|192|224|256|299|384|512)\b")


@dataclass(frozen=True)
class Interface:
    """How a module is called: the one input that gets our contents, the output with the vectors.

    `batch` is the number of items that it takes at once, None for any. `dim` is 0 where the module
    does not say how wide its vectors are. Of pictures, `size` is the side of their square.
    """

    modality: str
    signature: Signature
    input: Port
    output: Port | None
    batch: int | None
    dim: int
    is_dynamic: bool
    size: int | None = None
    pixel_range: tuple[float, float] | None = None

    def __str__(self) -> str:
        given = "" if self.output is None else f" -> {self.output}"
        return f"{self.signature.name}({self.input}){given}"


def interface_of(
    path: Path, graph: MetaGraph, options: Mapping[str, str], known: Mapping[str, Any]
) -> Interface:
    """Return how the SavedModel in `path` is called; `known` are the facts of its own card.

    Raises:
        ModuleError: it takes neither texts nor pictures, or what is to be called is unclear.
    """
    signature = choose_signature(path, graph, options)
    local = _local_output(signature)
    if local is not None:
        return _local_features(path, signature, local)
    if len(signature.inputs) != 1:
        raise unsuitable(path, signature, "takes several inputs")
    output = None if "layer" in options else choose_output(path, signature, options)
    size = known.get("image_size") or attached_image_size(graph)
    return interface(path, signature, output, options, dict(known) | {"image_size": size})


def interface(
    path: Path,
    signature: Signature,
    output: Port | None,
    options: Mapping[str, str],
    known: Mapping[str, Any],
) -> Interface:
    """Return how a signature of one input is called.

    Raises:
        ModuleError: the input takes neither texts nor pictures, or an option does not fit it.
    """
    (port,) = signature.inputs
    dim = output.shape[-1] or 0 if output is not None and output.shape else 0
    batch = port.shape[0] if port.shape else None
    if port.dtype == "string" and (port.shape is None or len(port.shape) in (1, 2)):
        return Interface(TEXT, signature, port, output, batch, dim, batch is None)
    if not _is_picture(port):
        raise unsuitable(path, signature, "takes neither texts nor pictures")
    size, is_dynamic = image_size(path, port, options, known)
    pixels = pixel_range(path, port, options, known)
    return Interface(IMAGE, signature, port, output, batch, dim, is_dynamic, size, pixels)


def unsuitable(path: Path, signature: Signature, reason: str) -> ModuleError:
    """Return the error of a signature that cannot be fed with texts or pictures alone."""
    return ModuleError(
        f"the module {str(path)!r} {reason}: {signature}",
        "choose another with #signature=; an encoder that wants tokens needs its preprocessor,"
        " as PREPROCESSOR+ENCODER",
    )


def image_size(
    path: Path, port: Port, options: Mapping[str, str], known: Mapping[str, Any]
) -> tuple[int, bool]:
    """Return the side of the square that an image module wants, and whether it may vary."""
    height, width = (port.shape or (None,) * PICTURE)[1:3]
    if height != width and None not in (height, width):
        raise ModuleError(
            f"the module {str(path)!r} wants pictures of {height} x {width}, which are not square",
            "use a module that takes squares",
        )
    fixed = height or width
    wanted = _whole(path, options["size"]) if "size" in options else None
    if fixed is not None and wanted not in (None, fixed):
        raise ModuleError(
            f"the module {str(path)!r} takes pictures of {fixed} x {fixed} only, not {wanted}",
            "leave #size= out",
        )
    usual = known.get("image_size") or size_by_name(str(known.get("name") or path.name))
    return wanted or fixed or usual, fixed is None


def size_by_name(name: str) -> int:
    """Return the side of the pictures that a module of this name was trained with."""
    plain = name.lower().replace("-", "_")
    for pattern, size in SIZES:
        if re.search(pattern, plain):
            return size
    named = NAMED_SIZE.search(plain)
    return int(named[1]) if named else USUAL_SIZE


def pixel_range(
    path: Path, port: Port, options: Mapping[str, str], known: Mapping[str, Any]
) -> tuple[float, float]:
    """Return the values of black and white: as told, else 0..255 for bytes, else 0..1."""
    if "pixels" in options:
        return _range(path, options["pixels"])
    stored = known.get("pixel_range")
    if stored is not None:
        return stored[0], stored[1]
    return BYTES if port.dtype == "uint8" else UNIT


def _local_output(signature: Signature) -> Port | None:
    outputs = {port.name: port for port in signature.outputs}
    if LOCATIONS not in outputs:
        return None
    return next((outputs[name] for name in DESCRIPTORS if name in outputs), None)


def _local_features(path: Path, signature: Signature, output: Port) -> Interface:
    for port in signature.inputs:
        axes = len(port.shape or ())
        if port.dtype in (*FLOATS, "uint8") and axes in (PICTURE, PICTURE - 1):
            dim = output.shape[-1] or 0 if output.shape else 0
            sides = (port.shape or ())[-3:-1]
            pixels = BYTES if port.dtype == "uint8" else UNIT
            return Interface(LOCAL, signature, port, output, None, dim, None in sides, None, pixels)
    raise unsuitable(path, signature, "finds local features but takes no picture")


def _is_picture(port: Port) -> bool:
    if port.dtype not in (*FLOATS, "uint8") or port.shape is None or len(port.shape) != PICTURE:
        return False
    return port.shape[-1] in (COLOURS, None)


def _whole(path: Path, text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 4096:  # noqa: PLR2004 - a sane picture
        raise ModuleError(
            f"{text!r} is no size of pictures for the module {str(path)!r}",
            "give #size= a whole number of pixels from 1 to 4096",
        )
    return int(text)


def _range(path: Path, text: str) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low = high = 0.0
    if not low < high or high - low == float("inf"):
        raise ModuleError(
            f"{text!r} is no range of pixels for the module {str(path)!r}",
            "give #pixels= the values of black and white, as 0,1 or -1,1 or 0,255",
        )
    return low, high
