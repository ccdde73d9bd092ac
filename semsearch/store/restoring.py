"""A collection from a backup: whole and verified, or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import apsw

from semsearch import fsio
from semsearch.errors import CollectionDamaged, StorageFull
from semsearch.store import checking
from semsearch.store.archive import (
    DATABASE,
    MANIFEST,
    STAMP,
    Member,
    not_a_backup,
    read_members,
)
from semsearch.store.backup import FORMAT
from semsearch.store.compaction import compact, is_erasing, mark_for_erasing
from semsearch.store.database import open_writer, sqlite_errors
from semsearch.store.findings import NOTE
from semsearch.store.folder import (
    LARGEST_STAMP,
    Folder,
    check_format,
    check_free,
    make_folders,
    stamp_format,
)
from semsearch.store.merging import SPARE
from semsearch.store.schema import ERASING, TABLES, TABLES_OF_FORMAT_2
from semsearch.store.upgrade import extend

LARGEST_MANIFEST = 1024 * 1024

FORMAT_2 = 2
"""The oldest format that has backups."""


def restore(source: Path, target: Path) -> None:
    """Make the collection that a backup holds, at `target`, after it was checked in full.

    Raises:
        CollectionExists: something stands at `target` already.
        CollectionDamaged: the backup is damaged, incomplete or no backup; nothing was restored.
        StorageError: the backup cannot be read, or the collection cannot be written.
    """
    check_free(target)
    with fsio.growing_folder(target) as growing:
        folder = Folder(growing)
        make_folders(folder)
        with _reading(source) as file:
            _check_room(source, growing)
            _unpack(file, str(source), folder)
        _verify(folder, str(source))
        fsio.write_new(folder.lock, [])
        fsio.sync_tree(growing)
        fsio.rename(growing, target)


@contextmanager
def _reading(source: Path) -> Iterator[BinaryIO]:
    if source.exists() and not (source.is_file() or source.is_dir()):
        raise CollectionDamaged(
            f"{str(source)!r} is no file, and may have no end", "name the file of a backup"
        )
    try:
        with source.open("rb") as file:
            yield file
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise CollectionDamaged(
            f"{str(source)!r} cannot be read ({error.strerror})", "name the file of a backup"
        ) from error


def _check_room(source: Path, target: Path) -> None:
    need = source.stat().st_size + SPARE
    free = shutil.disk_usage(target).free
    if free < need:
        raise StorageFull(
            f"restoring {str(source)!r} needs {need / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are"
            " free",
            "free some space, or choose another disk",
        )


def _unpack(file: BinaryIO, name: str, folder: Folder) -> None:
    """Write the files of an archive into an empty folder, each with the digest it should have."""
    members = read_members(file, name)
    manifest = _manifest(members, name)
    wanted = {STAMP: manifest["stamp"], DATABASE: manifest["database"]}
    for member in members:
        if member.name == STAMP and member.size > LARGEST_STAMP:
            raise not_a_backup(name, f"{STAMP!r} has {member.size:,} bytes")
        path = folder.path / member.name
        fsio.make_folder(path.parent)
        written = fsio.write_new(path, member.chunks)
        if written.sha256 != wanted.get(member.name, member.digest):
            raise not_a_backup(name, f"{member.name!r} is not what was written")
    for path in (folder.format, folder.database):
        if not path.is_file():
            raise not_a_backup(name, f"it holds no {path.name!r}")


def _manifest(members: Iterator[Member], name: str) -> dict[str, Any]:
    first = next(members, None)
    if first is None or first.name != MANIFEST or first.size > LARGEST_MANIFEST:
        raise not_a_backup(name, f"it does not begin with {MANIFEST!r}")
    try:
        manifest: dict[str, Any] = json.loads(b"".join(first.chunks))
        if manifest["format"] != FORMAT:
            raise not_a_backup(name, f"its form {manifest['format']!r} is not known here")
        return {"stamp": str(manifest["stamp"]), "database": str(manifest["database"])}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise not_a_backup(name, f"{MANIFEST!r} is unreadable") from error


def _verify(folder: Folder, name: str) -> None:
    """See that the files are a sound collection, before anybody can open it."""
    try:
        check_format(folder.path)
        with sqlite_errors(folder.database):
            wrong = _flaw_of(folder)
    except CollectionDamaged as error:
        raise not_a_backup(name, error.problem) from error
    if wrong is not None:
        raise not_a_backup(name, wrong)


def _flaw_of(folder: Folder) -> str | None:
    connection = open_writer(folder.database)
    try:
        version = int(connection.pragma("user_version"))
        is_older = version == FORMAT_2
        if _schema(connection) != _schema_of(TABLES_OF_FORMAT_2 if is_older else TABLES):
            return "its database has other tables than ours"
        if is_older:
            extend(connection)
            stamp_format(folder)
        connection.pragma("journal_mode", "WAL")
        connection.execute("DELETE FROM derived")
        # A backup of the moment at which rows were being purged is sound; it is finished here.
        is_purging = is_erasing(connection)
        connection.execute("DELETE FROM meta WHERE name = ?", (ERASING,))
        report = checking.check(folder, connection, full=True, alone=True)
        wrong = [finding for finding in report.findings if finding.level != NOTE]
        if is_purging and not wrong:
            mark_for_erasing(connection)
            compact(folder, connection)
    finally:
        connection.close()
    return f"{wrong[0].thing} {wrong[0].wrong}" if wrong else None


def _schema(connection: apsw.Connection) -> set[tuple[str, str, str]]:
    """Return every table, index, view and trigger; a foreign one could run when we do."""
    return set(connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master"))


def _schema_of(tables: str) -> set[tuple[str, str, str]]:
    connection = apsw.Connection(":memory:")
    connection.execute(tables)
    ours = _schema(connection)
    connection.close()
    return ours
