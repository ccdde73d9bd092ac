"""Read tables of every format block by block: once to find what they hold, then for their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from semsearch.corpus.columns import Column, JsonColumn, PlainColumn, WrittenColumn
from semsearch.corpus.delimited import read_delimited
from semsearch.corpus.findings import KeyWatch
from semsearch.corpus.items import Break, Value
from semsearch.corpus.json_rows import json_document, read_json_lines
from semsearch.corpus.parquet import read_parquet
from semsearch.corpus.part import DATABASES, WHOLE, WORKBOOKS, Part, kind_of_file
from semsearch.corpus.scan import Opener, WatchedFile, check_delimiter
from semsearch.corpus.sqlite import Database
from semsearch.corpus.text_files import look_over
from semsearch.corpus.xlsx import Sheet
from semsearch.errors import SourceError

DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
JSON_LINES = (".jsonl", ".ndjson")
TABLE_SUFFIXES = (*DELIMITERS, ".json", *JSON_LINES, ".parquet", *WORKBOOKS, *DATABASES)

Block: TypeAlias = dict[str, list[Any]]
"""Some rows of a table: the cells of each column, as they stand in the source, of equal length."""

Blocks: TypeAlias = Callable[[], Iterator[Block]]


@dataclass(frozen=True)
class Table:
    """What is known of a table once all its rows were seen, and the way to read them.

    `name` is how a message names the source. `size` is None, and `can_repeat` False, for rows that
    pass by only once: of these only the first were seen. `empty` is what a cell is that holds
    nothing. `part` says what was taken of a file that holds several tables, `notes` what a person
    should know of it. `key_columns` could hold keys, see `KeyWatch`.
    """

    name: str
    columns: dict[str, Column]
    size: int | None
    blocks: Blocks
    empty: str | None = None
    can_repeat: bool = True
    part: str = ""
    notes: tuple[str, ...] = ()
    key_columns: tuple[str, ...] = ()
    _unseen: Column = field(default_factory=PlainColumn)

    def values(self, column: str, cells: list[Any]) -> list[Value]:
        """Return cells of a column as field values."""
        return self.columns.get(column, self._unseen).values(cells)

    def texts(self, column: str, block: Block) -> Sequence[str]:
        """Return the cells of a column in a block as texts."""
        return self.columns.get(column, self._unseen).texts(block[column])

    def breaks(self) -> dict[str, Break]:
        """Return where columns hold cells of several types, which makes them text."""
        return {name: seen.change for name, seen in self.columns.items() if seen.change is not None}


def survey(name: str, blocks: Blocks, make: Callable[[], Column] = PlainColumn) -> Table:
    """Return the table of these blocks, having looked at all of them."""
    columns: dict[str, Column] = {}
    keys = KeyWatch()
    size = 0
    for block in blocks():
        keys.see(block)
        for column, cells in block.items():
            if column not in columns:
                columns[column] = make()
            columns[column].see(cells, size + 1)
        size += size_of(block)
    empty = "" if make is WrittenColumn else None
    return Table(name, columns, size, blocks, empty, key_columns=keys.columns)


def size_of(block: Block) -> int:
    """Return the number of rows in a block."""
    return len(next(iter(block.values()), ()))


def read_table(path: Path, part: Part = WHOLE) -> Table:
    """Look over a table file; the suffix names the format, `part` what of it is read."""
    kind = kind_of_file(path)
    if kind not in DATABASES:
        return parse_table(repr(str(path)), kind, lambda: path.open("rb"), part)
    database = Database(path, part)
    table = survey(database.name, database.blocks, JsonColumn)
    return with_rows(replace(table, part=database.part))


def parse_table(name: str, suffix: str, open_binary: Opener, part: Part = WHOLE) -> Table:
    """Look over a table of the format `suffix` in what `open_binary` opens."""
    suffix = suffix.lower()
    file = WatchedFile(name, open_binary)
    if suffix == ".parquet":
        table = survey(name, lambda: read_parquet(file))
    elif suffix in WORKBOOKS:
        sheet = Sheet(file, part)
        table = survey(name, sheet.blocks)
        table = replace(table, part=sheet.part, notes=sheet.notes())
    else:
        notes = look_over(file, part.encoding, is_document=suffix == ".json")
        table = replace(parse_text(file, suffix), notes=notes)
    return with_rows(table)


def with_rows(table: Table) -> Table:
    """Return the table; raise `SourceError` where it has no rows."""
    if table.size == 0:
        part = f"the {table.part} of " if table.part else ""
        name = f"{part}{table.name}"
        raise SourceError(
            f"{name} holds a header but no rows" if table.columns else f"{name} holds no rows",
            "give a file that holds rows",
        )
    return table


def parse_text(file: WatchedFile, suffix: str) -> Table:
    """Look over a table that is a text file."""
    if suffix in DELIMITERS:
        delimiter = DELIMITERS[suffix]
        check_delimiter(file, delimiter)
        return survey(file.name, lambda: read_delimited(file, delimiter), WrittenColumn)
    if suffix in JSON_LINES:
        names: dict[str, None] = {}
        return survey(file.name, lambda: read_json_lines(file, names), JsonColumn)
    document = json_document(file)
    return survey(file.name, lambda: iter([document]), JsonColumn)
