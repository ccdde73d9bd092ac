"""Read delimited text (csv, tsv) with a header line, block by block, and let nothing odd pass."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from semsearch.corpus.choice import require_distinct
from semsearch.corpus.scan import BLOCK_BYTES, BLOCK_ROWS, MAX_LINE, MEGABYTE, WatchedFile
from semsearch.errors import SourceError

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

LOOK_EACH = 8
"""Rows after which it is looked at how many bytes they hold."""


def read_delimited(source: WatchedFile, delimiter: str) -> Iterator[dict[str, list[str]]]:
    """Yield the cells of some rows after the other, by column, first of none; cells stay text.

    Python's own strict reader is used because it is the one that lets nothing pass: pandas fills
    up short rows without a word, and pyarrow takes the rest of the file into a quote left open.
    Blank lines are no rows.
    """
    # Process-wide, but only ever raised: a longer cell is refused as a line before it gets here.
    csv.field_size_limit(MAX_LINE)
    with source() as binary, io.TextIOWrapper(binary, source.encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            names = next((row for row in reader if row), [])
            header = [each.strip() or f"column_{number}" for number, each in enumerate(names, 1)]
            require_distinct(source.name, header)
            yield {column: [] for column in header}
            for rows in row_blocks(source.name, reader, len(header), binary):
                yield dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
        except csv.Error as error:
            raise SourceError(
                f"{source.name} cannot be read at line {reader.line_num}: {plain_reason(error)}",
                'put texts that hold quotes in quotes and write each quote in them twice ("")',
            ) from error
        source.check(binary)


def row_blocks(
    name: str, reader: CsvReader, width: int, binary: BinaryIO
) -> Iterator[list[list[str]]]:
    """Yield the rows, some at a time; raise `SourceError` at one that has not `width` cells."""
    rows: list[list[str]] = []
    start = binary.tell()
    for row in reader:
        if not row:
            continue
        if len(row) != width:
            cells = "1 value" if len(row) == 1 else f"{len(row)} values"
            raise SourceError(
                f"{name} has {width} columns but {cells} in line {reader.line_num}",
                "put values that hold the delimiter or a line break in quotes",
            )
        rows.append(row)
        n = len(rows)
        if n >= BLOCK_ROWS or (not n % LOOK_EACH and binary.tell() - start > BLOCK_BYTES):
            yield rows
            rows, start = [], binary.tell()
    if rows:
        yield rows


def plain_reason(error: csv.Error) -> str:
    """Return what Python's csv reader found wrong, in words."""
    text = str(error)
    if "unexpected end of data" in text:
        return "a quote that was opened is never closed"
    if "field larger" in text:
        return f"a value is longer than {MAX_LINE // MEGABYTE} MB, perhaps a quote left open"
    if "expected after" in text:
        return "a closing quote is followed by more text"
    return text
