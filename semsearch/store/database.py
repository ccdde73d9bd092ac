"""SQLite through apsw: how a connection is opened, and what its errors mean to a person."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from urllib.parse import quote

import apsw
import apsw.sqlite_extra

from semsearch.errors import (
    CollectionDamaged,
    CollectionError,
    CollectionLocked,
    StorageError,
    StorageFull,
)
from semsearch.store.mounts import is_read_only
from semsearch.store.schema import APPLICATION_ID, TABLES

BUSY_MILLISECONDS = 5000

CHECKSUM_BYTES = 8
"""What SQLite's checksum VFS keeps at the end of every page; it verifies each page it reads."""

USER_VERSION = 3


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Translate apsw's errors at the border; `path` is the database."""
    folder = str(path.parent)
    try:
        yield
    except apsw.FullError as error:
        raise StorageFull(
            f"the disk that holds {folder!r} is full",
            "free some space and run the same command again: finished rows are kept",
        ) from error
    except apsw.BusyError as error:
        raise CollectionLocked(
            f"the database of {folder!r} stayed busy for {BUSY_MILLISECONDS // 1000} s",
            "try again when the other program is done",
        ) from error
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise damaged_database(path, str(error)) from error
    except apsw.SQLError as error:
        raise damaged_database(path, f"its tables are not ours: {error}") from error
    except (apsw.CantOpenError, apsw.IOError, apsw.ReadOnlyError) as error:
        if getattr(error, "extendedresult", None) == apsw.SQLITE_IOERR_DATA:
            raise damaged_database(path, "a page does not have its checksum") from error
        raise CollectionError(
            f"the database of {folder!r} cannot be used ({error})",
            "check the folder's permissions and the disk",
        ) from error


def damaged_database(path: Path, reason: str) -> CollectionDamaged:
    """Return the error that says that the database at `path` does not hold what was written."""
    return CollectionDamaged(
        f"the database of {str(path.parent)!r} is damaged ({reason})", "restore it from a backup"
    )


def create_database(path: Path) -> None:
    """Make a new database with empty tables."""
    with sqlite_errors(path):
        connection = apsw.Connection(str(path), vfs=checksum_vfs())
        connection.reserve_bytes(None, CHECKSUM_BYTES)
        connection.pragma("journal_mode", "WAL")
        connection.pragma("application_id", APPLICATION_ID)
        connection.pragma("user_version", USER_VERSION)
        connection.execute(f"BEGIN; {TABLES} COMMIT;")
        connection.close()
    path.chmod(0o600)


def open_writer(path: Path) -> apsw.Connection:
    """Open the one connection that may write and checkpoint."""
    with sqlite_errors(path):
        connection = _open(path, apsw.SQLITE_OPEN_READWRITE)
        connection.pragma("synchronous", "FULL")
        return connection


def open_reader(path: Path) -> apsw.Connection:
    """Open a connection that can only read and never checkpoints.

    Where nothing can be written, SQLite cannot keep its list of readers beside the database; as
    nobody can change it there, none is needed.
    """
    with sqlite_errors(path):
        if is_read_only(path.parent):
            connection = _open_unchanging(path)
        else:
            connection = _open(path, apsw.SQLITE_OPEN_READONLY)
        connection.pragma("query_only", True)
        connection.wal_autocheckpoint(0)
        return connection


def fold_log(connection: apsw.Connection) -> None:
    """Move what was committed from the log into the database, where every page has a checksum.

    SQLite takes the first damaged record of a log for its end and forgets the commits after it, so
    none stay there while nobody writes. A reader that is in the middle of a query is not waited
    for; the next writer empties the log then.
    """
    connection.set_busy_timeout(0)
    with suppress(apsw.BusyError):
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)


@contextmanager
def transaction(connection: apsw.Connection, mode: str = "IMMEDIATE") -> Iterator[None]:
    """Commit what happens inside, or none of it."""
    connection.execute(f"BEGIN {mode}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class Readers:
    """One reading connection a thread, opened when the thread first asks, gone with the thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._is_closed = False

    def connection(self) -> apsw.Connection:
        """Return this thread's connection; ValueError when all were closed."""
        if self._is_closed:
            raise ValueError(f"the collection {str(self._path.parent)!r} is closed; open it again")
        found: apsw.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = open_reader(self._path)
        return found

    def close(self) -> None:
        """Let go of the connections of all threads; one that is at work ends its work first."""
        self._is_closed = True
        # Nothing else holds them: each closes as the last call that uses it returns.
        self._local = threading.local()


def _open(path: Path, flags: int, name: str | None = None) -> apsw.Connection:
    connection = apsw.Connection(name or str(path), flags=flags, vfs=checksum_vfs())
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    connection.pragma("foreign_keys", True)
    connection.pragma("trusted_schema", False)
    # We have neither: in a collection that somebody else has packed they would act when we do.
    for switch in (apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, apsw.SQLITE_DBCONFIG_ENABLE_VIEW):
        connection.config(switch, 0)
    connection.pragma("cell_size_check", True)
    connection.pragma("mmap_size", 0)
    if connection.reserve_bytes() != CHECKSUM_BYTES:
        raise damaged_database(path, "its pages carry no checksums")
    _check_length(path, connection)
    return connection


def _check_length(path: Path, connection: apsw.Connection) -> None:
    """Refuse a file that was cut: SQLite reads zeros where its last pages should be."""
    log = path.with_name(f"{path.name}-wal")
    with transaction(connection, "DEFERRED"):  # keeps a log from being emptied meanwhile
        expected = connection.pragma("page_count") * connection.pragma("page_size")
        if log.exists() and log.stat().st_size:
            return  # pages may stand there that the database does not have yet
        if path.stat().st_size < expected:
            raise damaged_database(path, f"it should have {expected} bytes")


def _open_unchanging(path: Path) -> apsw.Connection:
    log = Path(f"{path}-wal")
    if log.exists() and log.stat().st_size:
        raise CollectionError(
            f"the collection {str(path.parent)!r} was not closed before it was put where nothing"
            " can be written",
            "copy it to another disk and open it there",
        )
    uri = f"file:{quote(str(path))}?immutable=1"
    return _open(path, apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI, name=uri)


@cache
def checksum_vfs() -> str:
    """Return the name of SQLite's checksum VFS, loaded when it is first asked for.

    It stands on the VFS that is the default then, and makes any wrong byte of a page an error of
    whoever reads the page: SQLite alone does not notice most of them.
    """
    try:
        connection = apsw.Connection(":memory:")
        apsw.sqlite_extra.load(connection, "cksumvfs")
        connection.close()
    except (apsw.Error, apsw.sqlite_extra.NotAvailable, LookupError) as error:
        raise StorageError(
            f"SQLite's checksum extension cannot be loaded ({error})",
            "install apsw from its wheels: python -m pip install --force-reinstall apsw",
        ) from error
    return "cksmvfs"
