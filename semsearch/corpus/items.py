"""The records that sources are read into: items, skipped rows, and the corpus of both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from semsearch.corpus.digests import DigestMap

Value: TypeAlias = str | int | float | bool | date | list[str] | None
"""What a field can hold; a `datetime` is a date, and is always in UTC."""

Modality: TypeAlias = Literal["text", "image"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to encode: `content` is its text or the bytes of its image file.

    `row` counts the source's data rows from 1; `text` is what a person reads of it.
    """

    row: int
    key: str
    content: str | bytes
    text: str
    fields: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Skipped:
    """One row that cannot be an item, and why."""

    row: int
    key: str | None
    reason: str


class Break(NamedTuple):
    """The first row whose cell is of another type than those above it, which makes the column text.

    `was` and `became` are types: number, text, boolean, date, list.
    """

    row: int
    cell: str
    was: str
    became: str


@dataclass(frozen=True)
class Findings:
    """What was found of a table.

    `text_reason` says why the column of texts was chosen where it was guessed, `other_texts` which
    could be meant instead. `key_columns` are named like keys and hold something else in each row.
    `types` are those of the fields. `empty_texts` rows have no text, as far as that is known.
    `mean_length` is that of the texts in characters, 0 where it is not known.
    """

    text_reason: str = ""
    other_texts: tuple[str, ...] = ()
    key_columns: tuple[str, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    empty_texts: int = 0
    mean_length: float = 0.0


@dataclass(frozen=True)
class Corpus:
    """A source that was checked as a whole and can be read entry by entry.

    `size` is the number of entries to expect, None where that is not known, `fields` the names
    every item's `fields` has. `key_column` is None when the keys are only row numbers, or paths
    within a folder. `path` is absolute, and None for rows from memory. `entries` can be iterated
    once; `again` reads the source anew, and is None where it can be read only once. `breaks` tells
    by field where the cells of a column changed their type. `part` says what is read of a file that
    holds several tables, `notes` what a person should know of the source, in sentences,
    `findings` what was seen of a table.
    """

    name: str
    modality: Modality
    size: int | None
    text_columns: tuple[str, ...]
    key_column: str | None
    fields: tuple[str, ...]
    entries: Iterator[Item | Skipped]
    path: Path | None = None
    again: Callable[[], Iterator[Item | Skipped]] | None = None
    breaks: Mapping[str, Break] = field(default_factory=dict)
    part: str = ""
    notes: tuple[str, ...] = ()
    findings: Findings = Findings()


def with_unique_keys(entries: Iterable[Item | Skipped]) -> Iterator[Item | Skipped]:
    """Yield the entries; an item whose key an earlier item has becomes a skipped row."""
    first_row = DigestMap()
    for entry in entries:
        if isinstance(entry, Item):
            row = first_row.setdefault(entry.key, entry.row)
            if row != entry.row:
                reason = f"the key {entry.key!r} stands already in row {row}"
                yield Skipped(entry.row, entry.key, reason)
                continue
        yield entry
