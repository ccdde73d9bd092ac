"""Files that can be made again, as the catalogue names them: FAISS indexes and saved columns."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import numpy as np

from semsearch import fsio
from semsearch.errors import StorageError
from semsearch.store.folder import Folder
from semsearch.store.schema import ERASED
from semsearch.store.segments import Ids, unpacked_ids


@dataclass(frozen=True)
class Derived:
    """One file under derived/, as it was when it was recorded; it may vanish at any moment."""

    kind: str
    name: str
    space_id: int
    path: Path
    sha256: str
    size: int
    ids: Ids
    """The ids of the items it covers, ascending, shape (rows,)."""
    detail: dict[str, Any]
    seq: int
    """The version of the collection that recorded it."""

    @property
    def rows(self) -> int:
        """How many rows it covers."""
        return len(self.ids)


def publish_derived(
    connection: apsw.Connection, folder: Folder, row: Derived, published: fsio.Published
) -> list[Path]:
    """Name a published file in the catalogue; stands inside a transaction.

    Returns:
        The files that nothing names any more, to be unlinked after the commit.

    Raises:
        StorageError: the file was swept away, or what it was made from was erased, before it could
            be recorded.
    """
    if not _stands(published):
        raise StorageError(
            f"the file {published.path.name!r} of {str(folder.path)!r} vanished before it was"
            " recorded",
            "make it again",
        )
    if _speaks_of_erased(connection, row.ids):
        fsio.remove_all(_unnamed(connection, [(published.sha256, published.path)]))
        raise StorageError(
            f"the file {published.path.name!r} of {str(folder.path)!r} was made from items whose"
            " bytes were erased meanwhile",
            "make it again",
        )
    before = _files_of(connection, folder, row.kind, row.name, row.space_id)
    connection.execute(
        "INSERT OR REPLACE INTO derived"
        " (kind, name, space_id, sha256, suffix, size, rows, ids, detail, seq)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (row.kind, row.name, row.space_id, published.sha256, published.path.suffix, published.size,
         row.rows, _packed(row.ids), json.dumps(row.detail, ensure_ascii=False), row.seq),
    )  # fmt: skip
    return _unnamed(connection, before)


def _stands(published: fsio.Published) -> bool:
    try:
        return published.path.stat().st_size == published.size
    except OSError:
        return False


def drop_derived(
    connection: apsw.Connection, folder: Folder, kind: str, name: str | None, space_id: int
) -> list[Path]:
    """Take files out of the catalogue: all of a kind, or one; returns what to unlink."""
    before = _files_of(connection, folder, kind, name, space_id)
    connection.execute(
        "DELETE FROM derived WHERE kind = ? AND coalesce(name = ?, 1) AND space_id = ?",
        (kind, name, space_id),
    )
    return _unnamed(connection, before)


def read_derived(
    connection: apsw.Connection, folder: Folder, kind: str, space_id: int, only: str | None = None
) -> list[Derived]:
    """Return the files of one kind that the catalogue names, by name; or the one of a name."""
    found = connection.execute(
        "SELECT name, sha256, suffix, size, rows, ids, detail, seq FROM derived"
        " WHERE kind = ? AND space_id = ? AND coalesce(name = ?, 1) ORDER BY name",
        (kind, space_id, only),
    )
    return [
        Derived(
            kind,
            name,
            space_id,
            folder.derived_file(sha256, suffix),
            sha256,
            size,
            _unpacked(ids, rows),
            json.loads(detail),
            seq,
        )
        for name, sha256, suffix, size, rows, ids, detail, seq in found
    ]


def covered(ids: Ids | None, rows: int) -> Ids:
    """Return the ids of the first `rows` items where none are given."""
    return np.arange(1, rows + 1, dtype=np.int64) if ids is None else ids


def as_detail(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Return `detail` as it will be read again; raises TypeError where JSON cannot hold it."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(detail), allow_nan=False))
    return plain


def _speaks_of_erased(connection: apsw.Connection, ids: Ids) -> bool:
    """Say whether a file covers items or passages that are no more, where bytes were erased."""
    if connection.execute("SELECT 1 FROM meta WHERE name = ?", (ERASED,)).get is None:
        return False
    rows = connection.execute("SELECT id FROM item UNION ALL SELECT id FROM passage")
    return not np.isin(ids, np.fromiter((row[0] for row in rows), dtype=np.int64)).all()


def _packed(ids: Ids) -> bytes | None:
    """Unlike those of a segment, the ids of a derived file have no first id beside them."""
    if not len(ids) or (ids[0] == 1 and ids[-1] == len(ids)):
        return None
    return zlib.compress(np.diff(ids, prepend=0).astype("<i8").tobytes())


def _unpacked(packed: bytes | None, rows: int) -> Ids:
    return covered(unpacked_ids(packed, rows), rows)


def _files_of(
    connection: apsw.Connection, folder: Folder, kind: str, name: str | None, space_id: int
) -> list[tuple[str, Path]]:
    found = connection.execute(
        "SELECT sha256, suffix FROM derived"
        " WHERE kind = ? AND coalesce(name = ?, 1) AND space_id = ?",
        (kind, name, space_id),
    )
    return [(sha256, folder.derived_file(sha256, suffix)) for sha256, suffix in found]


def _unnamed(connection: apsw.Connection, files: list[tuple[str, Path]]) -> list[Path]:
    named = {sha256 for (sha256,) in connection.execute("SELECT sha256 FROM derived")}
    return [path for sha256, path in files if sha256 not in named]
