"""A table of items in memory, filtered both ways: by our columns and by SQLite."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import apsw
import numpy as np

from semsearch.columns import Column, Mask
from semsearch.search import parse_filter, passing
from semsearch.store.field_values import read_column


class SmallTable:
    """Items 1 to N with keys, texts and fields; a `Source` for filters."""

    def __init__(self, fields: Mapping[str, str], rows: Mapping[str, Mapping[str, Any]]) -> None:
        self.fields = fields
        self.keys = list(rows)
        self.ids = np.arange(1, len(rows) + 1)
        self.database = apsw.Connection(":memory:")
        self.database.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, key, text, fields)")
        self.database.executemany(
            "INSERT INTO item (key, text, fields) VALUES (?, 'text of ' || ?1, ?)",
            [(key, json.dumps(row, ensure_ascii=False)) for key, row in rows.items()],
        )

    def column(self, name: str, kind: str) -> Column:
        return read_column(self.database, name, kind, self.ids, whole=True)

    def meeting(self, condition: str, values: Sequence[Any], *, negated: bool) -> Mask:
        found = self.database.execute(f"SELECT id FROM item WHERE {condition}", tuple(values))
        return np.isin(self.ids, [id_ for (id_,) in found], invert=negated)

    def matching(self, where: str) -> list[str]:
        """Return the keys of the rows that pass a filter."""
        mask = passing(parse_filter(where, self.fields), self)
        assert mask.dtype == np.bool_ and mask.shape == self.ids.shape
        return [key for key, passes in zip(self.keys, mask, strict=True) if passes]

    def matching_in_sqlite(self, condition: str) -> list[str]:
        """Return the keys of the rows for which an SQL condition is true."""
        found = self.database.execute(f"SELECT key FROM item WHERE {condition} ORDER BY id")
        return [key for (key,) in found]
