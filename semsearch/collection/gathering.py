"""Rows that wait to be stored together: which need a vector made, and which have one already."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from semsearch.collection.passages import blocks, spans_of
from semsearch.errors import ContentError
from semsearch.store import NewItem, Refresh, Snapshot
from semsearch.store.passages import Span
from semsearch.store.segments import Ids
from semsearch.vectors import Vectors

LOOKED_UP = 256
"""Rows that are read and compared with the store at once; bounds the image bytes in memory."""

CHARACTERS = 1_000_000
"""Characters of such rows, after which no more are read: they have some thousand passages."""

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


class Stored(NamedTuple):
    """The vectors (m, dim) of a stored content: those of its passages, and its own last."""

    spans: Sequence[Span]
    vectors: Vectors


@dataclass
class Gathering:
    """The rows of one batch; what has one content has one vector, which is made once."""

    pending: list[Pending] = field(default_factory=list)
    refreshed: list[tuple[int, Refresh]] = field(default_factory=list)
    """Rows whose vector stays, with their numbers in the source."""
    prepared: dict[str, Any] = field(default_factory=dict)
    """What is to be encoded, by content (digest)."""
    stored: dict[str, Stored] = field(default_factory=dict)
    """What stands in the collection already, by content."""
    cost: float = 0.0
    """Of what is to be encoded, in items of usual length."""

    def __len__(self) -> int:
        return len(self.pending) + len(self.refreshed)

    def knows(self, content: str) -> bool:
        """Say whether the vector of a content will be there without anything more."""
        return content in self.prepared or content in self.stored


@dataclass(frozen=True)
class Encoded:
    """The rows of a batch with their vectors as `Batch` has them, and those refused, with why."""

    pending: list[Pending]
    vectors: Vectors
    refused: list[tuple[Pending, str]]


def encoded(batch: Gathering, made: Future[Vectors] | None, encode: Encode) -> Encoded:
    """Wait for the vectors of a batch, and give each row its own.

    Some modules tell only while they run that a content has no vector: then the contents are
    encoded again, in halves, until it is known which.
    """
    contents, prepared = list(batch.prepared), list(batch.prepared.values())
    spans = {content: spans_of(one) for content, one in batch.prepared.items()}
    reasons: dict[str, str] = {}
    made_of: dict[str, Vectors] = {}
    try:
        if made is not None:
            vectors = made.result()
            if not batch.stored and len(contents) == len(batch.pending):
                return Encoded(_with_spans(batch.pending, spans), vectors, [])
            made_of.update(zip(contents, blocks(prepared, vectors), strict=True))
    except ContentError:
        made_of.update(in_halves(contents, prepared, encode, reasons))
    for content, (its_spans, its_vectors) in batch.stored.items():
        spans[content], made_of[content] = its_spans, its_vectors
    kept = [each for each in batch.pending if each.item.content in made_of]
    refused = [
        (each, reasons[each.item.content]) for each in batch.pending if each.item.content in reasons
    ]
    found = joined([made_of[each.item.content] for each in kept])
    return Encoded(_with_spans(kept, spans), found, refused)


def _with_spans(pending: list[Pending], spans: Mapping[str, Sequence[Span]]) -> list[Pending]:
    """Return rows whose items say where the passages of their texts stand."""
    if not any(spans.values()):
        return pending
    return [
        each._replace(item=replace(each.item, spans=spans[each.item.content])) for each in pending
    ]


def stored_vectors(snapshot: Snapshot, ids: Ids) -> Iterator[Stored]:
    """Yield what stands in a snapshot of each item of `ids`, all of which it has."""
    passages = snapshot.stored_passages
    places, counts = passages.of_items(ids)
    borders = np.cumsum([0, *counts])
    for id_, first, last in zip(ids.tolist(), borders, borders[1:], strict=False):
        mine = passages.take(places[first:last])
        spans = list(zip(mine.starts.tolist(), mine.stops.tolist(), strict=True))
        yield Stored(spans, snapshot.take(np.append(mine.ids, id_)))


def joined(parts: Sequence[Vectors]) -> Vectors:
    """Return blocks of vectors as one; no blocks are no vectors."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty((0, 0), dtype=np.float32)


def in_halves(
    contents: Sequence[str], prepared: Sequence[Any], encode: Encode, reasons: dict[str, str]
) -> Iterator[tuple[str, Vectors]]:
    """Yield each content that can be encoded with its vectors; the others get a reason."""
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
    yield from zip(contents, blocks(prepared, vectors), strict=True)


def in_chunks(entries: Iterator[Any]) -> Iterator[list[Any]]:
    """Yield entries in lists of bounded size: what is read at once stands in memory, split too."""
    chunk: list[Any] = []
    size = 0
    for entry in entries:
        chunk.append(entry)
        content = getattr(entry, "content", None)
        size += len(content) if isinstance(content, str) else 0
        if len(chunk) == LOOKED_UP or size >= CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


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
