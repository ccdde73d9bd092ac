"""Which rows one search may find, in the forms that the parts of a search need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from semsearch.index.exact import Part, parts_of
from semsearch.index.native import RowNumbers, packed_selector
from semsearch.index.rows import NONE, Mask, Rows


@dataclass(frozen=True, eq=False)
class Coverage:
    """Which rows of `n_rows` have codes: those of `mapping` (n_codes,), or the first n_codes."""

    n_codes: int
    n_rows: int
    mapping: RowNumbers | None = None

    @cached_property
    def tail_start(self) -> int:
        """The first row without codes; every one after it is asked of `tail`."""
        return self.n_codes if self.tail is None else int(np.argmax(np.append(self.tail, True)))

    @cached_property
    def tail(self) -> Mask | None:
        """Which rows have no codes (n_rows,); None where that is every row from `n_codes` on."""
        if self.mapping is None:
            return None
        mask = np.ones(self.n_rows, dtype=np.bool_)
        mask[self.mapping[self._is_there]] = False
        return mask

    def of_codes(self, findable: Mask | None) -> Mask | None:
        """Return which codes stand for findable rows (n_codes,); None where all do."""
        if self.mapping is None:
            return None if findable is None else findable[: self.n_codes]
        if findable is None:
            return self._is_there
        return self._is_there & findable[self.mapping]

    def rows_of(self, positions: RowNumbers) -> RowNumbers:
        """Return the row of each position, -1 for -1."""
        if self.mapping is None:
            return positions
        return np.where(positions == NONE, NONE, self.mapping[positions])

    @cached_property
    def _is_there(self) -> Mask:
        mapping = np.arange(self.n_codes) if self.mapping is None else self.mapping
        return np.asarray(mapping != NONE)


@dataclass(frozen=True, eq=False)
class Scope:
    """The rows that may be found, by `findable` (n,), None for all; made once, then only read."""

    rows: Rows
    coverage: Coverage
    findable: Mask | None

    @cached_property
    def n(self) -> int:
        """How many rows may be found."""
        return len(self.rows) if self.findable is None else int(np.count_nonzero(self.findable))

    @cached_property
    def parts(self) -> list[Part]:
        """All findable rows, to be scanned."""
        return parts_of(self.rows, self.findable)

    @cached_property
    def tail_parts(self) -> list[Part]:
        """The findable rows without codes, to be scanned."""
        tail, start = self.coverage.tail, self.coverage.tail_start
        if tail is None:
            return parts_of(self.rows, self.findable, start)
        return parts_of(self.rows, tail if self.findable is None else tail & self.findable, start)

    @cached_property
    def codes(self) -> Mask | None:
        """Which codes may be found (n_codes,); None where all may."""
        mask = self.coverage.of_codes(self.findable)
        return None if mask is None or mask.all() else mask

    @cached_property
    def n_codes(self) -> int:
        """How many codes may be found."""
        return self.coverage.n_codes if self.codes is None else int(np.count_nonzero(self.codes))

    @cached_property
    def selector(self) -> Any | None:
        """The same for FAISS: a bit for each code; None where all may be found."""
        return None if self.codes is None else packed_selector(self.codes)

    def found_rows(self, positions: RowNumbers) -> RowNumbers:
        """Return the rows of positions, -1 for those that may not be found, whatever FAISS says."""
        if self.codes is not None:
            positions = np.where(self.codes[positions] & (positions != NONE), positions, NONE)
        return self.coverage.rows_of(positions)
