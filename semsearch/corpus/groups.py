"""Rows of cells into blocks, as many at a time as memory bears."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from semsearch.corpus.scan import BLOCK_BYTES, BLOCK_ROWS


def row_groups(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    """Yield rows, some at a time: fewer where their texts and bytes are long."""
    group: list[Sequence[Any]] = []
    weight = 0
    for row in rows:
        group.append(row)
        weight += sum(len(cell) for cell in row if isinstance(cell, str | bytes))
        if len(group) >= BLOCK_ROWS or weight > BLOCK_BYTES:
            yield group
            group, weight = [], 0
    if group:
        yield group
