"""Find the columns of a table that could hold the keys of its rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from semsearch.corpus.values import as_text

KEY_WORD = re.compile(
    r"(?:^|[_\W])(?:id|ids|key|uuid|guid|sku|isbn|doi|url|slug|number|no|nr)$", re.IGNORECASE
)
HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
LOOKED_AT = 100_000
"""Rows in which a column of keys must be unique to be suggested."""


class KeyWatch:
    """Which columns that are named like keys are unique and never empty, as far as was looked."""

    def __init__(self) -> None:
        self._seen: dict[str, set[str] | None] = {}
        self._rows = 0

    def see(self, block: Mapping[str, Sequence[Any]]) -> None:
        """Take the next rows into account."""
        if self._rows >= LOOKED_AT:
            return
        size = len(next(iter(block.values()), ()))
        for column, cells in block.items():
            if column not in self._seen:
                may_be = not self._rows and is_key_name(column)
                self._seen[column] = set() if may_be else None
            seen = self._seen[column]
            if seen is not None and size:
                seen.update(as_text(cell).strip() for cell in cells)
                if "" in seen or len(seen) < self._rows + size:
                    self._seen[column] = None
        self._rows += size

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that could be keys, in their order."""
        return tuple(column for column, seen in self._seen.items() if seen)


def is_key_name(column: str) -> bool:
    """Tell whether a column is named like one of keys: `id`, `review_id`, `productKey`, `url`."""
    return KEY_WORD.search(HUMP.sub("_", column.strip())) is not None
