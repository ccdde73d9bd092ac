"""From a source to stored rows: recognise what is unchanged, encode the rest, commit in batches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from semsearch.collection.background import Background
from semsearch.collection.changes import FieldTypes, TextColumns
from semsearch.collection.encoders import VECTORS, Encoder, content_digest
from semsearch.collection.gathering import (
    Encoded,
    Gathering,
    Pace,
    Pending,
    cost_of,
    encoded,
    in_chunks,
    stored_vectors,
)
from semsearch.collection.keys import KeyRule, NumberedRows, check_key, own_keys, prefixed
from semsearch.collection.records import AddReport, SkippedRow, Value
from semsearch.corpus import Break, Skipped
from semsearch.errors import ContentError, SourceError, shortened
from semsearch.modules import attempts_ahead
from semsearch.store import Batch, Known, NewItem, Refresh, Store
from semsearch.store.writer import Writer
from semsearch.vectors import Vectors

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
class Origin:
    """Where entries come from.

    `path` is None for rows from memory; without a key of its own (`has_keys` False) a row has only
    its number or path. `again` reads all entries anew, None where they pass by only once. `breaks`
    tells by field where its cells changed their type.
    """

    name: str = ""
    path: Path | None = None
    has_keys: bool = True
    text_columns: tuple[str, ...] = ()
    breaks: Mapping[str, Break] = field(default_factory=dict)
    again: Callable[[], Iterable[Entry | Skipped]] | None = None

    @property
    def place(self) -> str:
        """The name under which the collection knows the source from one call to the next."""
        return "" if self.path is None else str(self.path)


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
        self._keys_of: KeyRule = own_keys
        self._added = self._updated = self._unchanged = self._replaced = 0
        self._split = self._passages = 0
        self._skipped: list[SkippedRow] = []
        self._batch = Gathering()
        self._begun: tuple[Gathering, Future[Vectors] | None] | None = None
        self._encoded = 0  # of the batch that was begun
        self._telling = threading.Lock()
        self._pace = Pace(modality, rate)

    def run(
        self,
        entries: Iterable[Entry | Skipped],
        total: int | None,
        *,
        origin: Origin | None = None,
        space_id: int | None = None,
        request_id: str | None = None,
    ) -> AddReport:
        """Store every entry, and report what became of each.

        `space_id` is the vector space that the encoder makes vectors of. What was done to the end
        under a `request_id` is not done again: all rows are reported as unchanged.

        Raises:
            CollectionSwitched: the collection was switched to another vector space.
            SourceError: with on_error="stop", the first row that cannot be stored.
        """
        started = time.perf_counter()
        origin = origin or Origin()
        self._total = total
        if self._stops and self._modality != "image":
            self._check(entries, origin)
        self._space_id = space_id
        with self._store.writing() as writer, Background(self._encoder) as background:
            writer.check_space(space_id)
            if request_id is not None and writer.has_request(request_id):
                self._unchanged = _counted(entries) if total is None else total
                return self._report(started, [])
            self._choose_keys(origin, writer)
            self._types = FieldTypes(writer.earlier.field_types(), origin.breaks)
            columns = origin.text_columns if self._modality == "text" else ()
            self._columns = TextColumns(writer.earlier, origin.place, columns)
            self._pass(iter(entries), background, writer)
            self._finish(writer, request_id)
        return self._report(started, self._types.notes + self._columns.notes(self._replaced))

    def _pass(
        self, source: Iterator[Entry | Skipped], background: Background, writer: Writer
    ) -> None:
        for chunk in in_chunks(source):
            self._take(chunk, writer)
            if self._pace.is_full(self._batch):
                self._begin(background, writer)
                if self._modality != "image":  # only decoding is worth doing meanwhile
                    self._commit(writer)
        self._begin(background, writer)

    def _finish(self, writer: Writer, request_id: str | None) -> None:
        if self._begun is not None or request_id is None:
            self._commit(writer, request_id)
        else:
            nothing = np.empty((0, 0), dtype=np.float32)
            writer.commit(Batch([], nothing, space_id=self._space_id, request_id=request_id))

    def _report(self, started: float, notes: list[str]) -> AddReport:
        seconds = time.perf_counter() - started
        skipped = sorted(self._skipped, key=lambda skip: skip.row)
        counts = (self._added, self._updated, self._unchanged)
        return AddReport(
            *counts, skipped, seconds, notes, split=self._split, passages=self._passages
        )

    def _choose_keys(self, origin: Origin, writer: Writer) -> None:
        if origin.has_keys:
            return
        prefix = writer.prefix_of(origin.place, origin.name)
        self._source = (origin.place, prefix)
        self._keys_of = prefixed(prefix) if origin.path else NumberedRows(prefix, writer)

    def _check(self, entries: Iterable[Entry | Skipped], origin: Origin) -> None:
        """Find out before anything is written whether a row would stop the run.

        Not of rows that pass by only once: of these the batch is not stored that the row is in.
        """
        if origin.again is not None:
            entries = origin.again()
        elif iter(entries) is entries:
            return
        for entry in entries:
            reason = entry.reason if isinstance(entry, Skipped) else self._flaw(entry)
            if reason is not None:
                raise _stopped(entry.row, entry.key, reason)

    def _flaw(self, entry: Entry) -> str | None:
        try:
            check_key(entry.key)
            self._encoder.prepare(entry.content)
        except ContentError as error:
            return error.problem
        return None

    def _take(self, chunk: Sequence[Entry | Skipped], writer: Writer) -> None:
        items = self._items(list(self._readable(chunk)))
        known = writer.known([item.key for _, item in items])
        changed: list[_Changed] = []
        for entry, item in items:
            before = known.get(item.key)
            if before is not None and before.content == item.content:
                self._keep(entry, item, before)
            else:
                changed.append((entry, item, before))
        if changed:
            self._queue(changed, writer)
        self._tell()

    def _readable(self, chunk: Iterable[Entry | Skipped]) -> Iterator[tuple[Entry, str]]:
        """Yield each entry that may be stored, with the digest of its content."""
        for entry in chunk:
            if isinstance(entry, Skipped):
                self._skip(entry.row, entry.key, entry.reason)
                continue
            try:
                check_key(entry.key)
                digest = content_digest(entry.content)
            except ContentError as error:
                self._skip(entry.row, entry.key, error.problem)
                continue
            yield entry, digest

    def _items(self, entries: Sequence[tuple[Entry, str]]) -> list[tuple[Entry, NewItem]]:
        keys = self._keys_of([(entry.key, digest) for entry, digest in entries])
        has_blob = self._modality == "image"
        return [
            (entry, NewItem(key, entry.text, entry.fields, digest, digest if has_blob else None))
            for (entry, digest), key in zip(entries, keys, strict=True)
        ]

    def _keep(self, entry: Entry, item: NewItem, before: Known) -> None:
        if before.signature == item.signature():
            self._unchanged += 1
        else:
            self._batch.refreshed.append((entry.row, Refresh(before.id, item)))

    def _queue(self, changed: Sequence[_Changed], writer: Writer) -> None:
        self._find_stored(changed, writer)
        prepared, stored = self._batch.prepared, self._batch.stored
        fresh: dict[str, _Changed] = {}
        for one in changed:
            content = one[1].content
            if content not in prepared and content not in stored:
                fresh.setdefault(content, one)
        refused: dict[str, str] = {}
        with closing(self._attempts(list(fresh.values()))) as attempts:
            for one in changed:
                entry, item, _ = one
                if fresh.get(item.content) is one:
                    try:
                        prepared[item.content] = next(attempts)()
                        self._batch.cost += cost_of(entry.content)
                    except ContentError as error:
                        refused[item.content] = error.problem
                if item.content in refused:
                    self._skip(entry.row, entry.key, refused[item.content])
                else:
                    self._queue_one(one, writer)

    def _queue_one(self, one: _Changed, writer: Writer) -> None:
        entry, item, before = one
        if item.blob is not None:
            writer.publish_blob(entry.content)
        replaces = before.id if before else None
        self._batch.pending.append(Pending(entry.row, entry.key, item, replaces))

    def _attempts(self, changed: Sequence[_Changed]) -> Generator[Callable[[], Any]]:
        """Yield what gives the prepared content of each row, in order, or raises."""

        if self._modality != "image":  # only decoding is worth threads
            yield from (partial(self._encoder.prepare, one[0].content) for one in changed)
            return

        def prepare(one: _Changed) -> Any:
            return self._encoder.prepare(one[0].content)

        with closing(attempts_ahead(changed, prepare)) as attempts:
            for _, attempt in attempts:
                yield attempt.result

    def _find_stored(self, changed: Sequence[_Changed], writer: Writer) -> None:
        """Look for the vectors of contents that stand in the collection under whatever key."""
        if self._modality == VECTORS:
            return
        contents = {item.content for _, item, _ in changed}
        if self._begun is not None and not contents.isdisjoint(self._begun[0].prepared):
            self._commit(writer)  # so that what is being encoded is found
        unknown = [content for content in contents if not self._batch.knows(content)]
        found = writer.earlier.ids_of(unknown)
        if not found:
            return
        snapshot = self._store.snapshot()
        ids = np.fromiter(found.values(), dtype=np.int64)
        is_there = snapshot.rows_of(ids) >= 0
        there = [content for content, is_one in zip(found, is_there, strict=True) if is_one]
        self._batch.stored.update(zip(there, stored_vectors(snapshot, ids[is_there]), strict=True))

    def _skip(self, row: int, key: str | None, reason: str) -> None:
        if self._stops:
            raise _stopped(row, key, reason)
        self._skipped.append(SkippedRow(row, key, reason))

    def _begin(self, background: Background, writer: Writer) -> None:
        """Let the network begin with what has gathered, and store what it had before."""
        self._commit(writer)
        batch = self._batch
        if not len(batch):
            return
        made = None
        if batch.prepared:
            prepared = list(batch.prepared.values())
            made = background.encode(prepared, lambda done, _: self._tell(done))
            made.add_done_callback(partial(self._pace.measure, batch.cost, time.monotonic()))
        self._begun, self._batch = (batch, made), Gathering()

    def _commit(self, writer: Writer, request_id: str | None = None) -> None:
        if self._begun is None:
            return
        (batch, made), self._begun = self._begun, None
        found = encoded(batch, made, self._encoder.encode_prepared)
        for entry, reason in found.refused:
            self._skip(entry.row, entry.key, reason)
        writer.commit(self._as_stored(found, batch, request_id))
        self._columns.keep()
        replaced = sum(entry.replaces is not None for entry in found.pending)
        self._replaced += replaced
        self._added += len(found.pending) - replaced
        self._updated += replaced + len(batch.refreshed)
        passages = [len(entry.item.spans) for entry in found.pending if entry.item.spans]
        self._split += len(passages)
        self._passages += sum(passages)
        self._tell(0)

    def _as_stored(self, found: Encoded, batch: Gathering, request_id: str | None) -> Batch:
        rows = [(entry.row, entry.item) for entry in found.pending]
        rows += [(row, refresh.item) for row, refresh in batch.refreshed]
        return Batch(
            items=[entry.item for entry in found.pending],
            vectors=found.vectors,
            replaced=[entry.replaces for entry in found.pending if entry.replaces is not None],
            refreshed=[refresh for _, refresh in batch.refreshed],
            field_types=self._types.see(rows),
            source=self._source,
            space_id=self._space_id,
            request_id=request_id,
        )

    def _tell(self, encoded: int | None = None) -> None:
        # Called by the thread that reads and by the one that encodes.
        with self._telling:
            if encoded is not None:
                self._encoded = encoded
            if self._progress is not None:
                done = self._added + self._updated + self._unchanged + len(self._skipped)
                self._progress(done + self._encoded, self._total)


def _counted(entries: Iterable[Entry | Skipped]) -> int:
    return sum(not isinstance(entry, Skipped) for entry in entries)


def _stopped(row: int, key: str | None, reason: str) -> SourceError:
    named = f" (key {shortened(key)})" if key else ""
    return SourceError(
        f"row {row}{named} cannot be stored: {reason}",
        "mend the row, or use on_error='skip' to leave such rows out",
    )
