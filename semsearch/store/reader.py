"""Reading a collection: an unchanging snapshot of its vectors, and rows by id or key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import apsw
import numpy as np

from semsearch.store.database import transaction
from semsearch.store.folder import Folder
from semsearch.store.schema import Value
from semsearch.store.segments import Ids, Segment, map_segment
from semsearch.vectors import Vectors

PARAMETERS = 500
"""How many ids or keys one statement asks for; far below SQLite's own limit."""


@dataclass(frozen=True)
class StoredItem:
    """One row as it is stored; `blob` is the digest of its original image, if it has one."""

    id: int
    key: str
    text: str
    fields: dict[str, Value]
    blob: str | None


@dataclass(frozen=True)
class Snapshot:
    """All vectors at one version; never changes, so any thread may search it."""

    version: int
    segments: tuple[Segment, ...]
    dead: Ids
    dim: int

    def __len__(self) -> int:
        return sum(len(segment) for segment in self.segments) - len(self.dead)

    @cached_property
    def ids(self) -> Ids:
        """The ids of all live items, ascending, shape (n,)."""
        runs = [np.arange(s.first_id, s.first_id + len(s), dtype=np.int64) for s in self.segments]
        every = np.concatenate(runs) if runs else np.empty(0, np.int64)
        return np.setdiff1d(every, self.dead, assume_unique=True)

    @cached_property
    def _starts(self) -> Ids:
        return np.array([segment.first_id for segment in self.segments], dtype=np.int64)

    def take(self, ids: Ids) -> Vectors:
        """Return the vectors of `ids` in their order, shape (n, dim); the ids must exist."""
        out = np.empty((len(ids), self.dim), dtype=np.float32)
        owner = np.searchsorted(self._starts, ids, side="right") - 1
        for number in np.unique(owner):
            segment, mine = self.segments[number], owner == number
            out[mine] = segment.vectors[ids[mine] - segment.first_id]
        return out


def read_snapshot(
    connection: apsw.Connection, folder: Folder, dim: int, before: Snapshot | None
) -> Snapshot:
    """Read which vectors stand now, in one transaction; files mapped `before` stay mapped."""
    with transaction(connection, "DEFERRED"):
        version = read_version(connection)
        found = list(
            connection.execute(
                "SELECT first_id, n, segment.sha256, size FROM segment JOIN file"
                " ON file.kind = 'segment' AND file.sha256 = segment.sha256 ORDER BY first_id"
            )
        )
        dead = [
            row[0]
            for row in connection.execute(
                "SELECT id FROM item WHERE deleted_seq IS NOT NULL ORDER BY id"
            )
        ]
    mapped = {(each.first_id, each.sha256): each for each in (before.segments if before else ())}
    segments = tuple(
        mapped.get((first_id, sha256))
        or Segment(first_id, map_segment(folder, sha256, size, (n, dim)), sha256)
        for first_id, n, sha256, size in found
    )
    return Snapshot(version, segments, np.array(dead, dtype=np.int64), dim)


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


def ids_where(connection: apsw.Connection, condition: str, values: Sequence[Value]) -> Ids:
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
