"""Typed columns of the rows of a snapshot: read once, kept up to date, saved for the next process.

A column is read from the database one field at a time when a filter first asks for it. When
something is committed, only the rows that changed are read again (`item.changed_seq`). The writer
saves the columns of large collections under derived/; a saved one that is old is brought up to
date, one that is missing or damaged is read anew.
"""

from __future__ import annotations

import hashlib
import io
import logging
import threading
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import apsw
import numpy as np

from semsearch import fsio
from semsearch.columns import KINDS, Column, ListColumn, Mask, TextColumn, pruned
from semsearch.store.database import transaction
from semsearch.store.derived import Derived, read_derived
from semsearch.store.field_values import aligned, joined, read_column
from semsearch.store.folder import Folder
from semsearch.store.reader import Snapshot, ids_where, read_version
from semsearch.store.segments import Ids
from semsearch.store.writer import Writer

T = TypeVar("T")

logger = logging.getLogger(__name__)

SAVED_KIND = "column"
NO_SPACE = -1
"""A column belongs to the items, whichever module made their vectors."""

SMALLEST_SAVED = 20_000
"""Rows below which a column is not saved: the database gives it in a blink."""

LARGEST_WORDS = 256 * 1024 * 1024
"""Bytes of distinct words above which a column is not saved: nobody filters by whole texts often,
and they stand in the database already."""

STALE_SHARE = 16
"""A saved column is saved again when more than one row in so many has changed since."""


class Reading(Protocol):
    """Hands over this thread's connection, which cannot write; `Store` has it."""

    def __call__(self, ask: Callable[[apsw.Connection], T], /) -> T:
        """Return what `ask` reads."""


@dataclass(frozen=True)
class Held:
    """A column of the rows `ids`, right for every change up to `version`."""

    kind: str
    version: int
    ids: Ids
    column: Column


class Columns:
    """The typed columns of one store, shared by all threads that filter it."""

    def __init__(self, folder: Folder, read: Reading) -> None:
        self._folder = folder
        self._read = read
        self._held: dict[str, Held] = {}
        self._locks: dict[str, threading.Lock] = {}

    def at(self, snapshot: Snapshot) -> SnapshotColumns:
        """Return the columns of the rows of `snapshot`, dead ones included."""
        return SnapshotColumns(self, self._read, snapshot)

    def column(self, snapshot: Snapshot, name: str, kind: str) -> Column:
        """Return a field's column, one value a row of `snapshot`; `kind` is the field's type.

        Values are at least as new as the snapshot. Two threads that ask for the same column read
        it once.
        """
        held = self._held.get(name)
        if held is not None and _fits(held, snapshot, kind):
            return held.column
        with self._locks.setdefault(name, threading.Lock()):
            return self._current(snapshot, name, kind).column

    def save(self, writer: Writer, snapshot: Snapshot, fields: Mapping[str, str]) -> list[str]:
        """Save the columns of `fields` (their types by name) for the next process.

        Returns the names of those that were worth it: not those of a small collection, nor one
        whose saved file is nearly as new, nor one of so much text that it would fill the disk.
        """
        if len(snapshot.every) < SMALLEST_SAVED:
            return []
        return [name for name, kind in fields.items() if self._saved(writer, snapshot, name, kind)]

    def forget(self, writer: Writer) -> None:
        """Drop every column, saved or in memory: what is erased must not stay in one of them."""
        self.clear()
        writer.drop_derived(SAVED_KIND, space_id=NO_SPACE)

    def clear(self) -> None:
        """Let go of every column in memory."""
        self._held.clear()

    def names(self) -> list[str]:
        """Return the fields whose columns are in memory."""
        return sorted(self._held)

    def _saved(self, writer: Writer, snapshot: Snapshot, name: str, kind: str) -> bool:
        with self._locks.setdefault(name, threading.Lock()):
            held = self._current(snapshot, name, kind)
        if not self._is_stale(name, held):
            return False
        column = pruned(held.column)
        if isinstance(column, TextColumn | ListColumn) and len(column.words.data) > LARGEST_WORDS:
            return False
        _save(self._folder, writer, name, replace(held, column=column))
        return True

    def _current(self, snapshot: Snapshot, name: str, kind: str) -> Held:
        held = self._held.get(name)
        if held is None or held.kind != kind:
            held = self._loaded(name, kind)
        if held is None or not _fits(held, snapshot, kind):
            before = held
            held = self._read(lambda c: _brought(c, snapshot, name, kind, before))
        newest = self._held.get(name)
        if newest is None or newest.kind != kind or newest.version <= held.version:
            self._held[name] = held
        return held

    def _loaded(self, name: str, kind: str) -> Held | None:
        entry = self._entry(name, kind)
        return None if entry is None else load(entry)

    def _entry(self, name: str, kind: str) -> Derived | None:
        entries = self._read(
            lambda c: read_derived(c, self._folder, SAVED_KIND, NO_SPACE, only=name)
        )
        return next((entry for entry in entries if entry.detail.get("type") == kind), None)

    def _is_stale(self, name: str, held: Held) -> bool:
        entry = self._entry(name, held.kind)
        if entry is None or _content(entry) is None:
            return True
        version = entry.detail["version"]
        changed = self._read(
            lambda c: c.execute("SELECT count(*) FROM item WHERE changed_seq > ?", (version,)).get
        )
        gone = max(0, entry.rows - len(held.ids))
        return int(changed) + gone > len(held.ids) // STALE_SHARE


@dataclass(frozen=True)
class SnapshotColumns:
    """What a filter over one snapshot is answered from."""

    columns: Columns
    read: Reading
    snapshot: Snapshot

    def column(self, name: str, kind: str) -> Column:
        """Return a field's column, one value a row."""
        return self.columns.column(self.snapshot, name, kind)

    def meeting(self, condition: str, values: Sequence[Any]) -> Mask:
        """Return the rows, shape (N,), of live items that meet an SQL condition on `item`."""
        ids = self.read(lambda connection: ids_where(connection, condition, values))
        rows = self.snapshot.rows_of(ids)
        mask = np.zeros(len(self.snapshot.every), np.bool_)
        mask[rows[rows >= 0]] = True
        return mask


def load(entry: Derived) -> Held | None:
    """Return the column that was saved; None where its file is missing or damaged."""
    data = _content(entry)
    if data is None:
        return None
    kind = entry.detail["type"]
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            column = KINDS[kind].from_arrays(dict(arrays))
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        logger.warning(
            "the saved column %r cannot be read (%s); it is made anew", entry.name, error
        )
        return None
    return Held(kind, int(entry.detail["version"]), entry.ids, column)


def _fits(held: Held, snapshot: Snapshot, kind: str) -> bool:
    return (
        held.kind == kind
        and held.version >= snapshot.version
        and (held.ids is snapshot.every or np.array_equal(held.ids, snapshot.every))
    )


def _brought(
    connection: apsw.Connection, snapshot: Snapshot, name: str, kind: str, held: Held | None
) -> Held:
    """Return the column of the rows of `snapshot`, as of now; rows that `held` has stay unread."""
    ids = snapshot.every
    with transaction(connection, "DEFERRED"):
        version = read_version(connection)
        fresh = ids if held is None else _fresh(connection, held, ids)
        if held is None or len(fresh) > len(ids) // 2:
            return Held(kind, version, ids, read_column(connection, name, kind, ids, whole=True))
        if not len(fresh):
            column = aligned(held.column, held.ids, ids, kind)
        else:
            read = read_column(connection, name, kind, fresh, whole=False)
            column = _merged(held, fresh, read, ids)
    return Held(kind, version, ids, column)


def _fresh(connection: apsw.Connection, held: Held, ids: Ids) -> Ids:
    """Return the ids whose value `held` does not know, ascending."""
    added = ids[len(held.ids) :] if _goes_on(held, ids) else np.setdiff1d(ids, held.ids)
    rows = connection.execute("SELECT id FROM item WHERE changed_seq > ?", (held.version,))
    changed = np.fromiter((row[0] for row in rows), np.int64)
    return np.union1d(added, changed[np.isin(changed, ids)])


def _goes_on(held: Held, ids: Ids) -> bool:
    return len(ids) >= len(held.ids) and np.array_equal(ids[: len(held.ids)], held.ids)


def _merged(held: Held, fresh: Ids, read: Column, ids: Ids) -> Column:
    both = joined(held.column, read)
    if _goes_on(held, ids) and np.array_equal(fresh, ids[len(held.ids) :]):
        return both
    at = np.searchsorted(held.ids, ids)
    at[np.searchsorted(ids, fresh)] = len(held.ids) + np.arange(len(fresh))
    return both.take(at)


def _content(entry: Derived) -> bytes | None:
    try:
        data = entry.path.read_bytes()
    except OSError as error:
        logger.info("the saved column %r is not there (%s)", entry.name, error.strerror)
        return None
    if len(data) != entry.size or hashlib.sha256(data).hexdigest() != entry.sha256:
        logger.warning("the saved column %r is damaged; it is made anew", entry.name)
        return None
    return data


def _save(folder: Folder, writer: Writer, name: str, held: Held) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **held.column.arrays())
    published = fsio.publish_bytes(
        buffer.getvalue(),
        scratch=folder.scratch,
        place=lambda sha256: folder.derived_file(sha256, ".npz"),
    )
    detail = {"type": held.kind, "version": held.version}
    writer.record_derived(SAVED_KIND, name, published, len(held.ids), held.ids, detail, NO_SPACE)
