"""Typed columns of the rows of a snapshot: read once, kept up to date, saved for the next process.

A column is read from the database one field at a time when a filter first asks for it. When
something is committed, only the rows that changed are read again (`item.changed_seq`). The writer
saves the columns of large collections under derived/; a saved one that is old is brought up to
date, one that is missing or damaged is read anew.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import apsw
import numpy as np

from semsearch.columns import Column, Mask
from semsearch.errors import CollectionError, StorageError
from semsearch.store.column_files import (
    LARGEST_WORDS,
    Held,
    Reading,
    find_saved,
    load_column,
    packed,
    save_column,
)
from semsearch.store.database import transaction
from semsearch.store.field_values import aligned, joined, read_column, words_to_expect
from semsearch.store.folder import Folder
from semsearch.store.reader import Snapshot, ids_where, read_version
from semsearch.store.segments import Ids

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

    def types(self) -> dict[str, str]:
        """Return the type of every field, as filters want it: "" where no item has a value."""
        return self._read(lambda c: dict(c.execute("SELECT name, type FROM field ORDER BY name")))

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

    def to_save(self, snapshot: Snapshot, name: str, kind: str) -> Held | None:
        """Return a field's column where it is worth saving for the next process.

        None where the saved file is there and nearly as new, and where the field is of so much
        text that it would be a second copy of the database. What nobody filters by is not kept.
        """
        is_used = name in self._held
        if name not in self._unsaved and self._is_saved(snapshot, name, kind):
            return None
        n = len(snapshot.every)
        if not is_used and self._read(lambda c: words_to_expect(c, name, kind, n)) > LARGEST_WORDS:
            return None
        with self._locks.setdefault(name, threading.Lock()):
            held = self._current(snapshot, name, kind)
        if not is_used:
            self._held.pop(name, None)
            self.settle(name)
        return held

    def settle(self, name: str) -> None:
        """Note that the column of a field needs no saving: it was saved, or is not worth it."""
        self._unsaved.discard(name)

    def clear(self) -> None:
        """Let go of every column in memory."""
        self._held.clear()
        self._unsaved.clear()

    def unsaved(self) -> set[str]:
        """Return the fields whose columns this process had to read from the database."""
        return set(self._unsaved)

    def _current(self, snapshot: Snapshot, name: str, kind: str) -> Held:
        held = self._held.get(name)
        if held is None or held.kind != kind:
            held = self._loaded(name, kind)
        if held is None or not _fits(held, snapshot, kind):
            before = held
            held = self._read(lambda c: _brought(c, snapshot, name, kind, before))
            if before is None or _much(len(held.ids) - len(before.ids), len(held.ids)):
                self._unsaved.add(name)
        newest = self._held.get(name)
        if newest is None or newest.kind != kind or newest.of <= held.of:
            self._held[name] = held
        return held

    def _loaded(self, name: str, kind: str) -> Held | None:
        entry = find_saved(self._read, self._folder, name, kind)
        return None if entry is None else load_column(entry)

    def _is_saved(self, snapshot: Snapshot, name: str, kind: str) -> bool:
        entry = find_saved(self._read, self._folder, name, kind)
        if entry is None or not entry.path.is_file():
            return False
        version, n = entry.detail["version"], len(snapshot.every)
        changed = self._read(
            lambda c: c.execute("SELECT count(*) FROM item WHERE changed_seq > ?", (version,)).get
        )
        return not _much(int(changed) + max(0, entry.rows - n), n)


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


def save_columns(store: Store, names: Collection[str] | None = None) -> list[str]:
    """Save the columns of these fields, where it is worth it, and return of which.

    None: those that this process had to read. The writer's lock is held for the moments of
    putting each file in place. Where another process writes, the disk is full, or the collection
    may only be read, nothing is saved and nothing is lost.
    """
    wanted, saved = store.columns.unsaved() if names is None else names, list[str]()
    try:
        if wanted and not store.read_only and len(store.snapshot().every) >= SMALLEST_SAVED:
            for name, kind in store.columns.types().items():
                if kind and name in wanted and _is_saved_now(store, name, kind):
                    saved.append(name)
    except (CollectionError, StorageError) as error:
        logger.info("columns of %r are not saved: %s", str(store.folder.path), error)
    return saved


def _is_saved_now(store: Store, name: str, kind: str) -> bool:
    held = store.columns.to_save(store.snapshot(), name, kind)
    data = None if held is None else packed(held)
    if held is not None and data is not None:
        with store.writing(brief=True) as writer:
            save_column(store.folder, writer, name, held, data)
    store.columns.settle(name)
    return data is not None


def _much(changed: int, n: int) -> bool:
    return changed > n // STALE_SHARE


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
