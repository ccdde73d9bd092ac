"""The parts of split texts: which item each belongs to, and where it stands in its text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import apsw
import numpy as np
import numpy.typing as npt

from semsearch.store.database import transaction
from semsearch.store.segments import Ids

Span = tuple[int, int]
"""Where a passage begins in its text and where it ends, in characters."""


@dataclass(frozen=True)
class Passages:
    """Passages by ascending `ids`: the item of each, and its first and last character + 1, (n,)."""

    ids: Ids
    item_ids: Ids
    starts: Ids
    stops: Ids

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, places: Ids | npt.NDArray[np.bool_]) -> Passages:
        """Return the passages at some places, in their order."""
        return Passages(
            self.ids[places], self.item_ids[places], self.starts[places], self.stops[places]
        )

    def followed_by(self, others: Passages) -> Passages:
        """Return these passages and others after them."""
        if not len(others):
            return self
        pairs = zip(self._columns, others._columns, strict=True)
        return Passages(*(np.concatenate(pair) for pair in pairs))

    def span(self, id_: int) -> Span:
        """Return where a passage stands, by its id."""
        place = int(np.searchsorted(self.ids, id_))
        return int(self.starts[place]), int(self.stops[place])

    def of_items(self, item_ids: Ids) -> tuple[Ids, Ids]:
        """Return the places of the passages of items, and how many each has (n,), 0 where unsplit.

        The places (m,) stand in the order of the items; those of one item ascend.
        """
        first = np.searchsorted(self._sorted_item_ids, item_ids, side="left")
        counts = np.searchsorted(self._sorted_item_ids, item_ids, side="right") - first
        begins = np.cumsum(counts) - counts
        within = np.arange(int(counts.sum()), dtype=np.int64) - np.repeat(begins, counts)
        return self._by_item[np.repeat(first, counts) + within], counts

    @property
    def _columns(self) -> tuple[Ids, Ids, Ids, Ids]:
        return self.ids, self.item_ids, self.starts, self.stops

    @cached_property
    def _by_item(self) -> Ids:
        return np.argsort(self.item_ids, kind="stable").astype(np.int64)

    @cached_property
    def _sorted_item_ids(self) -> Ids:
        return self.item_ids[self._by_item]


def no_passages() -> Passages:
    """Return none."""
    nothing = np.empty(0, dtype=np.int64)
    return Passages(nothing, nothing, nothing, nothing)


def read_passages(connection: apsw.Connection, space_id: int, after: int = 0) -> Passages:
    """Return the stored passages of a space with ids above `after`; their items may be dead."""
    rows = list(
        connection.execute(
            "SELECT id, item_id, start, stop FROM passage WHERE space_id = ? AND id > ?"
            " ORDER BY id",
            (space_id, after),
        )
    )
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return Passages(*(np.ascontiguousarray(column) for column in columns))


def add_passages(
    connection: apsw.Connection,
    space_id: int,
    first_ids: Iterable[int],
    split: Iterable[tuple[int, Sequence[Span]]],
) -> None:
    """Store the passages of items: the ids of each item's begin with its `first_ids`."""
    connection.executemany(
        "INSERT INTO passage (id, space_id, item_id, start, stop) VALUES (?, ?, ?, ?, ?)",
        (
            (first + number, space_id, item_id, *span)
            for first, (item_id, spans) in zip(first_ids, split, strict=True)
            for number, span in enumerate(spans)
        ),
    )


def take_ids(connection: apsw.Connection, n: int) -> int:
    """Take `n` ids from the counter of the items, for good, and return the first."""
    if not n:
        return 0
    with transaction(connection):
        connection.execute("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'item'", (n,))
        last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'item'").get
    return int(last) - n + 1


def dead_ids(connection: apsw.Connection) -> Ids:
    """Return the ids of deleted items and of their passages in every space, ascending."""
    rows = connection.execute(
        "SELECT id FROM item WHERE deleted_seq IS NOT NULL UNION ALL SELECT passage.id"
        " FROM item JOIN passage ON item_id = item.id WHERE deleted_seq IS NOT NULL ORDER BY 1"
    )
    return np.fromiter((row[0] for row in rows), dtype=np.int64)


def drop_passages_of_dead(connection: apsw.Connection) -> None:
    """Forget the passages of deleted items; stands before their rows are dropped."""
    connection.execute(
        "DELETE FROM passage WHERE item_id IN (SELECT id FROM item WHERE deleted_seq IS NOT NULL)"
    )
