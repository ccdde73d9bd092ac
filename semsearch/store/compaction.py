"""Giving back what deleted items hold: their vectors, rows and images, and the room on the disk."""

from __future__ import annotations

import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import apsw
import numpy as np

from semsearch import fsio
from semsearch.errors import CollectionLocked, StorageFull
from semsearch.store import merging
from semsearch.store.database import transaction
from semsearch.store.folder import Folder
from semsearch.store.judgements import forget_judgements_of_dead
from semsearch.store.lexicon import optimize_words
from semsearch.store.passages import dead_ids, drop_passages_of_dead
from semsearch.store.schema import ERASED, ERASING
from semsearch.store.segments import (
    Entry,
    Ids,
    Mask,
    chunks_of,
    map_verified,
    publish_rows,
    read_entries,
    replace_segments,
)


@dataclass(frozen=True)
class CompactReport:
    """What compacting did: deleted rows dropped, bytes on disk before and after, seconds."""

    dropped: int
    bytes_before: int
    bytes_after: int
    seconds: float


@dataclass(frozen=True)
class _Rewrite:
    """Segments of one space that are to become one, or nothing."""

    space_id: int
    dim: int
    entries: tuple[Entry, ...]


def compact(folder: Folder, connection: apsw.Connection) -> CompactReport:
    """Drop all deleted rows and shrink the files; needs the writer's lock.

    It dies safely at any moment: each step is one transaction, and running it again goes on. Where
    a deletion with purge was interrupted, it is finished.

    Raises:
        StorageFull: there is not enough room to write the files anew; nothing was changed.
        CollectionDamaged: a segment is not what was written; rows before it are compacted.
        CollectionLocked: a reader would not let go of the old pages; all else is done.
    """
    started = time.perf_counter()
    before = folder.size()
    dead, n_items = dead_ids(connection), _count_dead(connection)
    erases = is_erasing(connection)
    rewrites = list(_rewrites(connection, dead))
    _check_room(folder, rewrites)
    if erases:
        _drop_traces(folder, connection, dead)
    for one in rewrites:
        _rewrite(folder, connection, one, dead)
    _drop_rows(folder, connection)
    _shrink(folder, connection)
    if erases:
        connection.execute("DELETE FROM meta WHERE name = ?", (ERASING,))
    return CompactReport(n_items, before, folder.size(), time.perf_counter() - started)


def is_erasing(connection: apsw.Connection) -> bool:
    """Say whether bytes of deleted rows must leave the disk, which `compact` has not done yet."""
    return connection.execute("SELECT 1 FROM meta WHERE name = ?", (ERASING,)).get is not None


def mark_for_erasing(connection: apsw.Connection) -> None:
    """Note that the bytes of deleted rows must leave the disk; stands inside their transaction."""
    connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, 'yes')", (ERASING,))


def _count_dead(connection: apsw.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM item WHERE deleted_seq IS NOT NULL").get)


def _rewrites(connection: apsw.Connection, dead: Ids) -> Iterator[_Rewrite]:
    """Yield the neighbouring segments that are to be one: those with dead rows, and small ones."""
    for space_id, dim in list(connection.execute("SELECT id, dim FROM space")):
        group: list[Entry] = []
        size = 0
        for entry in read_entries(connection, space_id):
            if group and size + entry.size > merging.LARGEST:
                yield from _worthwhile(_Rewrite(space_id, dim, tuple(group)), dead)
                group, size = [], 0
            group.append(entry)
            size += entry.size
        yield from _worthwhile(_Rewrite(space_id, dim, tuple(group)), dead)


def _worthwhile(one: _Rewrite, dead: Ids) -> Iterator[_Rewrite]:
    if len(one.entries) > 1 or any(_live(entry, dead) is not None for entry in one.entries):
        yield one


def _live(entry: Entry, dead: Ids) -> Mask | None:
    """Return which rows of a segment are not deleted, None where all are."""
    first, last = np.searchsorted(dead, [entry.ids[0], entry.ids[-1] + 1])
    gone = np.isin(entry.ids, dead[first:last], assume_unique=True)
    return ~gone if gone.any() else None


def _rewrite(folder: Folder, connection: apsw.Connection, one: _Rewrite, dead: Ids) -> None:
    masks = [_live(entry, dead) for entry in one.entries]
    ids = np.concatenate(
        [
            entry.ids if mask is None else entry.ids[mask]
            for entry, mask in zip(one.entries, masks, strict=True)
        ]
    )
    published = None
    if len(ids):
        blocks = [map_verified(folder, entry, one.dim) for entry in one.entries]
        chunks = chain.from_iterable(chunks_of(*pair) for pair in zip(blocks, masks, strict=True))
        published = publish_rows(folder, (len(ids), one.dim), chunks)
    old = [entry.first_id for entry in one.entries]
    with transaction(connection):
        unused = replace_segments(connection, one.space_id, old, ids, published)
        connection.execute("INSERT INTO op (kind, n) VALUES ('compact', ?)", (len(ids),))
    fsio.remove_all(folder.segment(sha256) for sha256 in unused)


def _drop_rows(folder: Folder, connection: apsw.Connection) -> None:
    """Take the deleted rows out of the database, and the images that only they had."""
    connection.pragma("secure_delete", True)
    with transaction(connection):
        drop_passages_of_dead(connection)
        connection.execute("DELETE FROM item WHERE deleted_seq IS NOT NULL")
        n = connection.changes()
        optimize_words(connection)
        if n:
            connection.execute("INSERT INTO op (kind, n) VALUES ('compact', ?)", (n,))
        unused = list(
            connection.execute(
                "DELETE FROM file WHERE kind = 'blob' AND sha256 NOT IN"
                " (SELECT blob FROM item WHERE blob IS NOT NULL)"
                " OR kind = 'head' AND sha256 NOT IN (SELECT sha256 FROM result)"
                " RETURNING kind, sha256"
            )
        )
    fsio.remove_all(folder.owned(kind, sha256) for kind, sha256 in unused)
    fsio.remove_all(
        path
        for kind, sha256 in unused
        if kind == "blob"
        for path in folder.thumbnails.glob(f"{sha256}-*")
    )


def _drop_traces(folder: Folder, connection: apsw.Connection, dead: Ids) -> None:
    """Forget what was computed from rows that are to be erased, and what was set aside."""
    with transaction(connection):
        found = connection.execute("DELETE FROM derived RETURNING sha256, suffix")
        files = {folder.derived_file(*row) for row in found}
        for rowid_of in list(connection.execute("SELECT kind, name, space_id, sha256 FROM result")):
            *named, sha256 = rowid_of
            if _covers(folder.head(sha256), dead):
                connection.execute(
                    "DELETE FROM result WHERE kind = ? AND name = ? AND space_id = ?", named
                )
        forget_judgements_of_dead(connection)
        connection.execute("INSERT INTO op (kind, n) VALUES ('erase', ?)", (len(dead),))
        connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, 'yes')", (ERASED,))
    fsio.remove_all(files)
    if folder.quarantine.is_dir():
        fsio.remove_all(list(folder.quarantine.iterdir()))


def _covers(head: Path, dead: Ids) -> bool:
    """Say whether a stored result speaks of deleted items; one that cannot be read may do so."""
    try:
        with np.load(head, allow_pickle=False) as arrays:
            return "ids" in arrays and bool(np.isin(arrays["ids"], dead).any())
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return True


def _shrink(folder: Folder, connection: apsw.Connection) -> None:
    """Write the database anew without its free pages, and empty its log."""
    connection.execute("VACUUM")
    try:
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    except apsw.BusyError as error:
        raise CollectionLocked(
            f"another program is reading {str(folder.path)!r}, so old pages stay in its log",
            "run `semsearch compact` again when it is done",
        ) from error


def _check_room(folder: Folder, rewrites: Sequence[_Rewrite]) -> None:
    """Raise before anything is changed where the new files would not fit beside the old."""
    database = folder.database.stat().st_size
    largest = max((sum(entry.size for entry in one.entries) for one in rewrites), default=0)
    for path, need in (
        (folder.path, max(largest, 2 * database) + merging.SPARE),
        (Path(tempfile.gettempdir()), database + merging.SPARE),
    ):
        if (free := shutil.disk_usage(path).free) < need:
            raise StorageFull(
                f"compacting {str(folder.path)!r} needs {need / 1e6:,.0f} MB free on the disk of"
                f" {str(path)!r}, and {free / 1e6:,.0f} MB are",
                "free some space, then run `semsearch compact`: no file was changed",
            )
