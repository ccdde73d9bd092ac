"""The full part of a check: every stored row, and every vector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apsw
import numpy as np

from semsearch.errors import CollectionDamaged
from semsearch.store.catalogue_check import keys_of
from semsearch.store.database import sqlite_errors
from semsearch.store.findings import NOT_WRITTEN, RESTORE, SOURCE, Finding
from semsearch.store.folder import Folder
from semsearch.store.recovery import flaw_of
from semsearch.store.schema import signature_of
from semsearch.store.segments import Entry, Ids, map_segment, read_entries
from semsearch.vectors import Vectors

ROWS_AT_ONCE = 5_000
"""Rows that are looked at together: no long reading transaction stands in a writer's way."""

TOLERANCE = 1e-3
"""How far from 1 the length of a stored vector may be; rounding alone stays far below."""


def check_signatures(folder: Folder, connection: apsw.Connection) -> Iterator[Finding]:
    """See that every row has the checksum of what it holds."""
    last = connection.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence").get
    for start in range(1, int(last) + 1, ROWS_AT_ONCE):
        yield from _check_stretch(folder, connection, start, start + ROWS_AT_ONCE)


def check_order(connection: apsw.Connection) -> Iterator[Finding]:
    """See that no row was added, changed or deleted by a commit that is not there."""
    [(n,)] = connection.execute(
        "SELECT count(*) FROM item, (SELECT coalesce(max(seq), 0) AS last FROM op)"
        " WHERE added_seq > last OR changed_seq > last OR changed_seq < added_seq"
        " OR deleted_seq > last OR deleted_seq < added_seq"
    )
    if n:
        wrong = f"of {n:,} items do not fit the list of commits"
        yield Finding(SOURCE, "the versions", wrong, RESTORE)


def check_vectors(folder: Folder, connection: apsw.Connection) -> Iterator[Finding]:
    """See that every stored vector is finite and of length 1."""
    for space_id, dim in list(connection.execute("SELECT id, dim FROM space")):
        for entry in read_entries(connection, space_id):
            try:
                vectors = map_segment(folder, entry.sha256, entry.size, (entry.n, dim))
            except CollectionDamaged as error:
                # Else the check of files told it, or it was folded into another meanwhile.
                if _stands(folder, entry) and entry in read_entries(connection, space_id):
                    yield Finding(SOURCE, _named(entry), f"cannot be used: {error}", RESTORE)
                continue
            odd = entry.ids[_odd_rows(vectors)]
            if len(odd):
                wrong = f"holds {len(odd):,} vectors that are not of length 1"
                yield Finding(SOURCE, _named(entry), wrong, RESTORE, keys_of(connection, odd))


def _named(entry: Entry) -> str:
    return f"the segment {entry.sha256}"


def _stands(folder: Folder, entry: Entry) -> bool:
    return flaw_of(folder.segment(entry.sha256), entry.size) is None


def _odd_rows(vectors: Vectors) -> Ids:
    found = []
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        with np.errstate(all="ignore"):
            norms = np.linalg.norm(vectors[start : start + ROWS_AT_ONCE], axis=1)
        found.append(start + np.flatnonzero(~(np.abs(norms - 1) <= TOLERANCE)))
    return np.concatenate(found or [np.empty(0, np.int64)])


def _check_stretch(
    folder: Folder, connection: apsw.Connection, start: int, stop: int
) -> Iterator[Finding]:
    """Look at the rows of some ids; where they cannot be read, at ever fewer of them."""
    try:
        with sqlite_errors(folder.database):
            rows = list(
                connection.execute(
                    "SELECT id, key, text, fields, content, signature, deleted_seq FROM item"
                    " WHERE id >= ? AND id < ?",
                    (start, stop),
                )
            )
    except CollectionDamaged:
        if stop - start > 1:
            middle = (start + stop) // 2
            yield from _check_stretch(folder, connection, start, middle)
            yield from _check_stretch(folder, connection, middle, stop)
            return
        yield from _unreadable(connection, start)
        return
    yield from _check_spans(connection, {id_: row for id_, *row in rows}, start, stop)
    for _, *stored, signature, deleted in rows:
        if signature_of(*stored) != signature:
            keys = (stored[0],) if deleted is None else ()
            yield Finding(SOURCE, f"the item {stored[0]!r}", NOT_WRITTEN, RESTORE, keys)


def _check_spans(
    connection: apsw.Connection, rows: Mapping[int, Sequence[Any]], start: int, stop: int
) -> Iterator[Finding]:
    """See that the passages of some items stand in their texts."""
    found = connection.execute(
        "SELECT item_id, min(start), min(stop - start), max(stop) FROM passage"
        " WHERE item_id >= ? AND item_id < ? GROUP BY item_id",
        (start, stop),
    )
    for id_, first, shortest, last in found:
        key, text, *_ = rows.get(id_, ("", None))
        if text is not None and (first < 0 or shortest < 1 or last > len(text)):
            wrong = "has passages that do not stand in its text"
            yield Finding(SOURCE, f"the item {key!r}", wrong, RESTORE, (key,))


def _unreadable(connection: apsw.Connection, id_: int) -> Iterator[Finding]:
    keys = keys_of(connection, np.array([id_], dtype=np.int64))
    thing = f"the item {keys[0]!r}" if keys else f"the row {id_} of the database"
    yield Finding(SOURCE, thing, "cannot be read", RESTORE, keys)
