"""Read tables (csv, tsv, json, jsonl, parquet, DataFrame, rows) into columns, whole and checked."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semsearch.corpus.columns import require_distinct, typed, uniform
from semsearch.corpus.items import Value
from semsearch.corpus.scan import MAX_LINE, MEGABYTE, Opener, check_delimiter, check_text
from semsearch.errors import SourceError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
JSON_LINES = (".jsonl", ".ndjson")
TABLE_SUFFIXES = (*DELIMITERS, ".json", *JSON_LINES, ".parquet")


@dataclass(frozen=True)
class Table:
    """Named columns of equal length, with their cells as they stood in the source.

    `name` is how a message names the source. `is_typed` is False where every cell is text and its
    type can only be read off the whole column.
    """

    name: str
    columns: dict[str, list[Any]]
    size: int
    is_typed: bool = True

    def values(self, column: str) -> list[Value]:
        """Return a column as field values, of one type."""
        cells = self.columns[column]
        return uniform(cells) if self.is_typed else typed(cells)


def read_table(path: Path) -> Table:
    """Read and check a whole table file; the suffix names the format."""
    return parse_table(repr(str(path)), path.suffix, lambda: path.open("rb"))


def parse_table(name: str, suffix: str, open_binary: Opener) -> Table:
    """Read a table of the format `suffix` from what `open_binary` opens."""
    suffix = suffix.lower()
    if suffix == ".parquet":
        table = parse_parquet(name, open_binary)
    else:
        check_text(name, open_binary, is_document=suffix == ".json")
        if suffix in DELIMITERS:
            table = parse_csv(name, open_binary, DELIMITERS[suffix])
        elif suffix in JSON_LINES:
            table = parse_json_lines(name, open_binary)
        else:
            table = parse_json(name, open_binary)
    if table.size == 0:
        raise SourceError(
            f"{name} holds a header but no rows" if table.columns else f"{name} holds no rows",
            "give a file that holds rows",
        )
    return table


def parse_csv(name: str, open_binary: Opener, delimiter: str) -> Table:
    """Read delimited text with a header line; cells stay text, blank lines are no rows.

    Python's own strict reader is used because it is the one that lets nothing pass: pandas fills
    up short rows without a word, and pyarrow takes the rest of the file into a quote left open.
    """
    # Process-wide, but only ever raised: a longer cell is refused as a line before it gets here.
    csv.field_size_limit(MAX_LINE)
    check_delimiter(name, open_binary, delimiter)
    with io.TextIOWrapper(open_binary(), encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            names = next((row for row in reader if row), [])
            header = [each.strip() or f"column_{number}" for number, each in enumerate(names, 1)]
            require_distinct(name, header)
            rows = [checked_row(name, row, header, reader.line_num) for row in reader if row]
        except csv.Error as error:
            raise SourceError(
                f"{name} cannot be read at line {reader.line_num}: {plain_reason(error)}",
                'put texts that hold quotes in quotes and write each quote in them twice ("")',
            ) from error
    columns = {column: [row[place] for row in rows] for place, column in enumerate(header)}
    return Table(name, columns, len(rows), is_typed=False)


def checked_row(name: str, row: list[str], header: list[str], line: int) -> list[str]:
    """Return the row; raise `SourceError` when it has not one cell for each column."""
    if len(row) != len(header):
        raise SourceError(
            f"{name} has {len(header)} columns but {len(row)} values in line {line}",
            "put values that hold the delimiter or a line break in quotes",
        )
    return row


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


def parse_json_lines(name: str, open_binary: Opener) -> Table:
    """Read one JSON object a line."""
    rows = []
    with io.TextIOWrapper(open_binary(), encoding="utf-8-sig", newline="\n") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                rows.append(parse_object(name, line, number))
    return table_of_mappings(name, rows)


def parse_object(name: str, line: str, number: int) -> dict[str, Any]:
    """Return the JSON object of a line."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"line {number} of {name} is not JSON: {json_reason(error)}",
            "write one object a line and nothing else",
        ) from error
    if not isinstance(row, dict):
        raise SourceError(
            f"line {number} of {name} is not an object", 'write each row as {"column": value, ...}'
        )
    return row


def parse_json(name: str, open_binary: Opener) -> Table:
    """Read a JSON document that is one list of objects."""
    with io.TextIOWrapper(open_binary(), encoding="utf-8-sig") as file:
        text = file.read()
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno} of " if isinstance(error, json.JSONDecodeError) else ""
        raise SourceError(
            f"{where}{name} is not JSON: {json_reason(error)}",
            "write one list of objects, or rename the file to .jsonl when it has one object a line",
        ) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceError(f"{name} is not a list of objects", 'write [{"column": value, ...}, ...]')
    return table_of_mappings(name, rows)


def json_reason(error: Exception) -> str:
    """Return what the JSON parser found wrong."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at column {error.colno}"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error)


def parse_parquet(name: str, open_binary: Opener) -> Table:
    """Read a parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with open_binary() as file:
            arrow = pq.read_table(file)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise SourceError(
            f"{name} is not a readable parquet file: {reason}", "export it again"
        ) from error
    require_distinct(name, arrow.column_names)
    columns = {
        column: python_values(name, column, values)
        for column, values in zip(arrow.column_names, arrow.columns, strict=True)
    }
    return Table(name, columns, arrow.num_rows)


def python_values(name: str, column: str, values: pa.ChunkedArray) -> list[Any]:
    """Return an arrow column as Python values; times keep microseconds, all that Python has."""
    import pyarrow as pa

    kind = values.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        values = values.cast(pa.timestamp("us", kind.tz), safe=False)
    try:
        found: list[Any] = values.to_pylist()
    except (ValueError, LookupError, ArithmeticError) as error:
        # No cast to text: beyond the year 32767 arrow writes another year without a word.
        raise SourceError(
            f"the column {column!r} of {name} holds a {kind} that cannot be read ({error})",
            "write that column as UTF-8 text, or leave it out",
        ) from error
    return found


def table_of_frame(frame: pd.DataFrame) -> Table:
    """Return a DataFrame's columns; missing values become None, the index is left out."""
    names = [str(column) for column in frame.columns]
    require_distinct("the DataFrame", names)
    columns = {}
    for position, name in enumerate(names):
        series = frame.iloc[:, position]
        missing = series.isna().tolist()
        cells = series.tolist()
        columns[name] = [
            None if is_missing else cell for cell, is_missing in zip(cells, missing, strict=True)
        ]
    return Table("the DataFrame", columns, len(frame))


def table_of_rows(rows: Iterable[object]) -> Table:
    """Return a table of texts (one column, "text") or of dicts."""
    found = list(rows)
    if all(isinstance(row, str) for row in found):
        return Table("the list", {"text": found}, len(found))
    if not all(isinstance(row, Mapping) for row in found):
        odd = next(row for row in found if not isinstance(row, Mapping))
        raise TypeError(
            f"rows must be all texts or all dicts; one is of type {type(odd).__name__!r}"
        )
    return table_of_mappings("the list of dicts", found)


def table_of_mappings(name: str, rows: list[Any]) -> Table:
    """Return the columns of rows; a row that lacks a column has None in it."""
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row))
    columns = {str(column): [row.get(column) for row in rows] for column in names}
    return Table(name, columns, len(rows))
