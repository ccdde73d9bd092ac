"""What a person should know about a module before using it, and what a collection pins."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

REAL_WEIGHTS = "with the real weights"
SAME_SIGNATURE = "with small modules of the same signature; the real weights were not to be had"
UNCHECKED = "not by us"

PASSAGE_TOKENS = 64
"""Of the passages of long texts, for a module that was not measured itself (decision 0018)."""

SENTENCE_TOKENS = 48
"""The same for a module that was made for sentences."""


def guessed_passage_tokens(modality: str, max_tokens: int | None) -> int | None:
    """Return how long passages should be for a module that does not show us its tokens.

    A third of what it takes: our guess of how many a text has is far off at times.
    """
    if modality != "text":
        return None
    return PASSAGE_TOKENS if max_tokens is None else max(1, min(PASSAGE_TOKENS, max_tokens // 3))


@dataclass(frozen=True)
class ModuleCard:
    """Describe one module: what it takes, what it gives, where it comes from, what it cannot do.

    `modality` is "text", "image" or "local-features" (many vectors a picture). `digest` (SHA-256,
    hex) covers the weights and the version of our code that runs them: equal digests mean vectors
    of one space. `languages` are BCP 47 codes. `items_per_second` is what two cores typically
    encode, for estimates before long work; None where nobody has measured it.

    `image_size` is the side in pixels of the square that an image module looks at, `pixel_range`
    the values that black and white have for it. `max_tokens` is how much of a text counts, None
    for all of it; `passage_tokens` is how many a passage of a long text should have to be found
    well, None where texts are not to be split. `signature` shows what goes in and what comes out,
    with types and shapes; `is_dynamic` tells whether the sizes of its input may vary. `size` is
    that of its files in bytes, `checked` how we have tried it.
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
    items_per_second: float | None
    image_size: int | None = None
    pixel_range: tuple[float, float] | None = None
    max_tokens: int | None = None
    form: str = "built in"
    signature: str = ""
    is_dynamic: bool = False
    size: int = 0
    checked: str = REAL_WEIGHTS
    passage_tokens: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the card as plain values, ready for JSON."""
        lists = {"languages": list(self.languages)}
        if self.pixel_range is not None:
            lists["pixel_range"] = list(self.pixel_range)  # type: ignore[arg-type]
        return asdict(self) | lists


def card_digest(code_version: str, weight_digests: Sequence[str] = ()) -> str:
    """Return the SHA-256 (hex) over the digests of the weights and the version of our code."""
    return hashlib.sha256("\n".join([*weight_digests, code_version]).encode()).hexdigest()
