"""What an ingest finds to be other than before, told in sentences: types, columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from semsearch.corpus import Break
from semsearch.errors import shortened
from semsearch.store import NewItem
from semsearch.store.reuse import Earlier
from semsearch.store.schema import type_of

TYPES: dict[type, str] = {
    type(None): "", bool: "boolean", int: "number", float: "number", str: "text",
    date: "date", datetime: "date", list: "list",
}  # fmt: skip
PLURALS = {
    "number": "numbers", "boolean": "true or false", "text": "text", "date": "dates",
    "list": "lists",
}  # fmt: skip


class FieldTypes:
    """The types of a collection's fields while rows come in.

    The first value of a field gives it its type; a value of another type makes it text, in which
    numbers, dates and lists are compared as they are written.
    """

    def __init__(self, stored: Mapping[str, str], breaks: Mapping[str, Break]) -> None:
        self._types = dict(stored)
        self._breaks = breaks
        self._told: set[str] = set()
        self.notes: list[str] = []

    def see(self, rows: Iterable[tuple[int, NewItem]]) -> dict[str, str]:
        """Take rows into account, each with its number; return the types of all fields by now."""
        types = self._types
        for row, item in rows:
            for name, value in item.fields.items():
                kind = TYPES[type(value)] if type(value) in TYPES else type_of(value)
                if types.get(name) != kind:
                    self._meet(name, kind, row, value)
        return dict(types)

    def _meet(self, name: str, kind: str, row: int, value: Any) -> None:
        known = self._types.get(name, "")
        if not known or not kind:
            self._types[name] = known or kind
            if kind == "text" and name in self._breaks:
                self._tell(name, self._breaks[name])
            return
        found = Break(row, as_written(value), known, kind)
        if kind == "text" and name in self._breaks:
            change = self._breaks[name]
            found = Break(change.row, change.cell, known, change.became)
        self._types[name] = "text"
        self._tell(name, found)

    def _tell(self, name: str, change: Break) -> None:
        if name in self._told:
            return
        self._told.add(name)
        became, cell = PLURALS[change.became], shortened(change.cell, 40)
        if change.was == "text":
            self.notes.append(
                f"the field {name!r} holds text, and {became} from row {change.row} on ({cell});"
                " filters compare them as text too"
            )
            return
        self.notes.append(
            f"the field {name!r} held {PLURALS[change.was]} and holds {became} from row"
            f" {change.row} on ({cell}); filters now compare it as text"
        )


class TextColumns:
    """Which columns of a source are encoded, and which were when it was last added."""

    def __init__(self, earlier: Earlier, path: str, columns: Sequence[str]) -> None:
        self._earlier = earlier
        self._path = path
        self._columns = list(columns)
        self._before = earlier.text_columns(path) if columns else None
        self._is_kept = not columns or self._before == self._columns

    def keep(self) -> None:
        """Remember the columns for the next time, once something of them is stored."""
        if not self._is_kept:
            self._earlier.remember_text_columns(self._path, self._columns)
            self._is_kept = True

    def notes(self, n_replaced: int) -> list[str]:
        """Tell that rows were encoded anew because other columns were named than before."""
        if not n_replaced or self._before in (None, self._columns):
            return []
        was, now = (" + ".join(map(repr, each)) for each in (self._before or [], self._columns))
        rows = "1 row was" if n_replaced == 1 else f"{n_replaced:,} rows were"
        return [
            f"the text was that of the column {was} before and is that of {now} now:"
            f" {rows} encoded anew"
        ]


def as_written(value: Any) -> str:
    """Return a value as it stands in a filter that compares it as text."""
    return value.isoformat() if isinstance(value, date) else str(value)
