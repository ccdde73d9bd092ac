"""The module `hashing`: counts of words and letter triples, for tests and for nothing else."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np

from semsearch.modules.card import PASSAGE_TOKENS, ModuleCard, card_digest
from semsearch.modules.module import Module, Progress
from semsearch.modules.text import checked_text
from semsearch.vectors import Vectors

DIM = 256
WORD_WEIGHT = 3.0
TRIPLE_WEIGHT = 1.0

CARD = ModuleCard(
    name="hashing",
    version="1",
    modality="text",
    dim=DIM,
    languages=(),
    licence="Apache-2.0",
    digest=card_digest("hashing 1"),
    source="built in",
    description="Words and letter triples hashed into 256 counts; loads at once, no TensorFlow",
    caveat="It has no understanding: texts are near when they share words or spellings, never "
    "because they mean the same. For tests and trials only.",
    items_per_second=20_000,
    passage_tokens=PASSAGE_TOKENS,
    signature=f"text (n) string -> vectors (n, {DIM}) float32",
    is_dynamic=True,
)


def hashing() -> Module:
    """Return the module."""
    return Module(CARD, checked_text, lambda: encode)


def encode(texts: Sequence[str], on_progress: Progress) -> Vectors:
    """Return signed counts of hashed features, shape (n, 256); no row is zero."""
    vectors = np.zeros((len(texts), DIM), np.float32)
    # Counts are whole numbers, so no sum of them can take this half away again.
    vectors[:, 0] = 0.5
    for row, text in enumerate(texts):
        for feature, weight in _features(text):
            slot, sign = _place(feature)
            vectors[row, slot] += sign * weight
    on_progress(len(texts), len(texts))
    return vectors


def _features(text: str) -> Iterator[tuple[str, float]]:
    for word in unicodedata.normalize("NFKC", text).casefold().split():
        bare = word.strip(".,;:!?\"'()[]{}…。、！？") or word
        yield bare, WORD_WEIGHT
        framed = f"<{bare}>"
        for start in range(len(framed) - 2):
            yield framed[start : start + 3], TRIPLE_WEIGHT


@lru_cache(maxsize=65_536)
def _place(feature: str) -> tuple[int, int]:
    # Python's own hash() differs from process to process.
    first, second = blake2b(feature.encode(), digest_size=2).digest()
    return first, 1 if second % 2 else -1
