"""The items of a collection by their content: which of them are the very same."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from semsearch.collection.searching import allowing
from semsearch.errors import CollectionError
from semsearch.index import Rows
from semsearch.store import Snapshot, Store
from semsearch.store.digests import Digests, read_digests
from semsearch.store.segments import Ids


@dataclass(frozen=True, eq=False)
class Side:
    """Items of one collection: their ids (n,), and for each a number that says its content.

    Items with the same number, on whatever side, were encoded from the very same text, image or
    vector; so one vector of each content is enough to compare.
    """

    store: Store
    snapshot: Snapshot
    ids: Ids
    codes: Ids

    @cached_property
    def contents(self) -> Ids:
        """The numbers that are there, in the order in which their first items were stored."""
        codes, first = np.unique(self.codes, return_index=True)
        return codes[np.argsort(first)]

    @property
    def first_rows(self) -> tuple[Rows, Ids]:
        """The vectors of the collection, and the row of the first item of each of `contents`."""
        rows = Rows(tuple(segment.vectors for segment in self.snapshot.segments))
        return rows, self.snapshot.rows_of(self.first_ids(self.contents))

    def first_ids(self, codes: Ids) -> Ids:
        """Return the first item of each content."""
        return self._ids[self._starts[codes]]

    def ids_of(self, code: int) -> Ids:
        """Return the items of a content, ascending; empty where it has none on this side."""
        return self._ids[self._starts[code] : self._starts[code + 1]]

    def n_of(self, code: int) -> int:
        """Return how many items have a content."""
        return int(self._starts[code + 1] - self._starts[code])

    def n_all(self, codes: Ids) -> Ids:
        """Return how many items have each content."""
        return self._starts[codes + 1] - self._starts[codes]

    def keys(self, ids: Collection[int]) -> dict[int, str]:
        """Return the keys of items, but of those that were just erased."""
        return self.store.keys(sorted(ids))

    @cached_property
    def _ids(self) -> Ids:
        return self.ids[np.argsort(self.codes, kind="stable")]

    @cached_property
    def _starts(self) -> Ids:
        """Where the items of each content begin in `_ids`, and where the last ones end."""
        return np.concatenate([[0], np.cumsum(np.bincount(self.codes))])


def sides_of(
    store: Store, where: str | None, other: Store | None = None
) -> tuple[Side, Side | None]:
    """Return the items that pass a filter by content, and those of another collection beside them.

    Raises:
        QueryError: the filter cannot be understood.
        CollectionError: the vectors of the other collection are not of the same module.
    """
    allowed = allowing(store, where)
    snapshot = store.snapshot()
    ids, digests = _contents(store, snapshot)
    mask = allowed(snapshot)
    if mask is not None:
        passes = mask[snapshot.rows_of(ids)]
        ids, digests = ids[passes], digests[passes]
    if other is None:
        _, codes = np.unique(digests, return_inverse=True)
        return Side(store, snapshot, ids, codes), None
    beside = other.snapshot()
    _check_comparable(store, snapshot, other, beside)
    other_ids, other_digests = _contents(other, beside)
    _, codes = np.unique(np.concatenate([digests, other_digests]), return_inverse=True)
    return (
        Side(store, snapshot, ids, codes[: len(ids)]),
        Side(other, beside, other_ids, codes[len(ids) :]),
    )


def _contents(store: Store, snapshot: Snapshot) -> tuple[Ids, Digests]:
    """Return the live items of a snapshot, ascending, but of those deleted since, and digests."""
    ids, digests = store.columns.at(snapshot).read(read_digests)
    common, _, at = np.intersect1d(snapshot.ids, ids, assume_unique=True, return_indices=True)
    return common, digests[at]


def _check_comparable(store: Store, mine: Snapshot, other: Store, theirs: Snapshot) -> None:
    names = [each.folder.path.name for each in (store, other)]
    if store.folder.path.resolve() == other.folder.path.resolve():
        raise ValueError(
            f"the other collection is {names[0]!r} itself; leave it out to compare its items"
        )
    a, b = mine.space, theirs.space
    if (a.digest, a.dim) != (b.digest, b.dim):
        raise CollectionError(
            f"the vectors of {names[0]!r} are of the module {a.handle!r} (digest"
            f" {str(a.digest)[:12]}, {a.dim} wide), those of {names[1]!r} of {b.handle!r} (digest"
            f" {str(b.digest)[:12]}, {b.dim} wide)",
            f"give both the same module with `semsearch reencode {names[1]}`",
        )
