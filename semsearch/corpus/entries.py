"""Turn the rows of a table, or the files of an image source, into items and skipped rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from semsearch.corpus.columns import guess_text_column, require_columns
from semsearch.corpus.images import (
    IMAGE_SUFFIXES,
    ImageFolder,
    ImageSource,
    Unreadable,
    checked_image,
)
from semsearch.corpus.items import Corpus, Item, Modality, Skipped, Value, with_unique_keys
from semsearch.corpus.tables import Table, parse_table
from semsearch.corpus.values import as_text
from semsearch.errors import SourceError

ITEM_TABLES = ("items.csv", "items.jsonl", "items.parquet")
FILE_COLUMN, KEY_COLUMN, TEXT_COLUMN = "file", "key", "text"


@dataclass(frozen=True)
class Columns:
    """Which columns of a table hold the text, the image's path and the key; the rest are fields."""

    text: tuple[str, ...] = ()
    image: str | None = None
    key: str | None = None

    def named(self) -> list[str]:
        """Return every column that was named."""
        return [*self.text, *(each for each in (self.image, self.key) if each is not None)]


class Rows:
    """A table's rows as their keys, texts and fields, by position."""

    def __init__(self, table: Table, columns: Columns) -> None:
        require_columns(table.name, list(table.columns), columns.named())
        self._table = table
        self._columns = columns
        named = set(columns.named())
        self.field_names = tuple(each for each in table.columns if each not in named)
        self._values = [table.values(each) for each in self.field_names]

    def key(self, position: int) -> str:
        """Return the key as it stands in the row; the row's number where no column holds it."""
        if self._columns.key is None:
            return str(position + 1)
        return as_text(self._table.columns[self._columns.key][position])

    def text(self, position: int) -> str:
        """Return the row's texts, each on its line; blank ones are left out."""
        texts = [as_text(self._table.columns[each][position]) for each in self._columns.text]
        return "\n".join(text for text in texts if text.strip())

    def fields(self, position: int) -> dict[str, Value]:
        """Return the row's other values."""
        return {
            name: values[position]
            for name, values in zip(self.field_names, self._values, strict=True)
        }

    def flaw(self, position: int) -> str | None:
        """Return why the row can have no item, as far as its key tells."""
        return None if self.key(position).strip() else f"its key ({self._columns.key!r}) is empty"


def text_corpus(name: str, table: Table, columns: Columns) -> Corpus:
    """Return the corpus of a table of texts; the text column is guessed when none is named."""
    if not columns.text:
        columns = replace(columns, text=(guess_text_column(table.name, table.columns),))
    rows = Rows(table, columns)
    entries = (text_entry(rows, position, columns) for position in range(table.size))
    return corpus(name, "text", table.size, columns, rows.field_names, entries)


def text_entry(rows: Rows, position: int, columns: Columns) -> Item | Skipped:
    """Return the item of one row of texts."""
    number, key, text = position + 1, rows.key(position), rows.text(position)
    if flaw := rows.flaw(position):
        return Skipped(number, None, flaw)
    if not text:
        named = " and ".join(repr(each) for each in columns.text)
        return Skipped(number, key, f"its text ({named}) is empty")
    return Item(number, key, text, text, rows.fields(position))


def table_image_corpus(name: str, table: Table, columns: Columns, folder: ImageFolder) -> Corpus:
    """Return the corpus of a table with a column of image paths (relative to `folder`) or bytes."""
    columns = replace(columns, text=columns.text or usual_text(table))
    rows = Rows(table, columns)
    entries = image_entries(rows, table, columns, folder)
    return corpus(name, "image", table.size, columns, rows.field_names, entries)


def image_entries(
    rows: Rows, table: Table, columns: Columns, source: ImageSource
) -> Iterator[Item | Skipped]:
    """Yield the entry of each row of a table that names image files."""
    image_column = columns.image or FILE_COLUMN
    cells = table.columns[image_column]
    paths = [cell for cell in cells if not isinstance(cell, bytes)]
    contents = source.contents(as_path(path) for path in paths)
    for position, cell in enumerate(cells):
        number = position + 1
        content = checked_image(cell) if isinstance(cell, bytes) else next(contents)
        key = rows.key(position)
        if flaw := rows.flaw(position):
            yield Skipped(number, None, flaw)
        elif not isinstance(cell, bytes) and not as_text(cell).strip():
            yield Skipped(number, key, f"its image ({image_column!r}) is empty")
        elif isinstance(content, Unreadable):
            label = "the image" if isinstance(cell, bytes) else f"the file {as_path(cell)!r}"
            yield Skipped(number, key, f"{label} {content.reason}")
        else:
            yield Item(number, key, content, rows.text(position), rows.fields(position))


def image_corpus(name: str, source: ImageSource, columns: Columns) -> Corpus:
    """Return the corpus of a folder or zip of images, described by its table of items if any."""
    files = source.image_names()
    if not files:
        raise SourceError(
            f"there are no images in {source.name}",
            f"give a folder or zip that holds files of: {', '.join(IMAGE_SUFFIXES)}",
        )
    table = described(source, files)
    if table is None:
        table = Table(source.name, {FILE_COLUMN: files}, len(files))
    found = item_table_columns(table, columns)
    rows = Rows(table, found)
    entries = image_entries(rows, table, found, source)
    # A path tells a file from its neighbours, not from a file in another folder: no key of its own.
    has_key = columns.key is not None or found.key != FILE_COLUMN
    shown = found if has_key else replace(found, key=None)
    return corpus(name, "image", table.size, shown, rows.field_names, entries)


def item_table_columns(table: Table, columns: Columns) -> Columns:
    """Return the columns of a table of items: those that were named, else by their usual names."""
    usual_key = KEY_COLUMN if KEY_COLUMN in table.columns else FILE_COLUMN
    return Columns(columns.text or usual_text(table), FILE_COLUMN, columns.key or usual_key)


def usual_text(table: Table) -> tuple[str, ...]:
    """Return the column that holds what a person reads of an image, when there is one."""
    return (TEXT_COLUMN,) if TEXT_COLUMN in table.columns else ()


def as_path(cell: object) -> str:
    """Return a cell as a path; a name that is no UTF-8 on the disk stays as it is."""
    return str(cell) if isinstance(cell, str | Path) else as_text(cell)


def described(source: ImageSource, files: Sequence[str]) -> Table | None:
    """Return the table of items of a source, with a row added for each file it leaves out."""
    for file in ITEM_TABLES:
        opener = source.opener(file)
        if opener is not None:
            name = f"{file!r} in {source.name}"
            table = parse_table(name, Path(file).suffix, opener)
            require_columns(name, list(table.columns), [FILE_COLUMN])
            return with_other_files(table, files)
    return None


def with_other_files(table: Table, files: Sequence[str]) -> Table:
    """Return the table with a row for each file that it does not name; its key is the file."""
    named = {PurePosixPath(as_path(cell)).as_posix() for cell in table.columns[FILE_COLUMN]}
    others = [file for file in files if file not in named]
    empty = None if table.is_typed else ""
    columns = {name: [*cells, *[empty] * len(others)] for name, cells in table.columns.items()}
    for column in {FILE_COLUMN, KEY_COLUMN} & set(columns):
        columns[column][table.size :] = others
    return replace(table, columns=columns, size=table.size + len(others))


def corpus(
    name: str,
    modality: Modality,
    size: int,
    columns: Columns,
    fields: tuple[str, ...],
    entries: Iterator[Item | Skipped],
) -> Corpus:
    """Return a corpus whose entries have unique keys."""
    return Corpus(
        name, modality, size, columns.text, columns.key, fields, with_unique_keys(entries)
    )
