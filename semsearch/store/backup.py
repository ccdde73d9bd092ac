"""One file that holds a whole collection, taken while it is searched and written to."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256 as sha256_of
from pathlib import Path
from typing import BinaryIO

import apsw

from semsearch import fsio
from semsearch.errors import CollectionDamaged, CollectionError, StorageError, StorageFull
from semsearch.store.archive import (
    CHUNK,
    DATABASE,
    MANIFEST,
    STAMP,
    write_end,
    write_member,
)
from semsearch.store.database import checksum_vfs, sqlite_errors, transaction
from semsearch.store.folder import Folder
from semsearch.store.merging import SPARE
from semsearch.store.reader import read_version

FORMAT = 1
"""The number of the form that a backup has."""


@dataclass(frozen=True)
class BackupReport:
    """Where the backup stands, its bytes and SHA-256, the items in it, and the seconds it took."""

    path: Path
    size: int
    sha256: str
    items: int
    seconds: float


@dataclass(frozen=True)
class _Source:
    """A file to back up, held open so that no writer can take it away."""

    name: str
    size: int
    sha256: str
    path: Path
    file: BinaryIO | None


def backup(folder: Folder, connection: apsw.Connection, target: Path) -> BackupReport:
    """Write a collection as it stands at one moment into a new file; anybody may work meanwhile.

    Derived files are left out: they are made again.

    Raises:
        StorageError: `target` exists, or cannot be written.
        StorageFull: the disk has no room for it.
        CollectionDamaged: a file is not what was written; there is no backup of damage.
    """
    started = time.perf_counter()
    _check_target(folder, target)
    with ExitStack() as held:
        copy, sources = _moment(folder, connection, target, held)
        items = _count_items(copy)
        stamp, database = fsio.digest_of(folder.format), fsio.digest_of(copy)
        manifest = {"format": FORMAT, "stamp": stamp, "database": database}
        head = [
            _Source(STAMP, folder.format.stat().st_size, stamp, folder.format, None),
            _Source(DATABASE, copy.stat().st_size, database, copy, None),
        ]
        _check_room(target, [*head, *sources])

        def write(file: fsio.HashingFile) -> None:
            text = (json.dumps(manifest) + "\n").encode()
            write_member(file, MANIFEST, len(text), [text])
            for source in [*head, *sources]:
                write_member(file, source.name, source.size, _chunks(folder, source))
            write_end(file)

        done = fsio.publish(write, scratch=target.parent, place=lambda _: target)
    return BackupReport(target, done.size, done.sha256, items, time.perf_counter() - started)


def _check_target(folder: Folder, target: Path) -> None:
    if target.is_relative_to(folder.path):
        raise ValueError(f"the backup {str(target)!r} must stand outside the collection's folder")
    if target.exists():
        raise StorageError(f"{str(target)!r} exists already", "choose another name for the backup")
    fsio.make_folder(target.parent)


def _check_room(target: Path, sources: list[_Source]) -> None:
    need = sum(source.size for source in sources) + SPARE
    free = shutil.disk_usage(target.parent).free
    if free < need:
        raise StorageFull(
            f"the backup {str(target)!r} needs {need / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are"
            " free",
            "free some space, or choose another disk",
        )


def _moment(
    folder: Folder, connection: apsw.Connection, target: Path, held: ExitStack
) -> tuple[Path, list[_Source]]:
    """Return a copy of the database, and the files that it names, held open.

    Images are not: there may be more than a process may open, and only `compact` removes them.
    """
    copy = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}.db"
    for left in (copy, copy.with_name(f"{copy.name}-journal")):  # SQLite's own, where it failed
        held.callback(left.unlink, missing_ok=True)
    missing: tuple[int, str] | None = None
    while True:
        with ExitStack() as opened, transaction(connection, "DEFERRED"):
            version = read_version(connection)
            try:
                sources = [_opened(folder, opened, *row) for row in _files_of(connection)]
            except FileNotFoundError as error:
                if missing == (version, error.filename):
                    raise _lost(folder, error.filename) from error
                missing = (version, error.filename)
                continue  # a writer replaced it between our two looks
            # The transaction goes on: the copy is of the moment at which the files were listed.
            _copy_database(connection, copy)
            held.push(opened.pop_all())
            return copy, sources


def _lost(folder: Folder, path: str) -> CollectionDamaged:
    return CollectionDamaged(
        f"the file {Path(path).name!r} of {str(folder.path)!r} is missing",
        "run `semsearch check`, and restore the collection from an earlier backup",
    )


def _copy_database(connection: apsw.Connection, copy: Path) -> None:
    with fsio.disk_errors(copy), sqlite_errors(copy):
        fsio.checkpoint("create", copy)
        target = apsw.Connection(str(copy), vfs=checksum_vfs())
        copy.chmod(fsio.FILE_MODE)
        try:
            with target.backup("main", connection, "main") as work:
                work.step(-1)  # in one step it is one moment, whatever is committed meanwhile
            target.pragma("journal_mode", "DELETE")  # a single file, without a log beside it
        finally:
            target.close()


def _files_of(connection: apsw.Connection) -> list[tuple[str, str, int]]:
    return list(connection.execute("SELECT kind, sha256, size FROM file ORDER BY kind, sha256"))


def _count_items(copy: Path) -> int:
    with sqlite_errors(copy):
        connection = apsw.Connection(str(copy), flags=apsw.SQLITE_OPEN_READONLY, vfs=checksum_vfs())
        count = "SELECT count(*) FROM item WHERE deleted_seq IS NULL"
        items = int(connection.execute(count).get)
        connection.close()
        return items


def _opened(folder: Folder, opened: ExitStack, kind: str, sha256: str, size: int) -> _Source:
    path = folder.owned(kind, sha256)
    file = None if kind == "blob" else opened.enter_context(path.open("rb"))
    return _Source(path.relative_to(folder.path).as_posix(), size, sha256, path, file)


def _chunks(folder: Folder, source: _Source) -> Iterator[bytes]:
    """Yield the bytes of a file, and raise at their end where they are not what was written."""
    try:
        file = source.file or source.path.open("rb")
    except FileNotFoundError as error:
        raise CollectionError(
            f"the file {source.name!r} of {str(folder.path)!r} went while it was backed up",
            "run `semsearch check`, then the backup again",
        ) from error
    digest, size = sha256_of(), 0
    with file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            yield chunk
    if (digest.hexdigest(), size) != (source.sha256, source.size):
        raise CollectionDamaged(
            f"the file {source.name!r} of {str(folder.path)!r} is not what was written",
            "run `semsearch check --full`; damage is not backed up",
        )
