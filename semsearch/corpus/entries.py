"""Turn the rows of a table, or the files of an image source, into items and skipped rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, repeat
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, TypeAlias

from semsearch.corpus.choice import guess_text_column, require_columns
from semsearch.corpus.columns import WrittenColumn
from semsearch.corpus.images import (
    IMAGE_SUFFIXES,
    ImageFolder,
    ImageSource,
    Unreadable,
    checked_image,
)
from semsearch.corpus.items import (
    Corpus,
    Findings,
    Item,
    Modality,
    Skipped,
    Value,
    with_unique_keys,
)
from semsearch.corpus.tables import Table, parse_table, size_of, survey
from semsearch.corpus.values import as_text, is_blank
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


class Row(NamedTuple):
    """One row of a table: its number from 1, its key as it stands there, its texts and its fields.

    The texts stand each on its line, blank ones left out. `image` is a path, the bytes of an image
    file, or nothing.
    """

    number: int
    key: str
    text: str
    fields: dict[str, Value]
    image: Any


Cells: TypeAlias = tuple[int, str, str, dict[str, Value], Any]
"""What makes a `Row`; of texts there are too many to make one of each."""


def read_rows(table: Table, columns: Columns) -> Iterator[Cells]:
    """Yield the rows of a table; the key is the row's number where no column holds it."""
    named = set(columns.named())
    first = 1
    for block in table.blocks():
        numbers = range(first, first + size_of(block))
        first = numbers.stop
        names = [name for name in block if name not in named]
        keys = map(str, numbers) if columns.key is None else table.texts(columns.key, block)
        texts = texts_of([table.texts(each, block) for each in columns.text], len(numbers))
        fields = fields_of(names, [table.values(name, block[name]) for name in names])
        images = repeat(None) if columns.image is None else block[columns.image]
        yield from zip(numbers, keys, texts, fields, images, strict=False)


def texts_of(columns: Sequence[Sequence[str]], n: int) -> Iterable[str]:
    """Return the text of each of n rows by the columns that hold it."""
    if len(columns) == 1:
        return ["" if is_blank(text) else text for text in columns[0]]
    if not columns:
        return repeat("", n)
    return (
        "\n".join(part for part in row if not is_blank(part)) for row in zip(*columns, strict=True)
    )


def fields_of(names: Sequence[str], values: Sequence[list[Value]]) -> Iterable[dict[str, Value]]:
    """Return the fields of each row by the values of its columns, and {} for ever without any."""
    if not names:
        return ({} for _ in repeat(None))
    return (dict(zip(names, row, strict=True)) for row in zip(*values, strict=True))


def text_corpus(name: str, table: Table, columns: Columns) -> Corpus:
    """Return the corpus of a table of texts; the text column is guessed when none is named."""
    guess = None
    if not columns.text:
        guess = guess_text_column(table.name, table.columns)
        columns = replace(columns, text=(guess.column,))
    require_columns(table.name, list(table.columns), columns.named())
    found = corpus(name, "text", table, columns, lambda: text_entries(table, columns))
    findings = replace(
        found.findings,
        text_reason=guess.reason if guess else "",
        other_texts=tuple(each for each in guess.others if each != columns.key) if guess else (),
        empty_texts=empty_texts(table, columns),
        mean_length=sum(table.columns[each].lengths.mean for each in columns.text),
    )
    return replace(found, findings=findings)


def empty_texts(table: Table, columns: Columns) -> int:
    """Return how many rows have no text, 0 where that is not known before they are read."""
    seen = table.columns[columns.text[0]]
    is_known = len(columns.text) == 1 and table.size is not None and seen.lengths.n > 0
    is_known = is_known and (seen.type == "text" or isinstance(seen, WrittenColumn))
    return (table.size or 0) - seen.lengths.n if is_known else 0


def text_entries(table: Table, columns: Columns) -> Iterator[Item | Skipped]:
    """Yield the entry of each row of texts."""
    named = " and ".join(repr(each) for each in columns.text)
    for number, key, text, fields, _ in read_rows(table, columns):
        if not key.strip():
            yield Skipped(number, None, key_is_empty(columns))
        elif not text:
            yield Skipped(number, key, f"its text ({named}) is empty")
        else:
            yield Item(number, key, text, text, fields)


def key_is_empty(columns: Columns) -> str:
    """Return why a row without a key can have no item."""
    return f"its key ({columns.key!r}) is empty"


def table_image_corpus(name: str, table: Table, columns: Columns, folder: ImageFolder) -> Corpus:
    """Return the corpus of a table with a column of image paths (relative to `folder`) or bytes."""
    columns = replace(columns, text=columns.text or usual_text(table))
    require_columns(table.name, list(table.columns), columns.named())
    return corpus(name, "image", table, columns, lambda: image_entries(table, columns, folder))


def image_entries(table: Table, columns: Columns, source: ImageSource) -> Iterator[Item | Skipped]:
    """Yield the entry of each row of a table that names image files."""
    wanted: deque[str] = deque()
    # What is asked for a content takes one path from `wanted`, where it has just been put.
    contents = source.contents(iter(wanted.popleft, None))
    for row in map(Row._make, read_rows(table, columns)):
        if isinstance(row.image, bytes):
            content = checked_image(row.image)
        else:
            wanted.append(as_path(row.image))
            content = next(contents)
        yield image_entry(row, columns, content)


def image_entry(row: Row, columns: Columns, content: bytes | Unreadable) -> Item | Skipped:
    """Return the entry of one row and what was found where its image should be."""
    if not row.key.strip():
        return Skipped(row.number, None, key_is_empty(columns))
    has_bytes = isinstance(row.image, bytes)
    if not has_bytes and not as_text(row.image).strip():
        return Skipped(row.number, row.key, f"its image ({columns.image!r}) is empty")
    if isinstance(content, Unreadable):
        label = "the image" if has_bytes else f"the file {as_path(row.image)!r}"
        return Skipped(row.number, row.key, f"{label} {content.reason}")
    return Item(row.number, row.key, content, row.text, row.fields)


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
        table = survey(source.name, lambda: iter([{FILE_COLUMN: files}]))
    found = item_table_columns(table, columns)
    require_columns(table.name, list(table.columns), found.named())
    # A path tells a file from its neighbours, not from a file in another folder: no key of its own.
    has_key = columns.key is not None or found.key != FILE_COLUMN
    shown = found if has_key else replace(found, key=None)
    whole = corpus(name, "image", table, found, lambda: image_entries(table, found, source))
    return replace(whole, key_column=shown.key)


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
    others = dict.fromkeys(files)
    for block in table.blocks():
        for cell in block[FILE_COLUMN]:
            others.pop(PurePosixPath(as_path(cell)).as_posix(), None)
    names = list(others)
    added = {column: [table.empty] * len(names) for column in table.columns}
    for column in {FILE_COLUMN, KEY_COLUMN} & set(added):
        added[column] = list(names)
        table.columns[column].see(names, (table.size or 0) + 1)
    return replace(
        table,
        size=(table.size or 0) + len(names),
        blocks=lambda: chain(table.blocks(), [added]),
    )


def corpus(
    name: str,
    modality: Modality,
    table: Table,
    columns: Columns,
    read: Callable[[], Iterator[Item | Skipped]],
) -> Corpus:
    """Return a corpus whose entries have unique keys."""

    def entries() -> Iterator[Item | Skipped]:
        return read() if columns.key is None else with_unique_keys(read())

    named = set(columns.named())
    return Corpus(
        name,
        modality,
        table.size,
        columns.text,
        columns.key,
        tuple(each for each in table.columns if each not in named),
        entries(),
        again=entries if table.can_repeat else None,
        breaks={field: found for field, found in table.breaks().items() if field not in named},
        part=table.part,
        notes=table.notes,
        findings=Findings(
            key_columns=tuple(each for each in table.key_columns if each not in named),
            types={each: seen.type for each, seen in table.columns.items() if each not in named},
        ),
    )
