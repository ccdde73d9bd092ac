"""A collection of an older format becomes one of today's, whole or not at all.

What format 1 lacks a database must have from its first page: the new one is written beside it and
takes its place by one rename. Format 2 lacks tables only, which one transaction adds. FORMAT
follows. Vectors, images and results stay the files that they are.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import apsw

from semsearch import fsio
from semsearch.errors import CollectionDamaged, CollectionError, StorageFull
from semsearch.store.database import (
    BUSY_MILLISECONDS,
    USER_VERSION,
    create_database,
    fold_log,
    open_writer,
    sqlite_errors,
    transaction,
)
from semsearch.store.folder import Folder, is_older, make_folders, stamp_format
from semsearch.store.lexicon import add_all_words
from semsearch.store.lock import writer_lock
from semsearch.store.merging import SPARE
from semsearch.store.schema import NEW_IN_FORMAT_3

logger = logging.getLogger(__name__)

PLAIN = "unix"
"""SQLite's own way to files: the pages of format 1 carry no checksums."""

COPIED = {
    "meta": "SELECT name, value FROM meta",
    "space": "SELECT id, handle, digest, dim, card, 'current' FROM space",
    "op": "SELECT seq, NULL, kind, n, at FROM op",
    "file": "SELECT sha256, kind, size FROM file",
    "segment": "SELECT space_id, first_id, n, NULL, sha256 FROM segment",
    "item": (
        "SELECT id, key, text, fields, content, blob, signature, added_seq, added_seq, deleted_seq"
        " FROM item"
    ),
    "source": "SELECT path, prefix FROM source",
    "field": "SELECT name, type FROM field",
    "result": ("SELECT kind, name, (SELECT min(id) FROM space), sha256, detail, seq FROM result"),
}
"""What each table takes from format 1, in the order of its columns."""


def upgrade_if_older(folder: Folder, *, read_only: bool) -> None:
    """Bring a collection of an older format to today's; do nothing to any other.

    It may die at any moment: the old database stands until the new one is complete.

    Raises:
        CollectionError: the collection is older and was opened read-only.
        CollectionLocked: another process is writing.
        CollectionDamaged: the old database is damaged; nothing was changed.
        StorageFull: there is no room for both databases; nothing was changed.
    """
    if not is_older(folder):
        return
    if read_only:
        raise CollectionError(
            f"the collection {str(folder.path)!r} was written by an older semsearch",
            "bring it up to date once, such as with `semsearch compact`",
        )
    with writer_lock(folder.lock), sqlite_errors(folder.database):
        if not is_older(folder):
            return  # another process did it while we came here
        make_folders(folder)
        version = _user_version(folder.database)
        if version < USER_VERSION:
            _check_room(folder)
        if version == 1:
            _replace(folder)
        elif version < USER_VERSION:
            _extend(folder)
        stamp_format(folder)
        logger.info("%s was brought up to today's format", folder.path)


def _replace(folder: Folder) -> None:
    growing = folder.scratch / "upgraded.db"
    fsio.remove_all(path for path in (growing, *_beside(growing)))
    old = apsw.Connection(str(folder.database), flags=apsw.SQLITE_OPEN_READWRITE, vfs=PLAIN)
    try:
        _settle(folder, old)
        create_database(growing)
        _copy(old, growing)
    finally:
        old.close()
    fsio.sync_tree(folder.scratch)
    # Whoever still reads the old database keeps its own; the new one begins with a log of its own.
    fsio.remove_all(_beside(folder.database))
    fsio.rename(growing, folder.database)


def extend(connection: apsw.Connection) -> None:
    """Add to a database of format 2 the tables that it lacks, and the words of its texts."""
    with transaction(connection):
        connection.execute(NEW_IN_FORMAT_3)
        add_all_words(connection)
        connection.pragma("user_version", USER_VERSION)


def _extend(folder: Folder) -> None:
    connection = open_writer(folder.database)
    try:
        extend(connection)
        fold_log(connection)
    finally:
        connection.close()


def _settle(folder: Folder, old: apsw.Connection) -> None:
    """See that the old database is sound, and bring what stands in its log into it."""
    verdict = old.execute("PRAGMA integrity_check(1)").get
    if verdict != "ok":
        raise CollectionDamaged(
            f"the database of {str(folder.path)!r} is damaged ({verdict})",
            "restore it from a backup; nothing was changed",
        )
    old.set_busy_timeout(BUSY_MILLISECONDS)
    old.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)


def _copy(old: apsw.Connection, growing: Path) -> None:
    new = open_writer(growing)
    try:
        with transaction(new):
            for table, rows in COPIED.items():
                marks = ",".join("?" * len(list(new.execute(f"PRAGMA table_info({table})"))))
                new.executemany(f"INSERT INTO {table} VALUES ({marks})", old.execute(rows))
            new.execute("DELETE FROM sqlite_sequence")
            new.executemany(
                "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)",
                old.execute("SELECT name, seq FROM sqlite_sequence"),
            )
            add_all_words(new)
    finally:
        new.close()


def _user_version(database: Path) -> int:
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READWRITE, vfs=PLAIN)
    try:
        return int(connection.pragma("user_version"))
    finally:
        connection.close()


def _check_room(folder: Folder) -> None:
    need = 2 * folder.database.stat().st_size + SPARE
    if (free := shutil.disk_usage(folder.path).free) < need:
        raise StorageFull(
            f"bringing {str(folder.path)!r} up to date needs {need / 1e6:,.0f} MB free, and"
            f" {free / 1e6:,.0f} MB are",
            "free some space and open it again: nothing was changed",
        )


def _beside(database: Path) -> list[Path]:
    return [Path(f"{database}{suffix}") for suffix in ("-wal", "-shm", "-journal")]
