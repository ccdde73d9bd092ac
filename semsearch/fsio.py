"""Every durable write of semsearch: bytes, fsync, rename, fsync of the folder, in that order.

Nothing else in the engine opens a file for writing, so one place decides what survives a power
cut, and the fault tests have one place (`checkpoint`) to fail any operation.
"""

from __future__ import annotations

import errno
import fcntl
import glob
import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from semsearch.errors import StorageError, StorageFull

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FOLDER_MODE = 0o700
FILE_MODE = 0o600

GROWING = ".new"
"""How the name of a folder ends that is not complete yet."""


@dataclass(frozen=True)
class Published:
    """What was put in place: its path, SHA-256 (hex) and size in bytes."""

    path: Path
    sha256: str
    size: int


def checkpoint(operation: str, path: Path) -> None:
    """Stand before every operation that touches the disk; the fault tests replace this."""


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system says of a write into `StorageError` or `StorageFull`."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull(
                f"the disk that holds {str(path)!r} is full ({error.strerror})",
                "free some space and run the same command again: finished rows are kept",
            ) from error
        raise StorageError(
            f"{str(path)!r} cannot be written ({error.strerror or error})",
            "check the name, the folder's permissions and the disk",
        ) from error


class HashingFile:
    """A binary file to write to that remembers the SHA-256 and the size of what passed."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: Any) -> int:
        """Write all of `data` (bytes or a buffer) and return its size in bytes."""
        view = memoryview(data).cast("B")
        checkpoint("write", self._path)
        while len(view):
            written = self._file.write(view)
            self._digest.update(view[:written])
            self.size += written
            view = view[written:]
        return memoryview(data).nbytes

    @property
    def sha256(self) -> str:
        """The digest of everything written so far, in hex."""
        return self._digest.hexdigest()


def publish(
    write: Callable[[HashingFile], object], *, scratch: Path, place: Callable[[str], Path]
) -> Published:
    """Write a new immutable file and put it in place whole, or leave nothing.

    `write` fills the file; `place` names where it goes, given its SHA-256. When a file already
    stands there, it has the same content by construction and is only made durable. `scratch` is
    the folder of half-written files and must lie on the same file system.
    """
    temporary = scratch / uuid.uuid4().hex
    with disk_errors(scratch):
        try:
            with _created(temporary) as raw:
                file = HashingFile(raw, temporary)
                write(file)
                checkpoint("fsync", temporary)
                os.fsync(raw.fileno())
                target = place(file.sha256)
                make_folder(target.parent)
                checkpoint("rename", target)
                temporary.rename(target)
            sync_folder(target.parent)
        finally:
            temporary.unlink(missing_ok=True)
    return Published(target, file.sha256, file.size)


def publish_bytes(data: bytes, *, scratch: Path, place: Callable[[str], Path]) -> Published:
    """Publish a file that is already in memory, see `publish`."""
    return publish(lambda file: file.write(data), scratch=scratch, place=place)


def write_new(path: Path, chunks: Iterable[bytes]) -> Published:
    """Write a new file inside a folder that nobody sees yet; `sync_tree` makes it durable."""
    with disk_errors(path), _created(path) as raw:
        file = HashingFile(raw, path)
        for chunk in chunks:
            file.write(chunk)
    return Published(path, file.sha256, file.size)


def make_folder(path: Path) -> None:
    """Create `path` and its missing parents so that they survive a power cut."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with disk_errors(path):
        checkpoint("mkdir", path)
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)
        sync_folder(path.parent)


@contextmanager
def growing_folder(target: Path) -> Iterator[Path]:
    """Yield a new folder beside `target`, to be renamed to it; what is left of it is removed.

    So is what a process that is no more left of another attempt.
    """
    make_folder(target.parent)
    for left in target.parent.glob(f".{glob.escape(target.name)}.*{GROWING}"):
        _remove_if_left(left)
    growing, descriptor = _grown(target)
    try:
        yield growing
    finally:
        try:
            remove_tree(growing)  # while it is locked: nobody else removes it at the same time
        finally:
            os.close(descriptor)


def _grown(target: Path) -> tuple[Path, int]:
    """Return a new folder beside `target` and its descriptor, locked so that nobody sweeps it.

    Whoever swept it before it was locked has it; then another one is made.
    """
    while True:
        growing = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}{GROWING}"
        make_folder(growing)
        with suppress(FileNotFoundError):
            descriptor = os.open(growing, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            if growing.exists():
                return growing, descriptor
            os.close(descriptor)


def _remove_if_left(path: Path) -> None:
    """Remove a growing folder at which nobody is at work, and let nobody begin meanwhile."""
    with suppress(FileNotFoundError, BlockingIOError):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove_tree(path)
        finally:
            os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Make the names inside a folder durable."""
    checkpoint("sync-folder", path)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(path: Path) -> None:
    """Make a folder durable that foreign code has written, with every file and folder in it."""
    for folder, _, names in os.walk(path):
        for name in names:
            file = Path(folder, name)
            checkpoint("fsync", file)
            descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        sync_folder(Path(folder))


def rename(source: Path, target: Path) -> None:
    """Move a file or folder within one file system, durably."""
    with disk_errors(target):
        checkpoint("rename", target)
        source.rename(target)
        sync_folder(target.parent)


def remove(path: Path) -> None:
    """Unlink a file that nothing refers to any more; a missing one is no error."""
    with disk_errors(path):
        checkpoint("unlink", path)
        path.unlink(missing_ok=True)


def remove_all(paths: Iterable[Path]) -> None:
    """Unlink files that nothing refers to any more, durably: a power cut brings none back."""
    folders = set()
    for path in paths:
        remove(path)
        folders.add(path.parent)
    for folder in sorted(folders):
        with disk_errors(folder), suppress(FileNotFoundError):  # gone with all that was in it
            sync_folder(folder)


def remove_tree(path: Path) -> None:
    """Remove a folder and what is in it; a missing one is no error."""
    with disk_errors(path):
        checkpoint("unlink", path)
        if path.exists():
            shutil.rmtree(path)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_being_written(path: Path) -> bool:
    """Say whether somebody who lives is at work on a half-written file or a growing folder."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # a file system without locks
    finally:
        os.close(descriptor)
    return False


@contextmanager
def kept(path: Path) -> Iterator[None]:
    """Keep a file of the scratch folder from being swept, as long as this process is at it."""
    with disk_errors(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _created(path: Path) -> Iterator[BinaryIO]:
    checkpoint("create", path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    with os.fdopen(descriptor, "wb", buffering=0) as raw:
        # Tells whoever sweeps the scratch folder that this one is not left by a dead process.
        fcntl.flock(raw, fcntl.LOCK_SH)
        yield raw
