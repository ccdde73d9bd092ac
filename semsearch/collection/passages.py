"""Long texts on their way to vectors: split, encoded passage by passage, and put together again."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from semsearch.collection.encoders import Encoder, Progress
from semsearch.corpus import split
from semsearch.errors import ContentError
from semsearch.modules import Module
from semsearch.modules.text import MAX_CHARACTERS
from semsearch.store.passages import Span
from semsearch.vectors import SMALLEST_NORM, Vectors, lengths

LARGEST_TEXT = 20_000_000
"""Characters of a text that is split at most: some 7,000 pages, whose vectors take 100 MB."""


MANY = 2
"""Passages that a text must have to be split at all: shorter ones are found as well whole."""

MARKS = 2
"""Tokens that some modules put around a text."""

SHORTEST_TOKEN = 2
"""Characters that nearly every token has, so that short texts need not be counted."""

SAYING = re.compile(r"[^\W_]|[\u2600-\U0010ffff]")
"""A letter, a digit or an emoji: without any, as in a line of strokes, a passage says nothing."""

AROUND = 300
"""Tokens before a passage, and after it, that tell what it is about."""


@dataclass(frozen=True)
class Split:
    """A long text, prepared: where its passages stand, and what a module made of each."""

    spans: list[Span]
    prepared: list[Any]

    def __len__(self) -> int:
        return len(self.spans)


class SplittingEncoder:
    """A module that is given long texts in passages; see `Batch` for the order of the vectors."""

    def __init__(self, module: Module, size: int) -> None:
        limit = module.card.max_tokens
        self._module = module
        self._size = size
        self._fits = MANY * size if limit is None else max(1, min(MANY * size, limit - MARKS))
        # Of a module that reads any text, one that is a little too long may as well stay whole.
        self._uncounted = self._fits if limit is not None else SHORTEST_TOKEN * self._fits

    def prepare(self, content: Any) -> Any:
        """Check and split one text.

        Raises:
            ContentError: it cannot be encoded, or is longer than 20 million characters.
        """
        if not isinstance(content, str) or len(content) <= self._uncounted:
            return self._module.prepare(content)
        if len(content) > LARGEST_TEXT:
            raise ContentError(
                f"the text has {len(content):,} characters, more than {LARGEST_TEXT:,}",
                "split it into parts",
            )
        for start in range(0, len(content), MAX_CHARACTERS):
            whole = self._module.prepare(content[start : start + MAX_CHARACTERS])
        spans = split(content, self._size, self._count, self._fits)
        spans = [span for span in spans if SAYING.search(content, *span)]
        if not spans:
            return whole
        return Split(spans, [self._module.prepare(content[slice(*span)]) for span in spans])

    def encode_prepared(
        self, prepared: Sequence[Any], on_progress: Progress | None = None
    ) -> Vectors:
        """Return the vectors of contents (m, dim), those of passages right before each text's own.

        Progress is told in contents.
        """
        if not any(isinstance(one, Split) for one in prepared):
            return self._module.encode_prepared(prepared, on_progress)
        flat = [part for one in prepared for part in _parts(one)]
        ends = list(accumulate(len(_parts(one)) for one in prepared))

        def told(done: int, _total: int) -> None:
            if on_progress is not None:
                on_progress(bisect_right(ends, done), len(prepared))

        vectors = self._module.encode_prepared(flat, told)
        borders = pairwise([0, *ends])
        rows = [
            _with_own(one, vectors[first:last], round(AROUND / self._size))
            for one, (first, last) in zip(prepared, borders, strict=True)
        ]
        return np.concatenate(rows)

    def _count(self, text: str) -> int:
        return self._module.count_tokens([text])[0]


def encoder_of(module: Module) -> Encoder:
    """Return what gives stored items their vectors by a module, of long texts in passages."""
    size = module.card.passage_tokens
    return module if size is None else SplittingEncoder(module, size)


def spans_of(prepared: Any) -> Sequence[Span]:
    """Return where the passages of a prepared content stand; none where it was not split."""
    return prepared.spans if isinstance(prepared, Split) else ()


def blocks(prepared: Sequence[Any], vectors: Vectors) -> Iterator[Vectors]:
    """Yield the rows of each content: its passages, if any, and its own vector last."""
    first = 0
    for one in prepared:
        last = first + len(spans_of(one)) + 1
        yield vectors[first:last]
        first = last


def _parts(prepared: Any) -> list[Any]:
    return prepared.prepared if isinstance(prepared, Split) else [prepared]


def _with_own(prepared: Any, vectors: Vectors, n_around: int) -> Vectors:
    """Return what is stored of a split text: its passages in context, and the mean of them all.

    In the mean each character counts the same. A passage alone often does not say what it is
    about, so half of its vector is that of `n_around` passages on both sides (decision 0018).
    """
    if not isinstance(prepared, Split):
        return vectors
    weights = np.array([stop - start for start, stop in prepared.spans], dtype=np.float32)
    weighted = weights[:, None] * vectors
    before = np.vstack([np.zeros_like(weighted[:1]), np.cumsum(weighted, axis=0, dtype=np.float64)])
    places = np.arange(len(vectors))
    low, high = np.maximum(places - n_around, 0), np.minimum(places + n_around + 1, len(vectors))
    around = _units(before[high] - before[low], vectors)
    return np.vstack([_units(vectors + around, vectors), _units(before[-1:], vectors[:1])])


def _units(sums: npt.NDArray[np.floating[Any]], instead: Vectors) -> Vectors:
    """Return sums of vectors (n, dim) at unit length; opposite ones have no middle."""
    norms = lengths(sums)[:, None]
    is_there = norms >= SMALLEST_NORM
    return np.where(is_there, sums / np.where(is_there, norms, 1), instead).astype(np.float32)
