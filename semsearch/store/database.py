"""SQLite through apsw: how a connection is opened, and what its errors mean to a person."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from semsearch.errors import CollectionDamaged, CollectionError, CollectionLocked, StorageFull
from semsearch.store.schema import APPLICATION_ID, TABLES

BUSY_MILLISECONDS = 5000


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
        raise CollectionDamaged(
            f"the database of {folder!r} is damaged ({error})", "restore it from a backup"
        ) from error
    except (apsw.CantOpenError, apsw.IOError, apsw.ReadOnlyError) as error:
        raise CollectionError(
            f"the database of {folder!r} cannot be used ({error})",
            "check the folder's permissions and the disk",
        ) from error


def create_database(path: Path) -> None:
    """Make a new database with empty tables."""
    with sqlite_errors(path):
        connection = apsw.Connection(str(path))
        connection.pragma("journal_mode", "WAL")
        connection.pragma("application_id", APPLICATION_ID)
        connection.pragma("user_version", 1)
        connection.execute(f"BEGIN; {TABLES} COMMIT;")
        connection.close()
    path.chmod(0o600)


def open_writer(path: Path) -> apsw.Connection:
    """Open the one connection that may write and checkpoint."""
    with sqlite_errors(path):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        _settle(connection)
        connection.pragma("synchronous", "FULL")
        return connection


def open_reader(path: Path) -> apsw.Connection:
    """Open a connection that can only read and never checkpoints."""
    with sqlite_errors(path):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        _settle(connection)
        connection.pragma("query_only", True)
        connection.wal_autocheckpoint(0)
        return connection


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


def _settle(connection: apsw.Connection) -> None:
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    connection.pragma("foreign_keys", True)
    connection.pragma("trusted_schema", False)
    connection.pragma("cell_size_check", True)
    connection.pragma("mmap_size", 0)
