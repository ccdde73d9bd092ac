"""The grammar of handles: where a module lies, and after a `#` how it is to be used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from semsearch.errors import ModuleError

OPTIONS = {
    "sha256": "the SHA-256 (hex) that the fetched archive must have",
    "layer": "where to cut a Keras model, or which layer of a transformer to read (-1: the last)",
    "signature": "which signature of a SavedModel to call",
    "output": "which of several outputs is the vector",
    "tags": "which graph of a SavedModel to load, as tag,tag",
    "pooling": "mean, cls, last or max: how token vectors become one",
    "max_tokens": "how many tokens of a text count",
    "size": "the side in pixels of the square that an image module gets",
    "pixels": "the values of black and white that an image module wants, as 0,1",
    "channels": "rgb or bgr",
}

PACKAGES = ("pypi:", "npm:")
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Handle:
    """A handle taken apart: `source#option=value&option=value`.

    `source` is a short name, a path, a URL, or a package (`pypi:NAME==VERSION`,
    `npm:NAME@VERSION`); two sources joined by `+` are a preprocessor and its encoder. A fragment
    of one word is short for `layer=`.
    """

    text: str
    source: str
    options: Mapping[str, str] = field(default_factory=dict, hash=False)

    def pair(self) -> tuple[Handle, Handle] | None:
        """Return the handles of preprocessor and encoder, or None for a single module.

        A `+` may be part of a path, an address or a version too: it joins two sources where both
        sides look like one. The options go with the encoder.
        """
        if "+" not in self.source or is_there(self.source):
            return None
        parts = self.source.split("+")
        splits = [("+".join(parts[:n]), "+".join(parts[n:])) for n in range(1, len(parts))]
        for is_source in (_is_surely_source, _may_be_source):
            for first, second in splits:
                if is_source(first) and is_source(second):
                    return Handle(first, first), Handle(second, second, self.options)
        return None

    def anchored(self) -> str:
        """Return the handle with its local paths made absolute, so that it is good anywhere."""
        parts = self.pair() or (self,)
        sources = "+".join(_anchored(part.source) for part in parts)
        options = "&".join(f"{name}={value}" for name, value in self.options.items())
        return f"{sources}#{options}" if options else sources


def parse_handle(text: str) -> Handle:
    """Take a handle apart.

    Raises:
        ModuleError: an option is unknown, empty or given twice.
        TypeError: not a str.
    """
    if not isinstance(text, str):
        raise TypeError(f"a handle is a str, not {type(text).__name__}")
    source, mark, fragment = text.partition("#")
    if not mark or is_there(text):
        return Handle(text, text)
    if "=" not in fragment:
        fragment = f"layer={fragment}"
    return Handle(text, source, _options(text, fragment))


def is_there(source: str) -> bool:
    """Tell whether a source is a path to something."""
    try:
        return Path(source).expanduser().exists()
    except (OSError, ValueError, RuntimeError):  # too long, a NUL in it, an unknown user
        return False


def _is_surely_source(text: str) -> bool:
    return "://" in text or text.startswith(PACKAGES) or is_there(text)


def _may_be_source(text: str) -> bool:
    return _is_surely_source(text) or "/" in text.strip("/+")


def _anchored(source: str) -> str:
    return str(Path(source).expanduser().absolute()) if is_there(source) else source


def _options(text: str, fragment: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for part in fragment.split("&"):
        name, _, value = part.partition("=")
        if name not in OPTIONS or not value or name in options:
            raise ModuleError(
                f"the handle {text!r} has the option {part!r}, which is unknown, empty or there"
                " twice",
                f"known are {', '.join(OPTIONS)}",
            )
        options[name] = _digest(text, value) if name == "sha256" else value
    return options


def _digest(text: str, value: str) -> str:
    digest = value.lower()
    if not SHA256.fullmatch(digest):
        raise ModuleError(
            f"the handle {text!r} pins {value!r}, which is no SHA-256", "write its 64 hex digits"
        )
    return digest
