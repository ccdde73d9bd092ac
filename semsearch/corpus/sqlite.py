"""Read a user's SQLite database: one table, or one query that may do nothing but read."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw

from semsearch.corpus.choice import require_distinct
from semsearch.corpus.groups import row_groups
from semsearch.corpus.images import MAX_FILE
from semsearch.corpus.part import SQLITE_START, Part
from semsearch.corpus.scan import MEGABYTE, WatchedFile
from semsearch.errors import SourceError, shortened

SECONDS_TO_A_ROW = 60.0
"""How long a query may look for its next row."""
STEPS = 50_000
"""Steps of SQLite's machine after which the time is looked at: a millisecond or so."""
SHOWN_NAMES = 12
TRUTHS = {0: False, 1: True, None: None}
READING = {apsw.SQLITE_SELECT, apsw.SQLITE_READ, apsw.SQLITE_RECURSIVE}
CHANCE = {"random", "randomblob"}


class Database:
    """A SQLite file that is held open for reading, and what of it is read.

    Nothing is written, not even beside it: where nobody is writing it is opened as a file that
    cannot change, and that it did not is looked at; else one read transaction holds all passes.

    Raises:
        SourceError: it cannot be read, or what is to be read of it is not there.
    """

    def __init__(self, path: Path, part: Part) -> None:
        self.name = repr(str(path))
        self._watched = WatchedFile(self.name, lambda: path.open("rb"))
        with self._watched() as file:
            check_start(self.name, file.read(len(SQLITE_START)))
        self._is_still = not any(is_filled(path, suffix) for suffix in ("-wal", "-journal"))
        self._deadline = float("inf")
        with self._errors():
            self._connection = opened(path, is_still=self._is_still)
            self._connection.set_progress_handler(self._is_late, STEPS)
            names = table_names(self._connection)
            self._connection.authorizer = permit
        if part.query is None:
            table = chosen_table(self.name, names, part.table)
            self.part = f"table {table!r}"
            self._query = f"SELECT * FROM {quoted(table)}"
        else:
            self.part = "rows of the query"
            self._query = part.query
        with self._errors(named(names)):
            self._columns = columns_of(self.name, self._connection, self._query)
        require_distinct(self.name, list(self._columns))

    def blocks(self) -> Iterator[dict[str, list[Any]]]:
        """Yield the cells of some rows after the other, by column, first of none."""
        yield {column: [] for column in self._columns}
        truths = [number for number, is_truth in enumerate(self._columns.values()) if is_truth]
        for rows in row_groups(self._rows()):
            cells = [list(column) for column in zip(*rows, strict=True)]
            for number in truths:
                cells[number] = as_truths(cells[number])
            yield dict(zip(self._columns, cells, strict=True))

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        cursor = self._connection.cursor()
        with self._errors():  # looks for the first row already
            cursor.execute(self._query)
        while True:
            with self._errors():
                row = next(cursor, None)
            if row is None:
                break
            yield row
        if self._is_still:
            with self._watched():  # raises where somebody wrote to it meanwhile
                pass

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline

    @contextmanager
    def _errors(self, tables: str = "") -> Iterator[None]:
        """Translate what SQLite has against a file or query; `tables` are those that exist."""
        self._deadline = time.monotonic() + SECONDS_TO_A_ROW
        try:
            yield
        except (apsw.Error, UnicodeDecodeError) as error:
            if self._is_still:
                with self._watched():  # a file that is written to meanwhile looks damaged
                    pass
            raise SourceError(*told(self.name, error, tables)) from error
        finally:
            self._deadline = float("inf")


def check_start(name: str, start: bytes) -> None:
    """Raise `SourceError` where a file does not begin as a SQLite database."""
    if not start:
        raise SourceError(f"{name} is empty", "give a database that holds a table")
    if start != SQLITE_START:
        raise SourceError(
            f"{name} is no SQLite database: it does not begin as one",
            "give a database that is not encrypted, or name the file for what it is",
        )


def is_filled(path: Path, suffix: str) -> bool:
    """Tell whether there is a log beside a database that is not empty: somebody is writing."""
    beside = Path(f"{path.resolve()}{suffix}")
    return beside.is_file() and beside.stat().st_size > 0


def opened(path: Path, *, is_still: bool) -> apsw.Connection:
    """Return a connection that can only read, and trusts nothing that stands in the file."""
    address = f"file:{quote(os.fsencode(path.resolve()))}?mode=ro"
    connection = apsw.Connection(
        address + ("&immutable=1" if is_still else ""),
        flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
    )
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    connection.limit(apsw.SQLITE_LIMIT_LENGTH, MAX_FILE)
    connection.set_busy_timeout(5000)
    connection.execute("PRAGMA query_only = 1; PRAGMA cell_size_check = 1; BEGIN")
    return connection


def permit(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """Tell SQLite whether a query may do something: read, and call what gives the same each time.

    The one pragma is how FTS5 sees whether its own tables have changed.
    """
    if action in READING or (action == apsw.SQLITE_PRAGMA and first == "data_version"):
        return apsw.SQLITE_OK
    if action == apsw.SQLITE_FUNCTION and (second or "").lower() not in CHANCE:
        return apsw.SQLITE_OK
    return apsw.SQLITE_DENY


def table_names(connection: apsw.Connection) -> list[str]:
    """Return the tables, then the views; without SQLite's own and those behind virtual ones."""
    rows = list(connection.execute("PRAGMA main.table_list"))
    found = [(kind == "view", name) for _, name, kind, *_ in rows if kind != "shadow"]
    return [name for _, name in sorted(found) if not name.startswith("sqlite_")]


def chosen_table(name: str, names: list[str], wanted: str | None) -> str:
    """Return the table that is read: the one that is wanted, or the only one."""
    if wanted is None and len(names) == 1:
        return names[0]
    if not names:
        raise SourceError(f"{name} holds no table", "give a database that holds one")
    if wanted is None:
        raise SourceError(
            f"{name} holds {len(names)} tables: {named(names)}", "name one with table= (--table)"
        )
    found = [each for each in names if each.lower() == wanted.lower()]
    if not found:
        raise SourceError(f"{name} has no table {shortened(wanted)}", f"there are: {named(names)}")
    return found[0]


def named(names: list[str]) -> str:
    """Return names for a message, not too many."""
    rest = len(names) - SHOWN_NAMES
    shown = ", ".join(repr(each) for each in names[:SHOWN_NAMES])
    return f"{shown} and {rest} more" if rest > 0 else shown


def columns_of(name: str, connection: apsw.Connection, query: str) -> dict[str, bool]:
    """Return the columns of a query, and of each whether it was declared to hold truths."""
    import apsw.ext

    about = apsw.ext.query_info(connection, query)
    remedy = "write one SELECT"
    if not about.has_vdbe:
        raise SourceError(f"the query over {name} is empty", remedy)
    if about.is_explain:
        raise SourceError(f"the query over {name} explains another", f"{remedy} without EXPLAIN")
    if (about.query_remaining or "").strip("; \t\r\n"):
        raise SourceError(f"the query over {name} holds several statements", remedy)
    if about.bindings_count:
        raise SourceError(f"the query over {name} has a parameter", f"{remedy} with its values")
    columns = [column for column, _ in about.description]
    require_distinct(f"the query over {name}", columns)
    return {
        column: (kind or "").upper() in ("BOOL", "BOOLEAN") for column, kind in about.description
    }


def as_truths(cells: list[Any]) -> list[Any]:
    """Return cells of a column of truths as such, or as they are where there is anything else."""
    is_plain = all(cell is None or (type(cell) is int and cell in TRUTHS) for cell in cells)
    return [TRUTHS[cell] for cell in cells] if is_plain else cells


def quoted(table: str) -> str:
    """Return the name of a table as SQL writes it."""
    doubled = table.replace('"', '""')
    return f'"{doubled}"'


def told(name: str, error: Exception, tables: str) -> tuple[str, str]:
    """Return what is wrong with a database or query, and what to do."""
    there = f"there are the tables: {tables}" if tables else "try the query in another program"
    again = "try again when the program that writes it is done, or give a copy of it"
    damaged = "export it again, or restore it from a backup"
    known: dict[type[Exception], tuple[str, str]] = {
        UnicodeDecodeError: (
            f"{name} holds a text that is not UTF-8",
            "leave that column out with query=, or write it there as CAST(column AS BLOB)",
        ),
        apsw.NotADBError: (f"{name} is no SQLite database that can be read ({error})", damaged),
        apsw.CorruptError: (f"{name} is damaged ({error})", damaged),
        apsw.AuthError: (
            f"the query over {name} does more than read, or gives other rows each time",
            "write one SELECT without random()",
        ),
        apsw.InterruptError: (
            f"the query over {name} found no row for {SECONDS_TO_A_ROW:.0f} s",
            "write one that is quicker, or give it an index",
        ),
        apsw.TooBigError: (
            f"{name} holds a value of more than {MAX_FILE // MEGABYTE} MB",
            "leave that column out with query=",
        ),
        apsw.BusyError: (f"{name} is locked by another program", again),
        apsw.SQLError: (f"the query over {name} cannot be run ({error})", there),
    }
    kind = next((each for each in known if isinstance(error, each)), None)
    if "not authorized" in str(error):  # of a function it is told as any mistake in a query
        kind = apsw.AuthError
    return known[kind] if kind is not None else (f"{name} cannot be read ({error})", again)
