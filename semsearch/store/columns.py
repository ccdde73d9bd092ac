"""Typed columns of the rows of a snapshot: read once, kept up to date, saved for the next process.

A column is read from the database one field at a time when a filter first asks for it. When
something is committed, only the rows that changed are read again (`item.changed_seq`). The writer
saves the columns of large collections under derived/; a saved one that is old is brought up to
date, one that is missing or damaged is read anew.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import apsw
import numpy as np

from semsearch.columns import Column, Mask
from semsearch.errors import CollectionError, StorageError
from semsearch.store.column_files import (
    Held,
    Reading,
    content_of,
    find_saved,
    load_column,
    save_column,
)
from semsearch.store.database import transaction
from semsearch.store.field_values import aligned, joined, read_column
from semsearch.store.folder import Folder
from semsearch.store.reader import Snapshot, ids_where, read_version
from semsearch.store.segments import Ids
from semsearch.store.writer import Writer

if TYPE_CHECKING:
    from semsearch.store.store import Store

logger = logging.getLogger(__name__)

SMALLEST_SAVED = 20_000
"""Rows below which a column is not saved: the database gives it in a blink."""

STALE_SHARE = 16
"""A saved column is saved again when more than one row in so many has changed since."""


class Columns:
    """The typed columns of one store, shared by all threads that filter it."""

    def __init__(self, folder: Folder, read: Reading) -> None:
        self._folder = folder
        self._read = read
        self._held: dict[str, Held] = {}
        self._unsaved: set[str] = set()
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

    def clear(self) -> None:
        """Let go of every column in memory."""
        self._held.clear()
        self._unsaved.clear()

    def unsaved(self) -> set[str]:
        """Return the fields whose columns this process had to read from the database."""
        return set(self._unsaved)

    def _saved(self, writer: Writer, snapshot: Snapshot, name: str, kind: str) -> bool:
        with self._locks.setdefault(name, threading.Lock()):
            held = self._current(snapshot, name, kind)
        self._unsaved.discard(name)
        if not self._is_stale(name, held):
            return False
        return save_column(self._folder, writer, name, held)

    def _current(self, snapshot: Snapshot, name: str, kind: str) -> Held:
        held = self._held.get(name)
        if held is None or held.kind != kind:
            held = self._loaded(name, kind)
        if held is None or not _fits(held, snapshot, kind):
            before = held
            held = self._read(lambda c: _brought(c, snapshot, name, kind, before))
            if before is None or _much(len(held.ids) - len(before.ids), held):
                self._unsaved.add(name)
        newest = self._held.get(name)
        if newest is None or newest.kind != kind or newest.of <= held.of:
            self._held[name] = held
        return held

    def _loaded(self, name: str, kind: str) -> Held | None:
        entry = find_saved(self._read, self._folder, name, kind)
        return None if entry is None else load_column(entry)

    def _is_stale(self, name: str, held: Held) -> bool:
        entry = find_saved(self._read, self._folder, name, held.kind)
        if entry is None or content_of(entry) is None:
            return True
        version = entry.detail["version"]
        changed = self._read(
            lambda c: c.execute("SELECT count(*) FROM item WHERE changed_seq > ?", (version,)).get
        )
        gone = max(0, entry.rows - len(held.ids))
        return _much(int(changed) + gone, held)


@dataclass(frozen=True)
class SnapshotColumns:
    """What a filter over one snapshot is answered from."""

    columns: Columns
    read: Reading
    snapshot: Snapshot

    def column(self, name: str, kind: str) -> Column:
        """Return a field's column, one value a row."""
        return self.columns.column(self.snapshot, name, kind)

    def meeting(self, condition: str, values: Sequence[Any], *, negated: bool = False) -> Mask:
        """Return the rows, shape (N,), of items that meet an SQL condition on `item`, or do not.

        Items that were deleted since the snapshot are not found either way.
        """

        def ask(connection: apsw.Connection) -> tuple[Ids, Ids]:
            with transaction(connection, "DEFERRED"):
                return ids_where(connection, condition, values), _gone(connection, self.snapshot)

        found, gone = self.read(ask)
        mask = np.full(len(self.snapshot.every), negated, np.bool_)
        for ids, is_passing in ((found, not negated), (gone, False)):
            rows = self.snapshot.rows_of(ids)
            mask[rows[rows >= 0]] = is_passing
        return mask


def save_columns(store: Store) -> list[str]:
    """Save what this process had to read, and return which fields.

    A collection calls it at its leisure: it takes an instant, as all is in memory. Where another
    process writes, the disk is full, or the collection may only be read, nothing is saved and
    nothing is lost.
    """
    fields = {
        name: kind for name, kind in store.fields().items() if name in store.columns.unsaved()
    }
    if not fields or store.read_only or len(store.snapshot().every) < SMALLEST_SAVED:
        return []
    try:
        with store.writing(brief=True) as writer:
            return store.columns.save(writer, store.snapshot(), fields)
    except (CollectionError, StorageError) as error:
        logger.info("the columns of %s are not saved: %s", ", ".join(fields), error)
        return []


def _much(changed: int, held: Held) -> bool:
    return changed > len(held.ids) // STALE_SHARE


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
            column = read_column(connection, name, kind, ids, whole=True)
            return Held(kind, version, ids, column, of=snapshot.version)
        if not len(fresh):
            column = aligned(held.column, held.ids, ids, kind)
        else:
            read = read_column(connection, name, kind, fresh, whole=False)
            column = _merged(held, fresh, read, ids)
    return Held(kind, version, ids, column, of=snapshot.version)


def _fresh(connection: apsw.Connection, held: Held, ids: Ids) -> Ids:
    """Return the ids whose value `held` does not know, ascending."""
    added = ids[len(held.ids) :] if _goes_on(held, ids) else np.setdiff1d(ids, held.ids)
    rows = connection.execute("SELECT id FROM item WHERE changed_seq > ?", (held.version,))
    changed = np.fromiter((row[0] for row in rows), np.int64)
    return np.union1d(added, changed[np.isin(changed, ids)])


def _gone(connection: apsw.Connection, snapshot: Snapshot) -> Ids:
    rows = connection.execute("SELECT id FROM item WHERE deleted_seq > ?", (snapshot.version,))
    return np.fromiter((row[0] for row in rows), np.int64)


def _goes_on(held: Held, ids: Ids) -> bool:
    return len(ids) >= len(held.ids) and np.array_equal(ids[: len(held.ids)], held.ids)


def _merged(held: Held, fresh: Ids, read: Column, ids: Ids) -> Column:
    both = joined(held.column, read)
    if _goes_on(held, ids) and np.array_equal(fresh, ids[len(held.ids) :]):
        return both
    at = np.searchsorted(held.ids, ids)
    at[np.searchsorted(ids, fresh)] = len(held.ids) + np.arange(len(fresh))
    return both.take(at)
