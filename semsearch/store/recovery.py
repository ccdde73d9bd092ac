"""After a writer died: look the database over and sweep away what it never committed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import apsw

from semsearch import fsio
from semsearch.errors import CollectionDamaged
from semsearch.store.folder import Folder

logger = logging.getLogger(__name__)


def recover(folder: Folder, connection: apsw.Connection) -> None:
    """Check the database and remove files that no committed row names; needs the writer's lock.

    Running it again changes nothing, so a crash in the middle of it does no harm.

    Raises:
        CollectionDamaged: SQLite's own check found damage; nothing was removed.
    """
    verdict = connection.execute("PRAGMA quick_check(1)").get
    if verdict != "ok":
        raise CollectionDamaged(
            f"the database of {str(folder.path)!r} is damaged ({verdict})",
            "restore it from a backup",
        )
    committed = {sha256 for (sha256,) in connection.execute("SELECT sha256 FROM file")}
    strays = list(_strays(folder, committed))
    for path in strays:
        logger.info("removing %s, left by a writer that died", path)
    fsio.remove_all(strays)


def _strays(folder: Folder, committed: set[str]) -> Iterator[Path]:
    yield from folder.scratch.iterdir()
    for owned in (folder.segments, folder.heads, folder.blobs):
        for path in owned.rglob("*"):
            if path.is_file() and path.stem not in committed:
                yield path
