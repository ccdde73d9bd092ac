"""Reading a collection: an unchanging snapshot of its vectors, and rows by id or key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import numpy.typing as npt

from semsearch.store.database import damaged_database, transaction
from semsearch.store.folder import Folder
from semsearch.store.passages import Passages, no_passages, read_passages
from semsearch.store.schema import Space
from semsearch.store.segments import Ids, Segment, map_segment, read_entries, unpacked_ids
from semsearch.vectors import Vectors

PARAMETERS = 500
"""How many ids or keys one statement asks for; far below SQLite's own limit."""


@dataclass(frozen=True)
class StoredItem:
    """One row as it is stored; `blob` is the digest of its original image, if it has one."""

    id: int
    key: str
    text: str
    fields: dict[str, Any]
    blob: str | None


@dataclass(frozen=True)
class Snapshot:
    """All vectors at one version; never changes, so any thread may search it.

    A row is a position in the segments laid end to end, 0 to N - 1; rows ascend by id. Rows of
    deleted items stay until the collection is compacted. A split text has a row for each of its
    passages beside its own.
    """

    version: int
    space: Space
    segments: tuple[Segment, ...]
    dead: Ids
    """The ids of deleted items, ascending."""
    stored_passages: Passages = field(default_factory=no_passages)
    """All passages that the space has had; those of deleted items are among them."""

    def __len__(self) -> int:
        return len(self.every) if self.live is None else int(self.live.sum())

    @cached_property
    def every(self) -> Ids:
        """The id of every row, ascending, shape (N,)."""
        runs = [segment.ids for segment in self.segments]
        return np.concatenate(runs) if runs else np.empty(0, np.int64)

    @cached_property
    def live(self) -> npt.NDArray[np.bool_] | None:
        """Which rows are items that are not deleted, shape (N,); None where all are."""
        if not len(self.stored_passages):
            return None if self.gone is None else ~self.gone
        mask = np.ones(len(self.every), dtype=np.bool_) if self.gone is None else ~self.gone
        mask[self._there(self.stored_passages.ids)] = False
        return mask

    @cached_property
    def findable(self) -> npt.NDArray[np.bool_] | None:
        """Which rows a search by content may find, shape (N,); None where it may find all.

        These are live passages, and live items without passages.
        """
        if self.live is None or not len(self.passages):
            return self.live
        mask = self.live.copy()
        mask[self.rows_of(self.passages.item_ids)] = False
        mask[self.rows_of(self.passages.ids)] = True
        return mask

    @cached_property
    def gone(self) -> npt.NDArray[np.bool_] | None:
        """Which rows are deleted items or passages of such, shape (N,); None where no row is."""
        is_dead = np.isin(self.stored_passages.item_ids, self.dead)
        rows = self._there(np.concatenate([self.dead, self.stored_passages.ids[is_dead]]))
        if not len(rows):
            return None
        mask = np.zeros(len(self.every), dtype=np.bool_)
        mask[rows] = True
        return mask

    @cached_property
    def passages(self) -> Passages:
        """The passages of live items."""
        stored = self.stored_passages
        if not len(stored):
            return stored
        is_there = self.rows_of(stored.ids) >= 0
        return stored.take(is_there & ~np.isin(stored.item_ids, self.dead))

    @cached_property
    def parents(self) -> Ids | None:
        """The row of the item that each row belongs to, shape (N,); None where each is its own."""
        if not len(self.passages):
            return None
        rows = np.arange(len(self.every), dtype=np.int64)
        rows[self.rows_of(self.passages.ids)] = self.rows_of(self.passages.item_ids)
        return rows

    @cached_property
    def ids(self) -> Ids:
        """The ids of all live items, ascending, shape (n,)."""
        return self.every if self.live is None else self.every[self.live]

    def ids_in(self, mask: npt.NDArray[np.bool_] | None) -> Ids:
        """Return the ids of the live items that a mask over rows (N,) allows, ascending."""
        if mask is None:
            return self.ids
        return self.every[mask if self.live is None else mask & self.live]

    @cached_property
    def starts(self) -> Ids:
        """The row at which each segment begins, shape (number of segments,)."""
        ends = np.cumsum([0, *(len(segment) for segment in self.segments)], dtype=np.int64)
        return ends[:-1]

    def rows_of(self, ids: Ids) -> Ids:
        """Return the row of each id, -1 where there is none."""
        if not len(self.every):
            return np.full(len(ids), -1, dtype=np.int64)
        rows = np.searchsorted(self.every, ids)
        rows[rows == len(self.every)] = 0
        return np.where(self.every[rows] == ids, rows, -1)

    def _there(self, ids: Ids) -> Ids:
        """Return the rows of those of `ids` that have one."""
        rows = self.rows_of(ids)
        return rows[rows >= 0]

    def take(self, ids: Ids) -> Vectors:
        """Return the vectors of `ids` in their order, shape (n, dim); the ids must exist."""
        rows = self.rows_of(ids)
        if len(rows) and rows.min() < 0:
            raise KeyError(f"no vector has the id {ids[rows.argmin()]}")
        out = np.empty((len(ids), self.space.dim), dtype=np.float32)
        owner = np.searchsorted(self.starts, rows, side="right") - 1
        for number in np.unique(owner):
            mine = owner == number
            out[mine] = self.segments[number].vectors[rows[mine] - self.starts[number]]
        return out


def read_snapshot(
    connection: apsw.Connection,
    folder: Folder,
    before: Snapshot | None,
    state: str = "current",
) -> Snapshot:
    """Read which vectors stand now, in one transaction; files mapped `before` stay mapped."""
    with transaction(connection, "DEFERRED"):
        version = read_version(connection)
        space = read_space(connection, state)
        entries = read_entries(connection, space.id)
        dead = [
            row[0]
            for row in connection.execute(
                "SELECT id FROM item WHERE deleted_seq IS NOT NULL ORDER BY id"
            )
        ]
        is_same = before is not None and before.space.id == space.id
        known = before.stored_passages if before is not None and is_same else no_passages()
        # Ids only grow, and what was compacted away since has no row.
        newer = read_passages(connection, space.id, int(known.ids[-1]) if len(known) else 0)
    mapped = {(each.first_id, each.sha256): each for each in (before.segments if before else ())}
    segments = tuple(
        mapped.get((entry.first_id, entry.sha256))
        or Segment(
            entry.first_id,
            map_segment(folder, entry.sha256, entry.size, (entry.n, space.dim)),
            entry.sha256,
            unpacked_ids(entry.packed, entry.n),
        )
        for entry in entries
    )
    passages = known.followed_by(newer)
    return Snapshot(version, space, segments, np.array(dead, dtype=np.int64), passages)


def read_space(connection: apsw.Connection, state: str = "current") -> Space:
    """Return the vector space in a state; the one that searches use is always there."""
    found = connection.execute(
        "SELECT id, handle, digest, dim, card FROM space WHERE state = ?", (state,)
    ).get
    if found is None:
        path = Path(connection.db_filename("main"))
        raise damaged_database(path, f"it names no vector space that is {state}")
    id_, handle, digest, dim, card = found
    try:
        return Space(dim, handle, digest, json.loads(card), id_)
    except (TypeError, ValueError, RecursionError) as error:
        path = Path(connection.db_filename("main"))
        raise damaged_database(path, f"the card of its {state} module is unreadable") from error


def read_version(connection: apsw.Connection) -> int:
    """Return the number of the last committed change, 0 for a new collection."""
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM op").get)


def items_by_id(connection: apsw.Connection, ids: Sequence[int]) -> dict[int, StoredItem]:
    """Return the rows of `ids`, live or not; ids without a row are left out."""
    return {item.id: item for item in _items(connection, "id", list(ids))}


def live_items_by_key(connection: apsw.Connection, keys: Sequence[str]) -> dict[str, StoredItem]:
    """Return the live rows of `keys`; keys without one are left out."""
    found = _items(connection, "deleted_seq IS NULL AND key", list(keys))
    return {item.key: item for item in found}


def ids_where(connection: apsw.Connection, condition: str, values: Sequence[Any]) -> Ids:
    """Return the ids of live items that meet an SQL condition on `item`, ascending."""
    rows = connection.execute(
        f"SELECT id FROM item WHERE deleted_seq IS NULL AND ({condition}) ORDER BY id",
        tuple(values),
    )
    return np.fromiter((row[0] for row in rows), dtype=np.int64)


def keys_by_id(connection: apsw.Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return the key of each of `ids`; ids without a row are left out."""
    found: dict[int, str] = {}
    for batch in batched(ids):
        marks = ",".join("?" * len(batch))
        found.update(connection.execute(f"SELECT id, key FROM item WHERE id IN ({marks})", batch))
    return found


def batched(values: Sequence[int | str], size: int = PARAMETERS) -> Iterator[tuple[int | str, ...]]:
    """Cut `values` into tuples of at most `size`."""
    source = iter(values)
    while batch := tuple(islice(source, size)):
        yield batch


def _items(
    connection: apsw.Connection, column: str, values: Sequence[int | str]
) -> Iterator[StoredItem]:
    for batch in batched(values):
        marks = ",".join("?" * len(batch))
        rows = connection.execute(
            f"SELECT id, key, text, fields, blob FROM item WHERE {column} IN ({marks})", batch
        )
        for id_, key, text, fields, blob in rows:
            yield StoredItem(id_, key, text, json.loads(fields), blob)
