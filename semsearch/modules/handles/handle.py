"""The grammar of handles: where a module lies, and after a `#` how it is to be used."""

from __future__ import annotations

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

        The options go with the encoder.
        """
        first, plus, second = self.source.partition("+")
        if not plus or not first or not second or Path(self.source).exists():
            return None
        return Handle(first, first), Handle(second, second, self.options)

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
    if not mark or Path(text).exists():
        return Handle(text, text)
    if "=" not in fragment:
        fragment = f"layer={fragment}"
    return Handle(text, source, _options(text, fragment))


def _anchored(source: str) -> str:
    path = Path(source).expanduser()
    return str(path.absolute()) if path.exists() else source


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
        options[name] = value
    return options
