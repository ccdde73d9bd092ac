"""Typed columns: the values of one field, row by row, as arrays that comparisons run over."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int32]
Whole = npt.NDArray[np.int64]
Arrays = Mapping[str, npt.NDArray[Any]]

NO_WORD = -1
NO_DATE = int(np.iinfo(np.int64).min)
"""What stands where a row has no value is below every value there can be."""


@dataclass(frozen=True)
class Words:
    """Distinct texts in the order of their UTF-8 bytes, which is how SQLite orders texts.

    They stay bytes: a word is found by bisection, so a million of them need no million objects.
    """

    data: bytes
    starts: Whole
    """Where each word begins, and where the last one ends; shape (n + 1,)."""

    @classmethod
    def of(cls, ordered: Sequence[bytes]) -> Self:
        """Return the words that stand in `ordered`, which is sorted and holds none twice."""
        starts = np.zeros(len(ordered) + 1, np.int64)
        np.cumsum([len(word) for word in ordered], out=starts[1:])
        return cls(b"".join(ordered), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, code: int) -> bytes:
        return self.data[self.starts[code] : self.starts[code + 1]]

    @cached_property
    def texts(self) -> list[str]:
        """All words as texts, decoded once."""
        ends = self.starts.tolist()
        return [self.data[a:b].decode() for a, b in pairwise(ends)]

    def place(self, word: bytes) -> int:
        """Return how many words come before `word`: its own code, if it is one of them."""
        return bisect_left(range(len(self)), word, key=self.__getitem__)

    def has(self, word: bytes, code: int) -> bool:
        """Say whether the word of `code` is `word`."""
        return code < len(self) and self[code] == word

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what to save."""
        return {"words": np.frombuffer(self.data, np.uint8), "starts": self.starts}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return what was saved."""
        return cls(arrays["words"].tobytes(), arrays["starts"])

    def joined(self, other: Words) -> tuple[Words, Codes, Codes]:
        """Return the words of both, and what the codes of either become; -1 stays -1."""
        mine = [other[code] for code in range(len(other))]
        places = [self.place(word) for word in mine]
        fresh = [not self.has(word, at) for word, at in zip(mine, places, strict=True)]
        new = [(at, word) for at, word, is_new in zip(places, mine, fresh, strict=True) if is_new]
        shift = np.searchsorted([at for at, _ in new], np.arange(len(self)), side="right")
        before = np.cumsum([0, *fresh])[:-1]
        return (
            self._with(new),
            _lookup(np.arange(len(self)) + shift),
            _lookup(np.asarray(places, np.int64) + before),
        )

    def only(self, used: Codes) -> tuple[Words, Codes]:
        """Return the words of these codes (ascending), and what the codes become; -1 stays -1."""
        lookup = np.full(len(self), NO_WORD, np.int64)
        lookup[used] = np.arange(len(used))
        return Words.of([self[code] for code in used.tolist()]), _lookup(lookup)

    def _with(self, new: Sequence[tuple[int, bytes]]) -> Words:
        if not new:
            return self
        cuts = [0, *(int(self.starts[at]) for at, _ in new), len(self.data)]
        pieces = [self.data[a:b] for a, b in pairwise(cuts)]
        words = [*(word for _, word in new), b""]
        lengths = np.insert(
            np.diff(self.starts), [at for at, _ in new], [len(word) for _, word in new]
        )
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Words(b"".join(p for pair in zip(pieces, words, strict=True) for p in pair), starts)


@dataclass(frozen=True)
class NumberColumn:
    """Numbers, NaN where there is none; whole numbers that no float holds stand beside them."""

    values: npt.NDArray[np.float64]
    large: Whole
    """The rows of whole numbers that are no float, ascending."""
    integers: Whole
    """Those numbers, exact."""

    def __len__(self) -> int:
        return len(self.values)

    def joined(self, other: Self) -> Self:
        """Return the rows of both, one after another."""
        return type(self)(
            np.concatenate([self.values, other.values]),
            np.concatenate([self.large, other.large + len(self)]),
            np.concatenate([self.integers, other.integers]),
        )

    def take(self, rows: Whole) -> Self:
        """Return the rows at these positions."""
        if not len(self.large):
            return type(self)(self.values[rows], self.large, self.integers)
        at = np.searchsorted(self.large, rows).clip(max=len(self.large) - 1)
        hit = np.flatnonzero(self.large[at] == rows)
        return type(self)(self.values[rows], hit, self.integers[at[hit]])

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what to save."""
        return {"values": self.values, "large": self.large, "integers": self.integers}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return what was saved."""
        return cls(arrays["values"], arrays["large"], arrays["integers"])


@dataclass(frozen=True)
class PlainColumn:
    """Whole numbers, `NONE` where there is none."""

    NONE: ClassVar[int]
    values: npt.NDArray[np.int8] | Whole

    def __len__(self) -> int:
        return len(self.values)

    def joined(self, other: Self) -> Self:
        """Return the rows of both, one after another."""
        return type(self)(np.concatenate([self.values, other.values]))

    def take(self, rows: Whole) -> Self:
        """Return the rows at these positions."""
        return type(self)(self.values[rows])

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what to save."""
        return {"values": self.values}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return what was saved."""
        return cls(arrays["values"])


class BooleanColumn(PlainColumn):
    """1 or 0, int8."""

    NONE = -1


class DateColumn(PlainColumn):
    """Microseconds since 1970 in UTC, int64; a day is its first moment."""

    NONE = NO_DATE


@dataclass(frozen=True)
class TextColumn:
    """The code of each row's text among `words`, -1 where there is none."""

    NONE: ClassVar[int] = NO_WORD
    codes: Codes
    words: Words

    def __len__(self) -> int:
        return len(self.codes)

    def joined(self, other: Self) -> Self:
        """Return the rows of both, one after another."""
        words, mine, others = self.words.joined(other.words)
        return type(self)(np.concatenate([mine[self.codes], others[other.codes]]), words)

    def take(self, rows: Whole) -> Self:
        """Return the rows at these positions; words that no row uses any more stay."""
        return type(self)(self.codes[rows], self.words)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what to save."""
        return {"codes": self.codes, **self.words.arrays()}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return what was saved."""
        return cls(arrays["codes"], Words.from_arrays(arrays))


@dataclass(frozen=True)
class ListColumn:
    """Lists of texts: the members of all rows one after another, and where each row's begin."""

    starts: Whole
    """Shape (n + 1,)."""
    codes: Codes
    missing: Mask
    """The rows that have no list, which is not the same as an empty one; shape (n,)."""
    words: Words

    def __len__(self) -> int:
        return len(self.missing)

    @cached_property
    def rows(self) -> npt.NDArray[np.int32]:
        """The row of each member; shape (number of members,)."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.starts))

    def joined(self, other: Self) -> Self:
        """Return the rows of both, one after another."""
        words, mine, others = self.words.joined(other.words)
        return type(self)(
            np.concatenate([self.starts[:-1], other.starts + len(self.codes)]),
            np.concatenate([mine[self.codes], others[other.codes]]),
            np.concatenate([self.missing, other.missing]),
            words,
        )

    def take(self, rows: Whole) -> Self:
        """Return the rows at these positions; words that no row uses any more stay."""
        lengths = np.diff(self.starts)[rows]
        starts = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths, out=starts[1:])
        within = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths)
        codes = self.codes[np.repeat(self.starts[:-1][rows], lengths) + within]
        return type(self)(starts, codes, self.missing[rows], self.words)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what to save."""
        mine = {"codes": self.codes, "missing": self.missing, "ends": self.starts}
        return {**mine, **self.words.arrays()}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return what was saved."""
        words = Words.from_arrays(arrays)
        return cls(arrays["ends"], arrays["codes"], arrays["missing"], words)


Column = NumberColumn | BooleanColumn | DateColumn | TextColumn | ListColumn
KINDS: dict[str, type[Column]] = {
    "number": NumberColumn,
    "boolean": BooleanColumn,
    "date": DateColumn,
    "text": TextColumn,
    "list": ListColumn,
}


def pruned(column: Column) -> Column:
    """Return the same column without the words that no row uses any more."""
    if not isinstance(column, TextColumn | ListColumn):
        return column
    used = np.unique(column.codes)
    words, lookup = column.words.only(used[used >= 0])
    return replace(column, codes=lookup[column.codes], words=words)


def _lookup(codes: Whole) -> Codes:
    """Return an array that turns old codes into new ones; its last place answers for -1."""
    return np.append(codes, NO_WORD).astype(np.int32)
