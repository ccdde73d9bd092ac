"""Texts on their way to a network: checked, told apart, cut and packed by their tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from semsearch.errors import ContentError
from semsearch.modules.module import Content, Encode, Progress
from semsearch.vectors import Vectors

T = TypeVar("T")
Tokens = npt.NDArray[np.int32]

MAX_CHARACTERS = 1_000_000


def checked_text(content: Content) -> str:
    """Return a text that any module can encode.

    Raises:
        ContentError: longer than a million characters, or half a surrogate pair in it.
        TypeError: not a str.
    """
    if not isinstance(content, str):
        raise TypeError(f"a text module takes str, not {type(content).__name__}")
    if len(content) > MAX_CHARACTERS:
        raise ContentError(
            f"the text has {len(content):,} characters, more than {MAX_CHARACTERS:,}",
            "split it into parts",
        )
    try:
        content.encode()
    except UnicodeEncodeError as error:
        raise ContentError(
            f"the text holds an unpaired surrogate ({content[error.start]!a}) "
            f"at position {error.start}",
            "read its source with the right encoding",
        ) from error
    return content


def each_text_once(encode: Encode) -> Encode:
    """Return `encode` made to see every distinct text once, in the order of first appearance."""

    def encode_distinct(texts: Sequence[str], on_progress: Progress) -> Vectors:
        places: dict[str, int] = {}
        rows = [places.setdefault(text, len(places)) for text in texts]
        # The first n distinct texts settle every item before the first appearance of the next.
        starts = np.unique(rows, return_index=True)[1].tolist()

        def report(done: int, _total: int) -> None:
            on_progress([*starts, len(texts)][done], len(texts))

        return encode(list(places), report)[rows]

    return encode_distinct


def in_budgets(
    items: Iterable[T],
    budget: int,
    cost: Callable[[T], int] = len,  # type: ignore[assignment]
) -> Iterator[list[T]]:
    """Group items in their order so that the costs of a group sum to `budget` at most.

    An item that costs more on its own makes a group of its own.
    """
    group: list[T] = []
    spent = 0
    for item in items:
        price = cost(item)
        if group and spent + price > budget:
            yield group
            group, spent = [], 0
        group.append(item)
        spent += price
    if group:
        yield group


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of one text's tokens: `tokens[start:stop]` counts, the rest is only context."""

    row: int
    tokens: Tokens
    start: int
    stop: int

    def __len__(self) -> int:
        return len(self.tokens)


def stretches(texts: Iterable[Sequence[int]], longest: int, context: int) -> Iterator[Stretch]:
    """Cut texts of more than `longest` tokens into runs that overlap by `context` on both sides."""
    step = longest - 2 * context
    for row, ids in enumerate(texts):
        tokens = np.asarray(ids, np.int32)
        if len(tokens) <= longest:
            yield Stretch(row, tokens, 0, len(tokens))
            continue
        for first in range(0, len(tokens), step):
            low, high = max(0, first - context), first + step + context
            stop = min(first + step, len(tokens)) - low
            yield Stretch(row, tokens[low:high], first - low, stop)


def in_vocabularies(cut: Iterable[Stretch], limit: int) -> Iterator[list[Stretch]]:
    """Group stretches in their order so that a group has `limit` distinct tokens at most."""
    group: list[Stretch] = []
    seen: set[int] = set()
    for stretch in cut:
        tokens = set(stretch.tokens.tolist())
        if group and len(seen) + len(tokens - seen) > limit:
            yield group
            group, seen = [], set()
        group.append(stretch)
        seen |= tokens
    if group:
        yield group


@dataclass(frozen=True, slots=True)
class Strip:
    """Stretches laid end to end without padding, with `gap` zeros before, between and after.

    `ids` (m,) holds tokens and zeros; token `positions[i]` (counted without the first gap) counts
    for stretch `owners[i]` of `n` stretches.
    """

    ids: Tokens
    positions: npt.NDArray[np.int64]
    owners: npt.NDArray[np.int64]
    n: int


def strip(batch: Sequence[Stretch], gap: int) -> Strip:
    """Lay the stretches of a batch end to end; tokens must not be 0, which marks the gaps."""
    lengths = np.array([len(stretch) for stretch in batch])
    begins = np.cumsum(lengths + gap) - lengths - gap
    ids = np.zeros(int(lengths.sum()) + gap * (len(batch) + 1), np.int32)
    positions: list[npt.NDArray[Any]] = []
    for begin, stretch in zip(begins, batch, strict=True):
        ids[begin + gap : begin + gap + len(stretch)] = stretch.tokens
        positions.append(np.arange(begin + stretch.start, begin + stretch.stop))
    owners = np.repeat(np.arange(len(batch)), [len(place) for place in positions])
    return Strip(ids, np.concatenate(positions).astype(np.int64), owners, len(batch))
