"""Numbered points before every operation on the disk, and what may happen at one of them."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

from semsearch import fsio
from tests.faults.channel import tell

CRASHED = 99
"""How a process ends that was told to crash."""

Act = Callable[["Point"], None]


class Crash(BaseException):
    """Unwinds a process as Ctrl-C would, through every `finally`."""


class Point:
    """One operation that is about to happen: its number, from 1, and its name."""

    def __init__(self, number: int, label: str, half: Callable[[], object] | None) -> None:
        self.number = number
        self.label = label
        self.half = half
        """Does a part of the operation, where it can be torn."""


class Points:
    """Counts the operations of this process; acts at one of them, or from one on."""

    def __init__(
        self, at: int, act: Act, *, lasting: bool = False, spared: tuple[str, ...] = ()
    ) -> None:
        self._at = at
        self._act = act
        self._lasting = lasting
        self._spared = spared
        self._last_sql = ""
        self._is_acting = False
        self.labels: list[str] = []

    def install(self) -> None:
        """Stand before every operation of `fsio`, and before every statement that changes."""
        fsio.checkpoint = self.checkpoint
        apsw.connection_hooks.append(self.watch)

    def watch(self, connection: apsw.Connection) -> None:
        """Stand before the statements of a connection that can write."""
        if not connection.open_flags & apsw.SQLITE_OPEN_READONLY:
            connection.set_exec_trace(self.statement)

    def heal(self) -> None:
        """Let everything succeed from here on."""
        self._at = -1
        self._lasting = False

    def checkpoint(self, operation: str, path: Path) -> None:
        """Replace `fsio.checkpoint`."""
        self.reach(f"fsio {operation} {path.parent.name}")

    def statement(self, _: object, sql: str, __: object) -> bool:
        """Stand before a statement; reading ones and repeated ones are no points."""
        word = sql.split(None, 1)[0].upper()
        if word not in ("SELECT", "PRAGMA", "EXPLAIN") and sql != self._last_sql:
            self.reach("sql " + " ".join(sql.split()[:3]))
        self._last_sql = sql
        return True

    def reach(self, label: str, half: Callable[[], object] | None = None) -> None:
        """Count an operation, and act if it is the one."""
        if self._is_acting:
            return
        self.labels.append(label)
        number = len(self.labels)
        if label.startswith(self._spared):
            return
        if number == self._at or (self._lasting and number > self._at):
            self._is_acting = not self._lasting
            self._act(Point(number, label, half))
            self._is_acting = False


def leave(point: Point) -> None:
    """End at once, as a crash does; nothing is unwound."""
    tell("note", point.label)
    os._exit(CRASHED)


def kill(point: Point) -> None:
    """End by a real SIGKILL."""
    tell("note", point.label)
    os.kill(os.getpid(), signal.SIGKILL)


def tear(point: Point) -> None:
    """End in the middle of the operation."""
    tell("note", point.label)
    if point.half is not None:
        point.half()
    os._exit(CRASHED)


def unwind(point: Point) -> None:
    """Unwind the whole process from here."""
    tell("note", point.label)
    raise Crash(point.label)


def fail(number: int) -> Act:
    """Return an act that fails as the system does with this error number."""

    def act(point: Point) -> None:
        tell("note", point.label)
        if point.label.startswith(("sql ", "db ")):
            full = number in fsio.FULL
            raise apsw.FullError("injected") if full else apsw.IOError("injected")
        raise OSError(number, os.strerror(number))

    return act


def watch_system_calls(points: Points) -> None:
    """Make the calls of fsync points too: `fsio` must notice that one of them failed."""
    real = os.fsync

    def fsync(descriptor: int) -> None:
        points.reach("os fsync")
        real(descriptor)

    os.fsync = fsync


def write_in_pieces(size: int) -> None:
    """Let the system take only a few bytes of each write, as it may."""
    real = os.fdopen

    class Reluctant:
        def __init__(self, file: Any) -> None:
            self._file = file

        def __enter__(self) -> Reluctant:
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self._file, name)

        def write(self, data: Any) -> int:
            return int(self._file.write(data[:size]))

    def fdopen(descriptor: int, *args: Any, **options: Any) -> Any:
        file = real(descriptor, *args, **options)
        return Reluctant(file) if "w" in file.mode else file

    os.fdopen = fdopen


def no_memory(point: Point) -> None:
    """Fail as an allocation does."""
    tell("note", point.label)
    raise MemoryError


def nothing(_: Point) -> None:
    """Only count."""


ACTS: dict[str, Act] = {
    "count": nothing,
    "exit": leave,
    "kill": kill,
    "tear": tear,
    "raise": unwind,
    "memory": no_memory,
    **{name: fail(getattr(errno, name)) for name in ("ENOSPC", "EIO", "EMFILE", "EACCES")},
}


def guarded(run: Callable[[], object]) -> Any:
    """Run, and let a `Crash` end the process as the interpreter would."""
    try:
        return run()
    except Crash:
        sys.stderr.flush()
        os._exit(CRASHED)
