"""A second real module without TensorFlow, of another width than `hashing`: the words of a text."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from semsearch.modules import Module
from semsearch.modules.card import ModuleCard, card_digest
from semsearch.modules.catalogue import BUILT_IN, BuiltIn
from semsearch.modules.module import Progress
from semsearch.modules.text import checked_text
from semsearch.vectors import Vectors

DIM = 64

CARD = ModuleCard(
    name="words",
    version="1",
    modality="text",
    dim=DIM,
    languages=(),
    licence="Apache-2.0",
    digest=card_digest("words 1"),
    source="tests",
    description="Words hashed into 64 counts",
    caveat="It knows nothing but words.",
    items_per_second=20_000,
)

encoded: list[str] = []
"""Every text that the module has encoded in this process, in order."""


def words() -> Module:
    """Return the module."""
    return Module(CARD, checked_text, lambda: encode)


def encode(texts: Sequence[str], on_progress: Progress) -> Vectors:
    """Return counts of words, shape (n, 64); no row is zero."""
    vectors = np.zeros((len(texts), DIM), np.float32)
    vectors[:, 0] = 0.5
    for row, text in enumerate(texts):
        for word in text.lower().split():
            vectors[row, blake2b(word.encode(), digest_size=1).digest()[0] % DIM] += 1
    encoded.extend(texts)
    on_progress(len(texts), len(texts))
    return vectors


def register() -> None:
    """Let this process find the module under the handle `words`."""
    BUILT_IN["words"] = BuiltIn(CARD, words)
