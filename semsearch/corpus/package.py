"""Look over the package that a workbook is, a zip of XML, before anything of it is parsed."""

from __future__ import annotations

import re
import zlib
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from semsearch.corpus.scan import BLOCK, MAX_DOCUMENT, MAX_LINE, MEGABYTE
from semsearch.errors import SourceError

MAX_SHEET = 4000 * MEGABYTE
MAX_PART = 64 * MEGABYTE
FREE_RATIO = 64 * MEGABYTE
MAX_RATIO = 200
"""A sheet of this many times its compressed size, when it is large, is no sheet but a bomb."""
SHEETS = "xl/worksheets/"
STRINGS = "xl/sharedStrings"
OLD_START = b"\xd0\xcf\x11\xe0"
ROW = re.compile(rb"<(?:\w+:)?(?:row|sheetData)[\s/>]")
SHEET_END = re.compile(rb"</(?:\w+:)?sheetData")
TAIL = 32
UNSAVED = re.compile(rb"</f></c>|</f><v></v>|</f><v ?/>")
"""A formula of which the file does not hold what it comes to."""


def check_package(name: str, binary: BinaryIO) -> int:
    """Read all of a workbook's XML once, and return how many formulas in it have no value.

    Raises:
        SourceError: it is no zip, damaged, encrypted, or would fill the memory once unpacked.
    """
    check_start(name, binary)
    try:
        with ZipFile(binary) as archive:
            parts = [
                each for each in archive.infolist() if each.filename.endswith((".xml", ".rels"))
            ]
            for part in parts:
                check_size(name, part)
            if not any(part.filename == "xl/workbook.xml" for part in parts):
                raise SourceError(
                    f"{name} is a zip archive, but no workbook", "save it as .xlsx, or name it .zip"
                )
            return sum(read_part(name, archive, part) for part in parts)
    except (BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise damaged(name, error) from error


def check_start(name: str, binary: BinaryIO) -> None:
    """Raise `SourceError` where a file begins as something else than a workbook of today."""
    start = binary.read(len(OLD_START))
    binary.seek(0)
    if not start:
        raise SourceError(f"{name} is empty", "give a workbook that holds rows")
    if start == OLD_START:
        raise SourceError(
            f"{name} is locked by a password, or a workbook of before 2007 (.xls)",
            "take the password off and save it as .xlsx",
        )
    if start[:2] != b"PK":
        raise SourceError(
            f"{name} is no workbook: it does not begin as one", "save it as .xlsx, or rename it"
        )


def check_size(name: str, part: ZipInfo) -> None:
    """Raise `SourceError` where a part is too large to be what it is named for."""
    limit = MAX_PART
    if part.filename.startswith(SHEETS):
        limit = MAX_SHEET
    elif part.filename.startswith(STRINGS):
        limit = MAX_DOCUMENT
    ratio = part.file_size / max(part.compress_size, 1)
    size = part.file_size // MEGABYTE
    if part.file_size > limit or (part.file_size > FREE_RATIO and ratio > MAX_RATIO):
        raise SourceError(
            f"{name} holds {part.filename!r} of {size:,} MB, too much to read", "save it as csv"
        )


def read_part(name: str, archive: ZipFile, part: ZipInfo) -> int:
    """Read a part to its end, so that its checksum is compared; return its unsaved formulas.

    No row, and no text, may be longer than a line of a table: a parser holds them whole.
    """
    unsaved, mark, tail = 0, 0, b""
    in_rows = part.filename.startswith(SHEETS)
    position = 0
    with archive.open(part) as file:
        while block := file.read(BLOCK):
            window = tail + block  # what stands across the border of two blocks is seen here
            if b"<!ENTITY" in window:
                raise damaged(name, ValueError(f"{part.filename!r} defines entities"))
            unsaved += len(UNSAVED.findall(window)) - len(UNSAVED.findall(tail))
            ends = in_rows and SHEET_END.search(window) is not None
            last = last_row(window) if in_rows else window.rfind(b"<")
            if last >= 0:
                mark = position - len(tail) + last
            position += len(block)
            in_rows = in_rows and not ends
            if position - mark > MAX_LINE:
                raise too_long(name, part)
            tail = window[-TAIL:]
    return unsaved


def last_row(window: bytes) -> int:
    """Return where the last row in some bytes of a sheet begins, -1 where none does."""
    return max((found.start() for found in ROW.finditer(window)), default=-1)


def too_long(name: str, part: ZipInfo) -> SourceError:
    """Return the error for a row or text that no sheet has."""
    return SourceError(
        f"{part.filename!r} in {name} has a row or text of more than {MAX_LINE // MEGABYTE} MB",
        "check that it is a table, and leave that row out",
    )


def damaged(name: str, error: Exception) -> SourceError:
    """Return the error for a workbook that cannot be parsed."""
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    return SourceError(
        f"{name} is not a readable workbook ({reason})", "open it and save it again as .xlsx"
    )
