"""Look over a file before it is parsed, in blocks, so that nothing huge is ever held."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from itertools import islice
from typing import BinaryIO, TypeAlias

from semsearch.errors import SourceError

Opener: TypeAlias = Callable[[], BinaryIO]

BLOCK = 1 << 20
MEGABYTE = 1_000_000
MAX_LINE = 16 * MEGABYTE
BLOCK_ROWS = 1024
"""Rows of a table that are held at once, at most."""
BLOCK_BYTES = 4 * MEGABYTE
"""Bytes after which fewer rows are enough; one row more may be as long as a line."""
MAX_DOCUMENT = 256 * MEGABYTE
# What is named a text table now and then.
OTHER_KINDS = {
    b"PK\x03\x04": ("a workbook or zip archive", ".xlsx or .zip"),
    b"\xd0\xcf\x11\xe0": ("a workbook or document of before 2007", ".xls and save it as .xlsx"),
    b"%PDF": ("a PDF", ".pdf"),
    b"PAR1": ("a parquet file", ".parquet"),
    b"\x1f\x8b": ("compressed by gzip", ".gz and unpack it"),
}
DELIMITER_NAMES = {",": "commas", "\t": "tabs", ";": "semicolons"}
DELIMITER_SUFFIXES = {",": ".csv", "\t": ".tsv"}


class WatchedFile:
    """A file that is read more than once and must be the same each time; opens it when called.

    `encoding` is that of a text table, as Python calls it.
    """

    def __init__(self, name: str, open_binary: Opener) -> None:
        self.name = name
        self.encoding = "utf-8-sig"
        self._open_binary = open_binary
        self._stamp: tuple[int, ...] | None = None

    def __call__(self) -> BinaryIO:
        """Open the file; raise `SourceError` where it is not the one that was opened before."""
        file = self._open_binary()
        try:
            self.check(file)
        except SourceError:
            file.close()
            raise
        return file

    def check(self, file: BinaryIO) -> None:
        """Raise `SourceError` where an open file was written to since it was first opened."""
        try:
            status = os.fstat(file.fileno())
        except OSError:  # a member of an archive, which is held in memory
            return
        stamp = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        if self._stamp is None:
            self._stamp = stamp
        if stamp != self._stamp:
            raise self.changed()

    def changed(self) -> SourceError:
        """Return the error for a file that is another than when it was looked over."""
        return SourceError(
            f"{self.name} has changed while it was read",
            "run the same command again when nothing writes to it any more",
        )


def check_document_size(name: str, size: int) -> None:
    """Raise `SourceError` when a JSON document is too big to be read in one piece."""
    if size > MAX_DOCUMENT:
        raise SourceError(
            f"{name} is one JSON document of more than {MAX_DOCUMENT // MEGABYTE} MB",
            "save it as JSON Lines (.jsonl), one object a line",
        )


def line_too_long(name: str, line: int) -> SourceError:
    """Return the error for a line that no table has."""
    return SourceError(
        f"line {line} of {name} is longer than {MAX_LINE // MEGABYTE} MB",
        "check that it is a text table and split or remove that line",
    )


def check_delimiter(source: WatchedFile, delimiter: str) -> None:
    """Raise `SourceError` when a table has one column only because it is delimited otherwise.

    That is so where its first two lines each fall apart at another delimiter.
    """
    with io.TextIOWrapper(source(), encoding=source.encoding, newline="") as file:
        head = list(islice((line for line in file if line.strip()), 2))
    if len(head) < 2 or count_cells(head[0], delimiter) > 1:  # noqa: PLR2004
        return
    for other, found in DELIMITER_NAMES.items():
        if all(count_cells(line, other) > 1 for line in head):
            expected = DELIMITER_NAMES[delimiter]
            suffix = DELIMITER_SUFFIXES.get(other)
            rename = f"rename it to {suffix}, or " if suffix else ""
            raise SourceError(
                f"{source.name} has {found} between its values, not {expected}",
                f"{rename}save it with {expected} between the values",
            )


def count_cells(line: str, delimiter: str) -> int:
    """Return the number of cells that a line falls apart into."""
    return len(next(csv.reader([line], delimiter=delimiter), []))
