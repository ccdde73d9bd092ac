"""After a writer died: look the database over and sweep away what it never committed.

Nothing here removes a row or a file that the catalogue names: where one is missing, that is told,
and `check` tells it again until it is mended.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import apsw

from semsearch import fsio
from semsearch.errors import CollectionDamaged
from semsearch.store.database import transaction
from semsearch.store.folder import DIGEST, Folder
from semsearch.store.lexicon import is_of_words, rebuild_words

logger = logging.getLogger(__name__)

SECONDS_TO_PUBLISH = 60
"""How long after its last byte a file of a living process may wait for its name."""


def recover(folder: Folder, connection: apsw.Connection) -> None:
    """Check the database and remove files that no committed row names; needs the writer's lock.

    Running it again changes nothing, so a crash in the middle of it does no harm.

    Raises:
        CollectionDamaged: SQLite's own check found damage; nothing was removed.
    """
    verdict = str(connection.execute("PRAGMA quick_check(1)").get)
    if is_of_words(verdict):
        logger.warning("the index of words of %s is made again: %s", folder.path, verdict)
        rebuild_words(connection)
        verdict = str(connection.execute("PRAGMA quick_check(1)").get)
    if verdict != "ok":
        raise CollectionDamaged(
            f"the database of {str(folder.path)!r} is damaged ({verdict})",
            "restore it from a backup",
        )
    swept = [*unfinished(folder), *strays(folder, connection)]
    for path in swept:
        logger.info("removing %s, left by a writer that died", path)
    fsio.remove_all(swept)
    for kind, sha256, wrong in flaws_of_owned(folder, connection):
        logger.error("the %s %s of %s %s; restore it from a backup",
                     kind, sha256, folder.path, wrong)  # fmt: skip
    drop_missing_derived(folder, connection)


def sweep(folder: Folder, connection: apsw.Connection) -> None:
    """Remove what may be left though the last writer ended in peace.

    That is half-written files of a process that built an index and died, and segments that were
    folded into others and that a power cut brought back. They are few and their folders are small,
    so every writer looks; the rest is for `recover`.
    """
    long_ago = time.time() - SECONDS_TO_PUBLISH
    for path in unfinished(folder):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < long_ago:
                fsio.remove(path)
    named = {sha256 for (sha256,) in connection.execute(
        "SELECT sha256 FROM file WHERE kind = 'segment'"
    )}  # fmt: skip
    for path in folder.segments.iterdir():
        if DIGEST.fullmatch(path.stem) and path.stem not in named:
            fsio.remove(path)


def unfinished(folder: Folder) -> Iterator[Path]:
    """Yield the half-written files of whoever is no more; an index in the making is left alone."""
    for path in folder.scratch.iterdir():
        if path.is_file() and not fsio.is_being_written(path):
            yield path


def strays(folder: Folder, connection: apsw.Connection) -> Iterator[Path]:
    """Yield the files that are named as ours are and that no row of the catalogue names.

    A file of any other name was put there by somebody else, and stays.
    """
    named = set(connection.execute("SELECT kind, sha256 FROM file"))
    named |= set(connection.execute("SELECT 'derived', sha256 FROM derived"))
    places = {
        "segment": folder.segments.glob("*"),
        "head": folder.heads.glob("*"),
        "blob": folder.blobs.rglob("*"),
        "derived": folder.derived.glob("*"),  # which may vanish with its folder
    }
    for kind, paths in places.items():
        for path in paths:
            if DIGEST.fullmatch(path.stem) and (kind, path.stem) not in named and path.is_file():
                yield path
    for path in folder.thumbnails.glob("*"):
        if DIGEST.match(path.name) and ("blob", path.name[:64]) not in named:
            yield path


def flaws_of_owned(folder: Folder, connection: apsw.Connection) -> Iterator[tuple[str, str, str]]:
    """Yield kind, digest and flaw of each file of the manifest that is missing or cut short."""
    for kind, sha256, size in connection.execute("SELECT kind, sha256, size FROM file"):
        wrong = flaw_of(folder.owned(kind, sha256), size)
        if wrong is not None:
            yield kind, sha256, wrong


def flaw_of(path: Path, size: int) -> str | None:
    """Say what is wrong with a file that should have `size` bytes, as far as can be seen."""
    try:
        found = path.stat().st_size
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None if found == size else f"has {found} bytes instead of {size}"


def drop_missing_derived(folder: Folder, connection: apsw.Connection) -> None:
    """Take derived files out of the catalogue that are gone or cut short: they are made again."""
    for kind, name, space_id, sha256, suffix, size in list(
        connection.execute("SELECT kind, name, space_id, sha256, suffix, size FROM derived")
    ):
        path = folder.derived_file(sha256, suffix)
        wrong = flaw_of(path, size)
        if wrong is not None:
            forget_derived(folder, connection, (kind, name, space_id), path, wrong)


def forget_derived(
    folder: Folder, connection: apsw.Connection, row: tuple[str, str, int], path: Path, wrong: str
) -> None:
    """Take a damaged derived file out of the catalogue and set it aside, telling it once."""
    logger.warning("the %s %r of %s %s; it is made again", *row[:2], folder.path, wrong)
    with transaction(connection):
        connection.execute("INSERT INTO op (kind, n) VALUES ('drop', 0)")
        connection.execute("DELETE FROM derived WHERE kind = ? AND name = ? AND space_id = ?", row)
    set_aside(folder, path)


def set_aside(folder: Folder, path: Path) -> None:
    """Move a file that is not what was written out of the way, for whoever wants to look at it."""
    if path.is_file():
        fsio.make_folder(folder.quarantine)
        fsio.rename(path, folder.quarantine / path.name)
