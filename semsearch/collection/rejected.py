"""The rows that were not stored, as a table to mend them by."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from semsearch import fsio
from semsearch.errors import StorageError

HEADER = ("source", "row", "key", "reason")

Rejected = tuple[str, int, str | None, str]
"""Which source a row is of, its number, its key if it has one, and why it was not stored."""


def check_rejected(path: Path) -> None:
    """Raise `StorageError` where a list of rejected rows cannot be written, before any work.

    Only what is such a list already is replaced: nobody loses a table by a slip of the hand.
    """
    if not path.parent.is_dir():
        raise StorageError(
            f"the folder of {str(path)!r} is not there", "make it, or name another file"
        )
    if path.is_symlink() or path.is_dir() or (path.exists() and not _is_ours(path)):
        raise StorageError(
            f"{str(path)!r} stands already and is no list of rejected rows", "name another file"
        )


def write_rejected(path: Path, rows: Iterable[Rejected]) -> None:
    """Write a csv of rejected rows in place whole; see `check_rejected` for what it may replace."""
    check_rejected(path)
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(HEADER)
    table.writerows(rows)
    fsio.publish_bytes(
        text.getvalue().encode("utf-8", "replace"), scratch=path.parent, place=lambda _: path
    )


def _is_ours(path: Path) -> bool:
    start = (",".join(HEADER) + "\r\n").encode()
    try:
        with path.open("rb") as file:
            return file.read(len(start)) in (b"", start)
    except OSError:
        return False
