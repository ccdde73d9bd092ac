"""Rows that wait to be stored together: which need a vector made, and which have one already."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from semsearch.errors import ContentError
from semsearch.store import NewItem, Refresh
from semsearch.vectors import Vectors

COMMITTED = {"text": 4096, "image": 512, "vectors": 65_536}
"""Rows encoded and committed at once at most: fewer, larger segments."""

AT_RISK = 10.0
"""Seconds of encoding that a crash or Ctrl-C may cost, about."""

UNKNOWN_RATE = 25.0
"""Items a second of a module that nobody has measured, until its first batch tells."""

USUAL_TEXT = 120
"""Characters of a text that costs as much as modules are measured with; a longer one costs more."""

Encode = Callable[[Sequence[Any]], Vectors]


class Pending(NamedTuple):
    """A row that waits for its vector; `replaces` is the id of the row it supersedes.

    `row` and `key` are those of the source, for the report should the module refuse it.
    """

    row: int
    key: str
    item: NewItem
    replaces: int | None


@dataclass
class Gathering:
    """The rows of one batch; what has one content has one vector, which is made once."""

    pending: list[Pending] = field(default_factory=list)
    refreshed: list[tuple[int, Refresh]] = field(default_factory=list)
    """Rows whose vector stays, with their numbers in the source."""
    prepared: dict[str, Any] = field(default_factory=dict)
    """What is to be encoded, by content (digest)."""
    stored: dict[str, Vectors] = field(default_factory=dict)
    """Vectors that stand in the collection already, by content."""
    cost: float = 0.0
    """Of what is to be encoded, in items of usual length."""

    def __len__(self) -> int:
        return len(self.pending) + len(self.refreshed)

    def knows(self, content: str) -> bool:
        """Say whether the vector of a content will be there without anything more."""
        return content in self.prepared or content in self.stored


@dataclass(frozen=True)
class Encoded:
    """The rows of a batch that have a vector (n, dim), and those refused, each with its reason."""

    pending: list[Pending]
    vectors: Vectors
    refused: list[tuple[Pending, str]]


def encoded(batch: Gathering, made: Future[Vectors] | None, encode: Encode) -> Encoded:
    """Wait for the vectors of a batch, and give each row its own.

    Some modules tell only while they run that a content has no vector: then the contents are
    encoded again, in halves, until it is known which.
    """
    contents = list(batch.prepared)
    reasons: dict[str, str] = {}
    parts: list[Vectors] = []
    try:
        if made is not None:
            parts.append(made.result())
    except ContentError:
        found = dict(in_halves(contents, list(batch.prepared.values()), encode, reasons))
        contents = list(found)
        parts.extend(vector[None] for vector in found.values())
    if not batch.stored and len(contents) == len(batch.pending):
        return Encoded(batch.pending, joined(parts), [])
    contents += batch.stored
    parts.extend(vector[None] for vector in batch.stored.values())
    place = {content: row for row, content in enumerate(contents)}
    kept = [each for each in batch.pending if each.item.content in place]
    refused = [
        (each, reasons[each.item.content]) for each in batch.pending if each.item.content in reasons
    ]
    rows = [place[each.item.content] for each in kept]
    return Encoded(kept, joined(parts)[rows] if rows else joined([]), refused)


def joined(parts: Sequence[Vectors]) -> Vectors:
    """Return blocks of vectors as one; no blocks are no vectors."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty((0, 0), dtype=np.float32)


def in_halves(
    contents: Sequence[str], prepared: Sequence[Any], encode: Encode, reasons: dict[str, str]
) -> Iterator[tuple[str, Vectors]]:
    """Yield each content that can be encoded with its vector (dim,); the others get a reason."""
    try:
        vectors = encode(prepared)
    except ContentError as error:
        if len(contents) == 1:
            reasons[contents[0]] = error.problem
            return
        middle = len(contents) // 2
        yield from in_halves(contents[:middle], prepared[:middle], encode, reasons)
        yield from in_halves(contents[middle:], prepared[middle:], encode, reasons)
        return
    yield from zip(contents, vectors, strict=True)


class Pace:
    """How much a batch may hold, learned from those before.

    `rate` are the items a second that the encoder is known to make, None where nobody knows.
    """

    def __init__(self, modality: str, rate: float | None) -> None:
        self._most = COMMITTED[modality]
        self._rate = UNKNOWN_RATE if rate is None else rate

    def is_full(self, batch: Gathering) -> bool:
        """Say whether a batch should be begun with."""
        return len(batch) >= self._most or batch.cost >= self._rate * AT_RISK

    def measure(self, cost: float, started: float, _vectors: Future[Vectors]) -> None:
        """Learn from a batch how much the next one may hold."""
        seconds = max(time.monotonic() - started, 1e-6)
        if cost:
            self._rate = cost / seconds


def cost_of(content: Any) -> float:
    """Return how many items of usual length a content is worth; vectors of the user's own, none."""
    match content:
        case str():
            return max(1.0, len(content) / USUAL_TEXT)
        case bytes():
            return 1.0
    return 0.0
