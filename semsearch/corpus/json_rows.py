"""Read JSON: one object a line, block by block, or one list of objects, whole."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from semsearch.corpus.scan import BLOCK_BYTES, BLOCK_ROWS, WatchedFile
from semsearch.errors import SourceError

SCAN: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
"""What `json.loads` does at last: it is half as quick, most of it looking for what is not there."""
LINE_ENDS = ("\n", "", "\r\n")


def columns_of(rows: list[Mapping[Any, Any]], names: dict[Any, None]) -> dict[str, list[Any]]:
    """Return the columns of rows; a row that lacks one has None in it.

    `names` are the columns found in earlier rows, to which those of these rows are added.
    """
    for row in rows:
        if row.keys() != names.keys():
            names.update(dict.fromkeys(row))
    return {str(name): [row.get(name) for row in rows] for name in names}


def read_json_lines(source: WatchedFile, names: dict[str, None]) -> Iterator[dict[str, list[Any]]]:
    """Yield the cells of some lines after the other, by column; see `columns_of` for `names`."""
    with source() as binary, io.TextIOWrapper(binary, source.encoding, newline="\n") as file:
        rows: list[Mapping[str, Any]] = []
        size = 0
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            rows.append(parse_object(source.name, line, number))
            size += len(line)
            if len(rows) >= BLOCK_ROWS or size > BLOCK_BYTES:
                yield columns_of(rows, names)
                rows, size = [], 0
        if rows:
            yield columns_of(rows, names)
        source.check(binary)


def parse_object(name: str, line: str, number: int) -> dict[str, Any]:
    """Return the JSON object of a line."""
    try:
        row, end = SCAN(line, 0)
        if type(row) is dict and line[end:] in LINE_ENDS:
            return row
    except (StopIteration, ValueError, RecursionError):
        pass
    return parse_odd_object(name, line, number)


def parse_odd_object(name: str, line: str, number: int) -> dict[str, Any]:
    """Return the JSON object of a line that has blanks around it, or tell what is wrong with it."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"line {number} of {name} is not JSON: {json_reason(error)}",
            "write one object a line and nothing else",
        ) from error
    if not isinstance(row, dict):
        raise SourceError(
            f"line {number} of {name} is not an object",
            'write each row as {"column": value, ...}, or name a list of rows .json',
        )
    return row


def json_document(source: WatchedFile) -> dict[str, list[Any]]:
    """Return the columns of a JSON document that is one list of objects."""
    with source() as binary, io.TextIOWrapper(binary, source.encoding) as file:
        text = file.read()
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno} of " if isinstance(error, json.JSONDecodeError) else ""
        raise SourceError(
            f"{where}{source.name} is not JSON: {json_reason(error)}",
            "write one list of objects, or rename the file to .jsonl when it has one object a line",
        ) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceError(
            f"{source.name} is not a list of objects", 'write [{"column": value, ...}, ...]'
        )
    return columns_of(rows, {})


def json_reason(error: Exception) -> str:
    """Return what the JSON parser found wrong."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.removesuffix(' at')} at column {error.colno}"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return "a number in it has too many digits" if "digits" in str(error) else str(error)
