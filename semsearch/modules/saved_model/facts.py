"""The card of a module from anywhere, made from its files without running anything."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from semsearch.errors import ModuleError
from semsearch.modules.card import UNCHECKED, ModuleCard, card_digest, guessed_passage_tokens
from semsearch.modules.handles.resolve import Resolved
from semsearch.modules.saved_model.graph import choose_graph, is_tf1_hub, read_graphs
from semsearch.modules.saved_model.interface import LOCAL, TEXT, Interface, interface_of
from semsearch.modules.saved_model.keras_config import is_keras_file, keras_interface

CODE = "saved-model 1"
CARD_FILE = Path("semsearch", "card.json")
NOT_STATED = "not stated"
LONGEST_TEXT = 2_000
PACKAGE = re.compile(r"(?:pypi|npm):(?P<name>.+?)(?:==|@)(?P<version>[^@=]+)")
ENDINGS = re.compile(r"(\.tar\.gz|\.tgz|\.tar|\.zip|\.keras)$")
FOR_PAIRS = frozenset({"pooling", "max_tokens"})
FOR_PICTURES = frozenset({"size", "pixels", "channels"})
FOR_SAVED_MODELS = frozenset({"tags", "signature", "output"})
CAVEAT = (
    "Nobody has checked this module here. Any module has the prejudices of what it was trained"
    " on; `semsearch modules inspect --probe` measures some."
)
KINDS = {
    TEXT: "Texts to vectors",
    LOCAL: "Pictures to many vectors each, one a place that stands out",
}


def card_of(resolved: Resolved) -> ModuleCard:
    """Return the card of a module of any form; `dim` is 0 where only running it would tell.

    Raises:
        ModuleError: the module is damaged, or takes neither texts nor pictures.
    """
    return card_from(resolved, interface_for(resolved))


def interface_for(resolved: Resolved) -> Interface:
    """Return how a module of any form is called, see `card_of`."""
    path, options = resolved.path, resolved.handle.options
    known = stored_card(path)
    known.setdefault("name", name_and_version(resolved)[0])
    if is_keras_file(path):
        interface = keras_interface(path, options, known)
    else:
        graph = choose_graph(path, read_graphs(path), options.get("tags"))
        interface = interface_of(path, graph, options, known)
    _refuse_unused(resolved, interface)
    return interface


def card_from(resolved: Resolved, interface: Interface) -> ModuleCard:
    """Return the card of a module that is called through `interface`."""
    stored = stored_card(resolved.path)
    name, version = name_and_version(resolved)
    kind = KINDS.get(interface.modality, "Pictures to vectors")
    return ModuleCard(
        name=stored.get("name", name),
        version=stored.get("version", version),
        modality=interface.modality,
        dim=interface.dim,
        languages=tuple(stored.get("languages", ())),
        licence=stored.get("licence", NOT_STATED),
        digest=_digest(resolved, interface),
        source=resolved.source,
        description=stored.get("description", f"{kind}, by a module that says no more of itself"),
        caveat=stored.get("caveat", CAVEAT),
        items_per_second=None,
        image_size=interface.size,
        pixel_range=interface.pixel_range,
        max_tokens=stored.get("max_tokens"),
        passage_tokens=guessed_passage_tokens(interface.modality, stored.get("max_tokens")),
        form=_form(resolved.path),
        signature=_signature(resolved, interface),
        is_dynamic=interface.is_dynamic,
        size=resolved.size,
        checked=UNCHECKED,
    )


def stored_card(path: Path) -> dict[str, Any]:
    """Return what the card file inside a module's folder says, as far as it can be believed.

    TensorFlow's modules carry none; ours lies in `semsearch/card.json`.
    """
    said: Any = None
    with suppress(OSError, ValueError):
        said = json.loads((path / CARD_FILE).read_bytes())
    if not isinstance(said, dict):
        return {}
    believed: dict[str, Any] = {}
    for field in ("name", "version", "licence", "description", "caveat"):
        if isinstance(said.get(field), str) and said[field]:
            believed[field] = said[field][:LONGEST_TEXT]
    for field in ("image_size", "max_tokens"):
        if type(said.get(field)) is int and said[field] > 0:
            believed[field] = said[field]
    languages = said.get("languages")
    if isinstance(languages, list) and all(isinstance(code, str) for code in languages):
        believed["languages"] = languages
    if _is_range(pixels := said.get("pixel_range", ())):
        believed["pixel_range"] = (float(pixels[0]), float(pixels[1]))
    return believed


def name_and_version(resolved: Resolved) -> tuple[str, str]:
    """Return what a handle calls its module: the last word of it, and the number after that.

    A handle without a number has the first digits of the module's digest for its version.
    """
    source = resolved.handle.source
    package = PACKAGE.fullmatch(source)
    if package:
        return package["name"], package["version"]
    words = [word for word in re.split(r"[/\\]", source.split("?", maxsplit=1)[0]) if word]
    version = words.pop() if len(words) > 1 and words[-1].isdecimal() else resolved.digest[:8]
    name = ENDINGS.sub("", words[-1]) if words else resolved.path.name
    return name if name.strip(".") else resolved.path.resolve().name, version


def vector_options(options: Mapping[str, str]) -> dict[str, str]:
    """Return the options of a handle that change what vectors come out."""
    return {name: value for name, value in sorted(options.items()) if name != "sha256"}


def _refuse_unused(resolved: Resolved, interface: Interface) -> None:
    """Refuse options that would change nothing: whoever gives them expects something else."""
    unused = set(FOR_PAIRS)
    if interface.modality == TEXT:
        unused |= FOR_PICTURES
    if is_keras_file(resolved.path):
        unused |= FOR_SAVED_MODELS
    if "layer" in resolved.handle.options:
        unused.add("output")
    given = [f"#{name}=" for name in resolved.handle.options if name in unused]
    if given:
        raise ModuleError(
            f"the module {resolved.handle.text!r} has no use for {' and '.join(given)}",
            "leave that out",
        )


def _digest(resolved: Resolved, interface: Interface) -> str:
    settled = {
        "signature": interface.signature.name,
        "output": interface.output.name if interface.output is not None else "",
        "size": interface.size or "",
        "pixels": interface.pixel_range or "",
        "channels": "rgb",
    }
    # What an option says is settled already where it repeats what would have been chosen.
    given = vector_options(resolved.handle.options)
    rest = {name: value for name, value in given.items() if name in ("layer", "tags", "channels")}
    parts = [f"{name}={value}" for name, value in sorted((settled | rest).items())]
    return card_digest(CODE, [resolved.digest, *parts])


def _signature(resolved: Resolved, interface: Interface) -> str:
    layer = resolved.handle.options.get("layer")
    return str(interface) if layer is None else f"{interface}, cut at {layer!r}"


def _form(path: Path) -> str:
    if is_keras_file(path):
        return "Keras file"
    return "TensorFlow 1 hub module" if is_tf1_hub(path) else "SavedModel"


def _is_range(value: Any) -> bool:
    return (
        isinstance(value, list)
        and [type(bound) in (int, float) for bound in value] == [True, True]
        and value[0] < value[1]
    )
