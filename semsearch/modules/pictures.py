"""Prepared pictures on their way to a network: told apart, and sent there in blocks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from semsearch.vectors import Vectors

Square = npt.NDArray[np.uint8]
Told = Callable[[int, int], None]
EncodeSquares = Callable[[Sequence[Square], Told], Vectors]

BLOCK = 64
"""Pictures sent to a network at once: whole batches of 32, and few, so that it need not wait long
for the first."""


def digested(square: Square) -> tuple[bytes, Square]:
    """Return a prepared picture behind the digest of its pixels."""
    return hashlib.sha256(np.ascontiguousarray(square).data).digest(), square


def each_picture_once(
    squares: Iterable[tuple[bytes, Square]], total: int, encode: EncodeSquares, on_progress: Told
) -> Vectors:
    """Return the vectors of `total` pictures, shape (n, dim), in order; `total` must not be 0.

    Each distinct picture goes to `encode` once, in the order of first appearance. `squares` is
    read block by block, so that whoever prepares them ahead goes on while the network computes.
    """
    seen = _Seen()
    parts: list[Vectors] = []
    told = 0
    for block in _blocks(squares, seen):
        # The first n pictures of a block settle every item before the next of them appeared.
        settled = [*block.starts, len(seen.rows)]

        def report(done: int, _total: int, settled: Sequence[int] = settled) -> None:
            nonlocal told
            told = settled[done]
            on_progress(told, total)

        parts.append(encode(block.squares, report))
    if told < total:
        on_progress(total, total)
    return np.concatenate(parts)[seen.rows]


@dataclass(frozen=True)
class _Block:
    """Pictures not seen before, and how many items stood before each."""

    squares: list[Square] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class _Seen:
    """The number of each distinct picture by its digest, and by every item's row."""

    numbers: dict[bytes, int] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)

    def is_new(self, digest: bytes) -> bool:
        """Note one more item, and tell whether no item before was the same picture."""
        distinct = len(self.numbers)
        self.rows.append(self.numbers.setdefault(digest, distinct))
        return len(self.numbers) > distinct


def _blocks(squares: Iterable[tuple[bytes, Square]], seen: _Seen) -> Iterator[_Block]:
    block = _Block()
    for digest, square in squares:
        if seen.is_new(digest):
            block.starts.append(len(seen.rows) - 1)
            block.squares.append(square)
        if len(block.squares) == BLOCK:
            yield block
            block = _Block()
    if block.squares:
        yield block
