"""What a person should know about a module before using it, and what a collection pins."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class ModuleCard:
    """Describe one module: what it takes, what it gives, where it comes from, what it cannot do.

    `digest` (SHA-256, hex) covers the weights and the version of our code that runs them: equal
    digests mean vectors of one space. `image_size` is the side in pixels of the square that an
    image module looks at, `languages` are BCP 47 codes. `items_per_second` is what two cores
    typically encode, for estimates before long work.
    """

    name: str
    version: str
    modality: str
    dim: int
    languages: tuple[str, ...]
    licence: str
    digest: str
    source: str
    description: str
    caveat: str
    items_per_second: float
    image_size: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the card as plain values, ready for JSON."""
        return asdict(self) | {"languages": list(self.languages)}


def card_digest(code_version: str, weight_digests: Sequence[str] = ()) -> str:
    """Return the SHA-256 (hex) over the digests of the weights and the version of our code."""
    return hashlib.sha256("\n".join([*weight_digests, code_version]).encode()).hexdigest()
