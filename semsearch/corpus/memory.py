"""Tables of rows that are in memory, or that a generator makes: texts, dicts, DataFrames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from semsearch.corpus.choice import TEXT, require_distinct
from semsearch.corpus.json_rows import columns_of
from semsearch.corpus.scan import BLOCK_BYTES, BLOCK_ROWS
from semsearch.corpus.tables import Block, Table, survey

if TYPE_CHECKING:
    import pandas as pd

LOOKED_AT = 4096
"""Rows of a source that passes by only once by which its columns and their types are known."""


def table_of_frame(frame: pd.DataFrame) -> Table:
    """Return the table of a DataFrame; missing values become None, the index is left out."""
    names = [str(column) for column in frame.columns]
    require_distinct("the DataFrame", names)
    return survey("the DataFrame", lambda: frame_blocks(frame, names))


def frame_blocks(frame: pd.DataFrame, names: list[str]) -> Iterator[Block]:
    """Yield the cells of some rows of a DataFrame after the other, by column."""
    for first in range(0, max(len(frame), 1), BLOCK_ROWS):
        rows = frame.iloc[first : first + BLOCK_ROWS]
        block = {}
        for position, name in enumerate(names):
            series = rows.iloc[:, position]
            cells, missing = series.tolist(), series.isna().tolist()
            block[name] = [
                None if is_missing else cell
                for cell, is_missing in zip(cells, missing, strict=True)
            ]
        yield block


def table_of_rows(rows: Iterable[object]) -> Table:
    """Return the table of texts (one column, "text") or of dicts.

    Rows that can be iterated again are looked at all; of others only the first, unless that are
    all there are.

    Raises:
        TypeError: the rows are neither all texts nor all dicts.
    """
    if iter(rows) is not rows:
        return survey_rows(rows)
    groups = blocks_of(rows)
    head: list[object] = []
    for group in groups:
        head += group
        if len(head) >= LOOKED_AT or heavy(head):
            break
    following = next(groups, None)
    if following is None:
        return survey_rows(head)
    seen = survey_rows(head)
    names: dict[Any, None] = {}
    passing = map(
        lambda group: block_of(group, names, is_texts=isinstance(head[0], str)),
        chain([head, following], groups),
    )
    return replace(seen, size=None, can_repeat=False, blocks=lambda: passing)


def survey_rows(rows: Iterable[object]) -> Table:
    """Return the table of rows that can be iterated again."""
    is_texts = all(isinstance(row, str) for row in rows)
    names: dict[Any, None] = {}

    def blocks() -> Iterator[Block]:
        groups = slices_of(rows) if isinstance(rows, Sequence) else blocks_of(rows)
        found = (block_of(group, names, is_texts=is_texts) for group in groups)
        return chain([{TEXT: []}], found) if is_texts else found

    return survey("the list" if is_texts else "the list of dicts", blocks)


def block_of(rows: list[object], names: dict[Any, None], *, is_texts: bool) -> Block:
    """Return the columns of some rows; see `columns_of`."""
    kind = str if is_texts else Mapping
    for row in rows:
        if not isinstance(row, kind):
            kinds = ", ".join(sorted({type(each).__name__ for each in rows}))
            raise TypeError(f"rows must be all texts or all dicts; among these there are {kinds}")
    return {TEXT: rows} if is_texts else columns_of(rows, names)  # type: ignore[arg-type]


def slices_of(rows: Sequence[object]) -> Iterator[list[object]]:
    """Yield rows that are in memory already, some at a time."""
    for first in range(0, len(rows), BLOCK_ROWS):
        yield list(rows[first : first + BLOCK_ROWS])


def blocks_of(rows: Iterable[object]) -> Iterator[list[object]]:
    """Yield the rows, as many at a time as memory bears."""
    group: list[object] = []
    weight = 0
    for row in rows:
        group.append(row)
        weight += weight_of(row)
        if len(group) >= BLOCK_ROWS or weight > BLOCK_BYTES:
            yield group
            group, weight = [], 0
    if group:
        yield group


def heavy(rows: list[object]) -> bool:
    """Tell whether rows hold so many texts or pictures that no more should be held."""
    return sum(map(weight_of, rows)) > BLOCK_BYTES


def weight_of(row: object) -> int:
    """Return the characters and bytes of a row's texts and pictures."""
    if isinstance(row, str):
        return len(row)
    cells = row.values() if isinstance(row, Mapping) else ()
    return sum(len(cell) for cell in cells if isinstance(cell, str | bytes))
