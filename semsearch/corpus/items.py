"""The records that sources are read into: items, skipped rows, and the corpus of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

Value: TypeAlias = str | int | float | bool | None
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


@dataclass(frozen=True)
class Corpus:
    """A source that was checked as a whole and can be read once, entry by entry.

    `size` is the number of entries to expect, `fields` the names every item's `fields` has.
    `key_column` is None when the keys are only row numbers, or paths within a folder. `path` is
    absolute, and None for rows from memory.
    """

    name: str
    modality: Modality
    size: int | None
    text_columns: tuple[str, ...]
    key_column: str | None
    fields: tuple[str, ...]
    entries: Iterator[Item | Skipped]
    path: Path | None = None


def with_unique_keys(entries: Iterable[Item | Skipped]) -> Iterator[Item | Skipped]:
    """Yield the entries; an item whose key an earlier item has becomes a skipped row."""
    first_row: dict[str, int] = {}
    for entry in entries:
        if isinstance(entry, Item):
            row = first_row.setdefault(entry.key, entry.row)
            if row != entry.row:
                reason = f"the key {entry.key!r} stands already in row {row}"
                yield Skipped(entry.row, entry.key, reason)
                continue
        yield entry
