"""One field of many items, read from the database as a typed column."""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import apsw
import numpy as np

from semsearch.columns import (
    NO_DATE,
    BooleanColumn,
    Codes,
    Column,
    DateColumn,
    ListColumn,
    NumberColumn,
    TextColumn,
    Whole,
    Words,
)
from semsearch.store.segments import Ids

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EXACT = 2**53
"""Every whole number up to here is a float."""

SAMPLE = 1_000
"""The last rows of the table, by which the size of a column is foretold."""

PLAIN = "json_extract(fields, ?)"
NESTED = "fields -> ?"
"""What SQLite is asked for: a number or truth as itself; of the other kinds the JSON text, of which
each distinct one is decoded once."""


def read_column(
    connection: apsw.Connection, name: str, kind: str, ids: Ids, *, whole: bool
) -> Column:
    """Return the field of the items `ids` (ascending); those that are gone have none.

    `whole` reads one run of the table, which is quick where `ids` are most of it.
    """
    if not len(ids):
        return BUILDERS[kind]([])
    value = PLAIN if kind in ("number", "boolean") else NESTED
    where, bounds = _rows_of(ids, whole=whole)
    found = connection.execute(
        f"SELECT id, {value} FROM item WHERE {where} ORDER BY id", (_path(name), *bounds)
    )
    there = array("q")
    column = BUILDERS[kind](_values(found, there))
    return aligned(column, np.frombuffer(there, np.int64), ids, kind)


def _values(found: Iterable[tuple[int, Any]], there: array[int]) -> Iterator[Any]:
    """Yield the values of the rows, none of them kept, and note down their ids."""
    for id_, value in found:
        there.append(id_)
        yield value


def _path(name: str) -> str:
    return f"$.{json.dumps(name, ensure_ascii=False)}"


def _rows_of(ids: Ids, *, whole: bool) -> tuple[str, tuple[int | str, ...]]:
    if whole:
        return "id BETWEEN ? AND ?", (int(ids[0]), int(ids[-1]))
    return "id IN (SELECT value FROM json_each(?))", (json.dumps(ids.tolist()),)


def words_to_expect(connection: apsw.Connection, name: str, kind: str, n: int) -> int:
    """Return about how many bytes the distinct texts of a field take in a column of n rows.

    It is far too much where texts repeat, and never far too little.
    """
    if kind not in ("text", "list"):
        return 0
    rows = list(
        connection.execute(
            f"SELECT {NESTED} FROM item ORDER BY id DESC LIMIT ?", (_path(name), SAMPLE)
        )
    )
    distinct = {value for (value,) in rows if value is not None}
    return sum(map(len, distinct)) * n // max(1, len(rows))


def aligned(column: Column, there: Ids, wanted: Ids, kind: str) -> Column:
    """Return a column of the ids `there` as one of the ids `wanted`; both ascend."""
    if np.array_equal(there, wanted):
        return column
    at = np.searchsorted(there, wanted)
    known = at < len(there)
    known[known] = there[at[known]] == wanted[known]
    with_none = joined(column, BUILDERS[kind]([None]))
    return with_none.take(np.where(known, at, len(there)))


def joined(first: Column, second: Column) -> Column:
    """Return the rows of two columns of one type, one after another."""
    if type(first) is not type(second):
        raise TypeError(f"{type(first).__name__} does not go on as {type(second).__name__}")
    both: Column = first.joined(second)  # type: ignore[arg-type]
    return both


def numbers(values: Iterable[Any]) -> NumberColumn:
    """Return a column of what `json_extract` gave for numbers."""
    large: dict[int, int] = {}

    def as_float(row: int, value: Any) -> float:
        if isinstance(value, float):
            return value
        if not isinstance(value, int):
            return math.nan
        if not -EXACT <= value <= EXACT and float(value) != value:
            large[row] = value
        return float(value)

    floats = np.array([as_float(row, value) for row, value in enumerate(values)], np.float64)
    return NumberColumn(floats, as_whole(large), as_whole(large.values()))


def booleans(values: Iterable[Any]) -> BooleanColumn:
    """Return a column of what `json_extract` gave for truths."""
    plain = [value if value in (0, 1) and isinstance(value, int) else -1 for value in values]
    return BooleanColumn(np.array(plain, np.int8))


def dates(spellings: Iterable[str | None]) -> DateColumn:
    """Return a column of JSON texts that spell dates as `schema.iso_date` does."""
    codes, distinct = _numbered(spellings)
    moments = [*map(_moment, distinct), NO_DATE]
    return DateColumn(as_whole(moments)[codes])


def texts(spellings: Iterable[str | None]) -> TextColumn:
    """Return a column of JSON texts; what is no text stands as a person would write it."""
    codes, distinct = _numbered(spellings)
    decoded = [_text(json.loads(each), each) for each in distinct]
    words, places = _words(decoded)
    return TextColumn(np.append(places, -1).astype(np.int32)[codes], words)


def lists(spellings: Iterable[str | None]) -> ListColumn:
    """Return a column of JSON texts that are lists of texts."""
    codes, distinct = _numbered(spellings)
    decoded = [json.loads(each) for each in distinct]
    members = [each if isinstance(each, list) else [] for each in decoded]
    flat = [_text(member, json.dumps(member)) for each in members for member in each]
    words, places = _words(flat)
    starts = np.concatenate([[0], np.cumsum([len(each) for each in members])]).astype(np.int64)
    is_list = np.array([*(isinstance(each, list) for each in decoded), False], np.bool_)
    own = ListColumn(starts, places, ~is_list[:-1], words)
    none = ListColumn(as_whole([0, 0]), places[:0], np.ones(1, np.bool_), Words.of([]))
    return own.joined(none).take(np.where(codes < 0, len(distinct), codes))


BUILDERS: dict[str, Callable[[Iterable[Any]], Column]] = {
    "number": numbers,
    "boolean": booleans,
    "date": dates,
    "text": texts,
    "list": lists,
}


def as_whole(values: Iterable[int]) -> Whole:
    """Return whole numbers as an array."""
    return np.array(list(values), np.int64)


def _numbered(spellings: Iterable[str | None]) -> tuple[Codes, list[str]]:
    """Return each row's number among the distinct spellings, -1 for none, and these."""
    known: dict[str, int] = {}
    codes = (
        -1 if each is None or each == "null" else known.setdefault(each, len(known))
        for each in spellings
    )
    return np.fromiter(codes, np.int32), list(known)


def _words(decoded: Sequence[str]) -> tuple[Words, Codes]:
    """Return the distinct words, and the code of each text."""
    encoded = [text.encode() for text in decoded]
    ordered = sorted(set(encoded))
    places = {word: code for code, word in enumerate(ordered)}
    return Words.of(ordered), np.array([places[word] for word in encoded], np.int32)


def _moment(spelling: str) -> int:
    value = json.loads(spelling)
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):  # a text that a damaged or foreign writer left
        return NO_DATE
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return (moment - EPOCH) // MICROSECOND


def _text(value: Any, spelling: str) -> str:
    """A field that became a text field holds what its items had before: spell it the same way."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    return spelling
