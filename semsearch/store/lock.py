"""One writer at a time: an flock that the kernel releases however the writer ends."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from semsearch import fsio
from semsearch.environment import WAIT
from semsearch.errors import CollectionLocked

BRIEF = "brief"
"""What the text of a writer says that lets go at once, so that others wait for it."""

PATIENCE = 5.0
"""How many seconds a writer waits for a brief one."""

PAUSE = 0.01


@contextmanager
def writer_lock(path: Path, *, brief: bool = False) -> Iterator[bool]:
    """Hold the writer's lock; yield whether the last writer ended cleanly.

    The file holds the writer's name while the lock is held and is empty otherwise, so a text that
    is found under a free lock was left by a writer that died. A `brief` writer promises to be done
    within milliseconds: the program it would be in the way of waits for it instead of giving up.

    Raises:
        CollectionLocked: another writer holds the lock; names it.
    """
    descriptor = _taken(path)
    try:
        was_clean = not _holder(descriptor)
        _write(descriptor, path, _signature(brief))
        # Without this, a power cut could leave what we half wrote and no word that we died.
        with fsio.disk_errors(path):
            fsio.checkpoint("fsync", path)
            os.fsync(descriptor)
        yield was_clean
        _write(descriptor, path, b"")
    finally:
        os.close(descriptor)


def _taken(path: Path) -> int:
    """Return the lock's file, open and locked; it stands where `path` says.

    While we waited, the collection may have been removed, and another one made in its place: the
    lock of a file that has gone keeps nobody out.
    """
    while True:
        with fsio.disk_errors(path):
            fsio.checkpoint("create", path)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(path, flags, 0o600)
        try:
            _acquire(descriptor, path)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), path.lstat()):
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _acquire(descriptor: int, path: Path) -> None:
    begun = time.monotonic()
    wait = _wished_wait()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            holder = _holder(descriptor)
            patience = max(wait, PATIENCE) if _is_brief(holder) else wait
            if time.monotonic() - begun >= patience:
                raise _locked(path, holder) from error
        time.sleep(PAUSE)


def _wished_wait() -> float:
    wish = os.environ.get(WAIT) or "0"
    try:
        return float(wish)
    except ValueError as error:
        raise ValueError(f"{WAIT} must be a number of seconds, got {wish!r}") from error


def _is_brief(holder: str) -> bool:
    if not holder:
        return True  # it is about to write its name, or has just wiped it out
    try:
        return bool(json.loads(holder)[BRIEF])
    except (ValueError, KeyError, TypeError):
        return False


def _holder(descriptor: int) -> str:
    return os.pread(descriptor, 4096, 0).decode("utf-8", "replace")


def _signature(brief: bool) -> bytes:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:80]
    since = datetime.now(UTC).isoformat(timespec="seconds")
    told = {"pid": os.getpid(), "command": command, "since": since}
    return json.dumps(told | ({BRIEF: True} if brief else {})).encode()


def _write(descriptor: int, path: Path, text: bytes) -> None:
    with fsio.disk_errors(path):
        fsio.checkpoint("write", path)
        os.pwrite(descriptor, text, 0)
        os.ftruncate(descriptor, len(text))


def _locked(path: Path, text: str) -> CollectionLocked:
    try:
        holder = json.loads(text)
        who = f"process {holder['pid']} ({holder['command']}) since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        who = "another process"
    return CollectionLocked(
        f"the collection {str(path.parent)!r} is being written by {who}",
        "wait for it with `semsearch --wait 60 ...`, or stop it",
    )
