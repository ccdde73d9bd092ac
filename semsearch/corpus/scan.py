"""Look over a file before it is parsed, in blocks, so that nothing huge is ever held."""

from __future__ import annotations

import codecs
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
# Marks that a file may begin with; that of UTF-32 begins with that of UTF-16, so it comes first.
OTHER_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
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
    """A file that is read more than once and must be the same each time; opens it when called."""

    def __init__(self, name: str, open_binary: Opener) -> None:
        self.name = name
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


def check_text(name: str, open_binary: Opener, *, is_document: bool = False) -> None:
    """Raise `SourceError` when a file is empty, not UTF-8, or holds a line too long to be data.

    A document (JSON) may stand on one line; its whole size is bounded instead.
    """
    check_mark(name, open_binary)
    decoder = codecs.getincrementaldecoder("utf-8")()
    position, line, line_start = 0, 1, 0
    with open_binary() as file:
        if is_document:
            check_document_size(name, file.seek(0, os.SEEK_END))
            file.seek(0)
        while block := file.read(BLOCK):
            check_utf8(name, decoder, block, position, line)
            first = block.find(b"\n")
            line_end = position + (len(block) if first < 0 else first)
            if not is_document and line_end - line_start > MAX_LINE:
                raise line_too_long(name, line)
            if first >= 0:
                line += block.count(b"\n")
                line_start = position + block.rfind(b"\n") + 1
            position += len(block)
    check_utf8(name, decoder, b"", position, line)
    if position == 0:
        raise SourceError(f"{name} is empty", "give a file that holds rows")


def check_mark(name: str, open_binary: Opener) -> None:
    """Raise `SourceError` when a file begins as one of UTF-16 or UTF-32, or as no text at all."""
    with open_binary() as file:
        start = file.read(len(codecs.BOM_UTF32_LE))
    for other, (kind, suffix) in OTHER_KINDS.items():
        if start.startswith(other):
            raise SourceError(f"{name} is no text but {kind}", f"name it {suffix}, or export it")
    for mark, kind in OTHER_MARKS.items():
        if start.startswith(mark):
            raise SourceError(
                f"{name} is not UTF-8 but {kind}",
                f"save it as UTF-8, for instance with `iconv -f {kind} -t UTF-8`",
            )


def check_utf8(
    name: str, decoder: codecs.IncrementalDecoder, block: bytes, position: int, line: int
) -> None:
    """Decode the next block, the last when it is empty; raise `SourceError` where it cannot be."""
    pending = decoder.getstate()[0]
    try:
        decoder.decode(block, final=not block)
    except UnicodeDecodeError as error:
        read = pending + block
        at = position - len(pending) + error.start
        at_line = line + read.count(b"\n", 0, error.start)
        raise SourceError(
            f"{name} is not UTF-8: byte {at}, in line {at_line}, is 0x{read[error.start]:02x}",
            "save it as UTF-8, for instance with `iconv -f WINDOWS-1252 -t UTF-8`",
        ) from error


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


def check_delimiter(name: str, open_binary: Opener, delimiter: str) -> None:
    """Raise `SourceError` when a table has one column only because it is delimited otherwise.

    That is so where its first two lines each fall apart at another delimiter.
    """
    with io.TextIOWrapper(open_binary(), encoding="utf-8-sig", newline="") as file:
        head = list(islice((line for line in file if line.strip()), 2))
    if len(head) < 2 or count_cells(head[0], delimiter) > 1:  # noqa: PLR2004
        return
    for other, found in DELIMITER_NAMES.items():
        if all(count_cells(line, other) > 1 for line in head):
            expected = DELIMITER_NAMES[delimiter]
            suffix = DELIMITER_SUFFIXES.get(other)
            rename = f"rename it to {suffix}, or " if suffix else ""
            raise SourceError(
                f"{name} has {found} between its values, not {expected}",
                f"{rename}save it with {expected} between the values",
            )


def count_cells(line: str, delimiter: str) -> int:
    """Return the number of cells that a line falls apart into."""
    return len(next(csv.reader([line], delimiter=delimiter), []))
