"""From a source to stored rows: recognise what is unchanged, encode the rest, commit in batches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from semsearch.collection.background import Background
from semsearch.collection.checks import shortened
from semsearch.collection.encoders import Encoder, content_digest
from semsearch.collection.keys import KeyRule, NumberedRows, own_key, prefixed
from semsearch.collection.records import AddReport, SkippedRow, Value
from semsearch.corpus import Skipped
from semsearch.errors import ContentError, SourceError
from semsearch.modules import attempts_ahead
from semsearch.store import Batch, Known, NewItem, Refresh, Store
from semsearch.store.writer import Writer, field_types
from semsearch.vectors import Vectors

LOOKED_UP = 256
"""Rows that are read and compared with the store at once; bounds the image bytes in memory."""

COMMITTED = {"text": 4096, "image": 512, "vectors": 65_536}
"""Rows encoded and committed at once at most: fewer, larger segments."""

AT_RISK = 10.0
"""Seconds of encoding that a crash or Ctrl-C may cost, about."""

UNKNOWN_RATE = 25.0
"""Items a second of a module that nobody has measured, until its first batch tells."""

USUAL_TEXT = 120
"""Characters of a text that costs as much as modules are measured with; a longer one costs more."""

MAX_KEY = 1000

Progress = Callable[[int, int | None], None]


class Entry(Protocol):
    """An item of a source, see `semsearch.corpus.Item`."""

    @property
    def row(self) -> int:
        """Its number in the source, from 1."""

    @property
    def key(self) -> str:
        """The user's key."""

    @property
    def content(self) -> Any:
        """What is encoded: text, image bytes, or a vector."""

    @property
    def text(self) -> str:
        """What is shown."""

    @property
    def fields(self) -> dict[str, Value]:
        """What filters can use."""


_Changed = tuple[Entry, NewItem, Known | None]
"""A row of a source, what will be stored of it, and what is stored under its key, if anything."""


@dataclass(frozen=True)
class Unkeyed:
    """A source whose keys are only row numbers or paths; `path` is None for rows from memory."""

    name: str
    path: Path | None


@dataclass(frozen=True)
class _Pending:
    """A row that waits for its vector; `replaces` is the id of the row it supersedes.

    `row` and `key` are those of the source, for the report should the module refuse it.
    """

    row: int
    key: str
    item: NewItem
    prepared: Any
    replaces: int | None


@dataclass(frozen=True)
class _Batch:
    """Rows whose vectors are being made, and rows that need none."""

    pending: list[_Pending]
    refreshed: list[Refresh]
    vectors: Future[Vectors]


class Ingest:
    """One call of `Collection.add`: holds the counts while batches pass.

    `rate` are the items a second that the encoder is known to make, None where nobody knows.
    """

    def __init__(
        self,
        store: Store,
        encoder: Encoder,
        modality: str,
        *,
        on_error: str = "skip",
        progress: Progress | None = None,
        rate: float | None = None,
    ) -> None:
        if on_error not in ("skip", "stop"):
            raise ValueError(f"on_error must be 'skip' or 'stop', got {on_error!r}")
        self._store = store
        self._encoder = encoder
        self._modality = modality
        self._stops = on_error == "stop"
        self._progress = progress
        self._total: int | None = None
        self._source: tuple[str, str] | None = None
        self._space_id: int | None = None
        self._key_of: KeyRule = own_key
        self._added = self._updated = self._unchanged = 0
        self._skipped: list[SkippedRow] = []
        self._pending: list[_Pending] = []
        self._refreshed: list[Refresh] = []
        self._begun: _Batch | None = None
        self._encoded = 0  # of the batch that was begun
        self._telling = threading.Lock()
        self._rate = UNKNOWN_RATE if rate is None else rate
        self._cost = 0.0  # of what is pending, in items of usual length

    def run(
        self,
        entries: Iterable[Entry | Skipped],
        total: int | None,
        *,
        unkeyed: Unkeyed | None = None,
        space_id: int | None = None,
    ) -> AddReport:
        """Store every entry, and report what became of each.

        `unkeyed` tells where they come from when their keys are only row numbers or paths;
        `space_id` is the vector space that the encoder makes vectors of.

        Raises:
            CollectionSwitched: the collection was switched to another vector space.
            SourceError: with on_error="stop", the first row that cannot be stored.
        """
        started = time.perf_counter()
        self._total = total
        if self._stops and self._modality != "image":
            entries = [self._checked(entry) for entry in entries]
        self._space_id = space_id
        with self._store.writing() as writer, Background(self._encoder) as background:
            writer.check_space(space_id)
            source = iter(entries)
            if unkeyed is not None:
                self._choose_keys(unkeyed, writer)
            while chunk := list(islice(source, LOOKED_UP)):
                self._take(chunk, writer)
                if self._is_full():
                    self._begin(background, writer)
                    if self._modality != "image":  # only decoding is worth doing meanwhile
                        self._commit(writer)
            self._begin(background, writer)
            self._commit(writer)
        seconds = time.perf_counter() - started
        skipped = sorted(self._skipped, key=lambda skip: skip.row)
        return AddReport(self._added, self._updated, self._unchanged, skipped, seconds)

    def _choose_keys(self, unkeyed: Unkeyed, writer: Writer) -> None:
        path = "" if unkeyed.path is None else str(unkeyed.path)
        prefix = writer.prefix_of(path, unkeyed.name)
        self._source = (path, prefix)
        if unkeyed.path is None:
            self._key_of = NumberedRows(prefix, writer.live_contents())
        else:
            self._key_of = prefixed(prefix)

    def _checked(self, entry: Entry | Skipped) -> Entry | Skipped:
        """Find out before anything is written whether a row would stop the run."""
        reason = entry.reason if isinstance(entry, Skipped) else self._flaw(entry)
        if reason is not None:
            raise _stopped(entry.row, entry.key, reason)
        return entry

    def _flaw(self, entry: Entry) -> str | None:
        try:
            _check_key(entry.key)
            self._encoder.prepare(entry.content)
        except ContentError as error:
            return error.problem
        return None

    def _take(self, chunk: Sequence[Entry | Skipped], writer: Writer) -> None:
        items = list(self._readable(chunk))
        known = writer.known([item.key for _, item in items])
        changed = []
        for entry, item in items:
            before = known.get(item.key)
            if before is not None and before.content == item.content:
                self._keep(item, before)
            else:
                changed.append((entry, item, before))
        self._queue(changed, writer)
        self._tell()

    def _readable(self, chunk: Iterable[Entry | Skipped]) -> Iterator[tuple[Entry, NewItem]]:
        for entry in chunk:
            if isinstance(entry, Skipped):
                self._skip(entry.row, entry.key, entry.reason)
                continue
            try:
                _check_key(entry.key)
                digest = content_digest(entry.content)
            except ContentError as error:
                self._skip(entry.row, entry.key, error.problem)
                continue
            blob = digest if self._modality == "image" else None
            key = self._key_of(entry.key, digest)
            yield entry, NewItem(key, entry.text, entry.fields, digest, blob)

    def _keep(self, item: NewItem, before: Known) -> None:
        if before.signature == item.signature():
            self._unchanged += 1
        else:
            self._refreshed.append(Refresh(before.id, item))

    def _queue(self, changed: Sequence[_Changed], writer: Writer) -> None:
        def prepare(one: _Changed) -> Any:
            return self._encoder.prepare(one[0].content)

        if self._modality != "image":  # only decoding is worth threads
            for one in changed:
                self._queue_one(one, partial(prepare, one), writer)
            return
        with closing(attempts_ahead(changed, prepare)) as attempts:
            for one, attempt in attempts:
                self._queue_one(one, attempt.result, writer)

    def _queue_one(self, one: _Changed, prepared: Callable[[], Any], writer: Writer) -> None:
        entry, item, before = one
        try:
            content = prepared()
        except ContentError as error:
            self._skip(entry.row, entry.key, error.problem)
            return
        if item.blob is not None:
            writer.publish_blob(entry.content)
        replaces = before.id if before else None
        self._pending.append(_Pending(entry.row, entry.key, item, content, replaces))
        self._cost += _cost_of(entry.content)

    def _skip(self, row: int, key: str | None, reason: str) -> None:
        if self._stops:
            raise _stopped(row, key, reason)
        self._skipped.append(SkippedRow(row, key, reason))

    def _begin(self, background: Background, writer: Writer) -> None:
        """Let the network begin with what has gathered, and store what it had before."""
        self._commit(writer)
        if self._pending or self._refreshed:
            prepared = [entry.prepared for entry in self._pending]
            vectors = background.encode(prepared, lambda done, _: self._tell(done))
            vectors.add_done_callback(partial(self._measure, self._cost, time.monotonic()))
            self._cost = 0.0
            self._begun = _Batch(self._pending, self._refreshed, vectors)
            self._pending, self._refreshed = [], []

    def _is_full(self) -> bool:
        n = len(self._pending) + len(self._refreshed)
        return n >= COMMITTED[self._modality] or self._cost >= self._rate * AT_RISK

    def _measure(self, cost: float, started: float, _vectors: Future[Vectors]) -> None:
        """Learn from a batch how much the next one may hold."""
        seconds = max(time.monotonic() - started, 1e-6)
        if cost:
            self._rate = cost / seconds

    def _commit(self, writer: Writer) -> None:
        if self._begun is None:
            return
        batch, self._begun = self._begun, None
        pending, vectors = self._encoded_rows(batch)
        items = [entry.item for entry in pending]
        replaced = [entry.replaces for entry in pending if entry.replaces is not None]
        types = field_types([*items, *(refresh.item for refresh in batch.refreshed)])
        writer.commit(
            Batch(items, vectors, replaced, batch.refreshed, types, self._source, self._space_id)
        )
        self._added += len(items) - len(replaced)
        self._updated += len(replaced) + len(batch.refreshed)
        self._tell(0)

    def _encoded_rows(self, batch: _Batch) -> tuple[list[_Pending], Vectors]:
        """Return the rows that got a vector, and the vectors; the others are skipped."""
        try:
            return batch.pending, batch.vectors.result()
        except ContentError:
            # Some modules tell only while they run that a content has no vector.
            found = list(self._in_halves(batch.pending))
        kept = [entry for entry, _ in found]
        rows = [vector for _, vector in found]
        return kept, np.stack(rows) if rows else self._encoder.encode_prepared([])

    def _in_halves(self, pending: list[_Pending]) -> Iterator[tuple[_Pending, Vectors]]:
        """Yield each row that can be encoded with its vector, and skip those that cannot."""
        try:
            vectors = self._encoder.encode_prepared([entry.prepared for entry in pending])
        except ContentError as error:
            if len(pending) == 1:
                self._skip(pending[0].row, pending[0].key, error.problem)
                return
            middle = len(pending) // 2
            yield from self._in_halves(pending[:middle])
            yield from self._in_halves(pending[middle:])
            return
        yield from zip(pending, vectors, strict=True)

    def _tell(self, encoded: int | None = None) -> None:
        # Called by the thread that reads and by the one that encodes.
        with self._telling:
            if encoded is not None:
                self._encoded = encoded
            if self._progress is not None:
                done = self._added + self._updated + self._unchanged + len(self._skipped)
                self._progress(done + self._encoded, self._total)


def _cost_of(content: Any) -> float:
    """Return how many items of usual length a content is worth; vectors of the user's own, none."""
    match content:
        case str():
            return max(1.0, len(content) / USUAL_TEXT)
        case bytes():
            return 1.0
    return 0.0


def _check_key(key: str) -> None:
    """Refuse a key that cannot be stored or shown; texts and fields come clean from the corpus."""
    if not key:
        raise ContentError("the key is empty")
    if len(key) > MAX_KEY:
        raise ContentError(f"the key is longer than {MAX_KEY} characters")
    if "\0" in key:
        raise ContentError("the key holds a NUL character")
    try:
        key.encode()
    except UnicodeEncodeError as error:
        raise ContentError(f"the key {key!r} holds half a character") from error


def _stopped(row: int, key: str | None, reason: str) -> SourceError:
    named = f" (key {shortened(key)})" if key else ""
    return SourceError(
        f"row {row}{named} cannot be stored: {reason}",
        "mend the row, or use on_error='skip' to leave such rows out",
    )
