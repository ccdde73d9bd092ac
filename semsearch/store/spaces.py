"""Vector spaces side by side: one that searches use, one being built, one to go back to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import numpy as np

from semsearch import fsio
from semsearch.errors import CollectionError, ResultNotFound
from semsearch.store.database import transaction
from semsearch.store.folder import Folder
from semsearch.store.merging import Folded, publish_folded
from semsearch.store.passages import Span, add_passages, take_ids
from semsearch.store.reader import batched
from semsearch.store.schema import Space
from semsearch.store.segments import (
    Entry,
    Ids,
    map_verified,
    publish_segment,
    read_entries,
    replace_segments,
)
from semsearch.vectors import Vectors

CURRENT, BUILDING, PREVIOUS = "current", "building", "previous"

NONE_THERE = {
    BUILDING: ("is not being re-encoded", "begin with `semsearch reencode NAME --module HANDLE`"),
    PREVIOUS: ("has no previous vectors", "they are kept from a switch on, until they are dropped"),
}
"""Problem and remedy where a space is asked for that is not there."""

MADE = {
    "classifier": ("trained on", "train it again"),
    "clustering": ("made from", "cluster again"),
}
"""How results come from vectors, and how they are had from others."""


@dataclass(frozen=True)
class StoredContent:
    """What an item's vector is made from: its text, or the image with the digest `blob`."""

    id: int
    key: str
    text: str
    content: str
    """The digest of what was encoded when the item was added."""
    blob: str | None


def read_spaces(connection: apsw.Connection) -> dict[str, Space]:
    """Return the spaces that there are, by their state."""
    return {
        state: Space(dim, handle, digest, json.loads(card), id_)
        for id_, handle, digest, dim, card, state in connection.execute(
            "SELECT id, handle, digest, dim, card, state FROM space"
        )
    }


def read_missing(connection: apsw.Connection, space_id: int) -> Ids:
    """Return the ids of the live items that have no vector in a space, ascending."""
    rows = connection.execute("SELECT id FROM item WHERE deleted_seq IS NULL")
    live = np.fromiter((row[0] for row in rows), dtype=np.int64)
    covered = [entry.ids for entry in read_entries(connection, space_id)]
    if not covered:
        return np.sort(live)
    return np.setdiff1d(live, np.concatenate(covered), assume_unique=True)


def read_contents(connection: apsw.Connection, ids: Sequence[int]) -> list[StoredContent]:
    """Return what the vectors of `ids` are made from, by id; items deleted since are left out."""
    found = []
    for batch in batched(ids):
        marks = ",".join("?" * len(batch))
        rows = connection.execute(
            "SELECT id, key, text, content, blob FROM item"
            f" WHERE deleted_seq IS NULL AND id IN ({marks}) ORDER BY id",
            batch,
        )
        found += [StoredContent(*row) for row in rows]
    return found


def none_there(folder: Folder, state: str) -> CollectionError:
    """Return the error of a collection that has no space in the state 'building' or 'previous'."""
    problem, remedy = NONE_THERE[state]
    return CollectionError(f"the collection {folder.path.name!r} {problem}", remedy)


def of_another_space(kind: str, name: str, made_by: str | None, now: Space) -> ResultNotFound:
    """Return the error of a result that was made from vectors of another module than now."""
    made, again = MADE.get(kind, ("made from", "make it again"))
    return ResultNotFound(
        f"the {kind} {name!r} was {made} vectors of {made_by!r}, and those of {now.handle!r} are"
        " searched now",
        f"{again}, or return to the former vectors with `semsearch reencode NAME --rollback`",
    )


class Spaces:
    """What a writer may do with vector spaces; `Writer.spaces` makes it, under the lock."""

    def __init__(self, folder: Folder, connection: apsw.Connection) -> None:
        self._folder = folder
        self._connection = connection

    def begin(self, dim: int, handle: str, digest: str, card: dict[str, Any]) -> Space:
        """Add an empty space that is being built; there may be one such.

        Raises:
            CollectionError: another space is being built.
        """
        with transaction(self._connection):
            if BUILDING in (spaces := read_spaces(self._connection)):
                raise CollectionError(
                    f"the collection {str(self._folder.path)!r} is being re-encoded with"
                    f" {spaces[BUILDING].handle!r} already",
                    "finish that with `semsearch reencode NAME`, or drop it with --abandon",
                )
            # Never an id that another space had: whoever looked away would mistake them.
            id_ = self._count("reencode", 0) + 1
            self._connection.execute(
                "INSERT INTO space (id, handle, digest, dim, card, state)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (id_, handle, digest, dim, json.dumps(card, ensure_ascii=False), BUILDING),
            )
        return Space(dim, handle, digest, card, id_)

    def missing(self, space_id: int) -> Ids:
        """Return the ids of the live items that have no vector in a space, ascending."""
        return read_missing(self._connection, space_id)

    def extend(
        self, space_id: int, ids: Ids, vectors: Vectors, spans: Sequence[Sequence[Span]] = ()
    ) -> int:
        """Store vectors (m, dim) of items (n,), ascending by id, and return of how many items.

        `spans` are the passages of each item, whose vectors stand right before the item's own; m
        is n without. Items that were deleted since, or have their vector by now, are left out.
        When this returns, a power cut does not undo it.

        Raises:
            CollectionError: the space was dropped.
        """
        dim = self._width_of(space_id)
        entries = read_entries(self._connection, space_id)
        wanted = self._wanted(ids, entries)
        if not len(wanted):
            return 0
        is_wanted = np.isin(ids, wanted, assume_unique=True)
        counts = np.array([len(each) for each in spans] or [0] * len(ids), dtype=np.int64)
        split = [(int(ids[n]), spans[n]) for n in np.flatnonzero(is_wanted & (counts > 0)).tolist()]
        first = take_ids(self._connection, sum(len(each) for _, each in split))
        all_ids = _with_passages(wanted, counts[is_wanted], first)
        order = np.argsort(all_ids)
        rows = vectors[np.repeat(is_wanted, counts + 1)][order]
        folded = self._folded(entries, dim, all_ids[order], rows)
        with transaction(self._connection):
            firsts = first + np.cumsum([0, *(len(each) for _, each in split)])
            add_passages(self._connection, space_id, firsts[:-1].tolist(), split)
            unused = self._replace(space_id, folded)
        fsio.remove_all(self._folder.segment(sha256) for sha256 in unused)
        return len(wanted)

    def make_current(self, space_id: int) -> int:
        """Let searches use a space from here on, unless items have no vector in it: return 0.

        The current one becomes the previous one; where a new one was built, an older previous one
        is dropped. Otherwise nothing changes, and the number of those items is returned.

        Raises:
            CollectionError: the space was dropped.
        """
        unused: list[Path] = []
        with transaction(self._connection):
            spaces = read_spaces(self._connection)
            state = next((s for s, space in spaces.items() if space.id == space_id), None)
            if state is None:
                raise self._dropped()
            missing = len(read_missing(self._connection, space_id))
            if missing or state == CURRENT:
                return missing
            if state == BUILDING and PREVIOUS in spaces:
                unused = self._forget(spaces[PREVIOUS].id)
            for before, after in ((CURRENT, "leaving"), (state, CURRENT), ("leaving", PREVIOUS)):
                self._connection.execute(
                    "UPDATE space SET state = ? WHERE state = ?", (after, before)
                )
            self._count("switch", 0)
        fsio.remove_all(unused)
        return 0

    def drop(self, state: str) -> int:
        """Forget the space that is being built or the previous one; return the bytes set free.

        Raises:
            CollectionError: there is none in this state.
        """
        with transaction(self._connection):
            unused = self._forget(self._in_state(state).id)
            self._count("drop", 0)
        size = sum(path.stat().st_size for path in unused if path.is_file())
        fsio.remove_all(unused)
        return size

    def _in_state(self, state: str) -> Space:
        spaces = read_spaces(self._connection)
        if state not in spaces:
            raise none_there(self._folder, state)
        return spaces[state]

    def _width_of(self, space_id: int) -> int:
        dim = self._connection.execute("SELECT dim FROM space WHERE id = ?", (space_id,)).get
        if dim is None:
            raise self._dropped()
        return int(dim)

    def _dropped(self) -> CollectionError:
        return CollectionError(
            f"the vectors that were being made for {str(self._folder.path)!r} were dropped"
            " meanwhile",
            "run the same command again to begin anew",
        )

    def _wanted(self, ids: Ids, entries: Sequence[Entry]) -> Ids:
        """Return which of `ids` are live and have no vector in these segments."""
        found = [one.id for one in read_contents(self._connection, ids.tolist())]
        wanted = np.array(found, dtype=np.int64)
        for entry in entries:
            if len(wanted) and entry.first_id <= wanted[-1] and entry.ids[-1] >= wanted[0]:
                wanted = np.setdiff1d(wanted, entry.ids, assume_unique=True)
        return wanted

    def _replace(self, space_id: int, folded: Sequence[Folded]) -> set[str]:
        """Put new segments in the place of those that they took over; return the unused files."""
        unused: set[str] = set()
        for one in folded:
            unused.update(
                replace_segments(self._connection, space_id, one.taken, one.ids, one.published)
            )
        if any(one.taken for one in folded):
            self._count("reencode", 0)  # readers look again for files that went
        return unused - {one.published.sha256 for one in folded}

    def _folded(self, entries: Sequence[Entry], dim: int, ids: Ids, rows: Vectors) -> list[Folded]:
        """Write rows (n, dim) of new ids, ascending, as segments between those there are."""
        place = np.searchsorted([entry.ids[-1] for entry in entries], ids)
        firsts = np.array([*(entry.first_id for entry in entries), ids[-1] + 1], dtype=np.int64)
        if (firsts[place] < ids).any():
            crossed = [entry for entry in entries if entry.ids[-1] > ids[0]]
            return [self._interleaved(crossed, dim, ids, rows)]
        folded, begin = [], 0
        for end in np.unique(place).tolist():
            mine, before = place == end, entries[begin:end]
            folded.append(publish_folded(self._folder, before, ids[mine], rows[mine]))
            begin = end
        return folded

    def _interleaved(self, crossed: Sequence[Entry], dim: int, ids: Ids, rows: Vectors) -> Folded:
        """Write the rows of segments and new rows between them as one segment, ascending by id."""
        blocks = [map_verified(self._folder, entry, dim) for entry in crossed]
        every = np.concatenate([*(entry.ids for entry in crossed), ids])
        order = np.argsort(every, kind="stable")
        published = publish_segment(self._folder, np.concatenate([*blocks, rows])[order])
        return Folded(every[order], published, tuple(entry.first_id for entry in crossed))

    def _forget(self, space_id: int) -> list[Path]:
        """Take a space and all that belongs to it out of the catalogue; return what to unlink."""
        derived = list(
            self._connection.execute(
                "SELECT sha256, suffix FROM derived WHERE space_id = ?", (space_id,)
            )
        )
        for table in ("segment", "derived", "passage", "setting"):
            self._connection.execute(f"DELETE FROM {table} WHERE space_id = ?", (space_id,))
        self._connection.execute("DELETE FROM space WHERE id = ?", (space_id,))
        # One that was made while its space went, too.
        self._connection.execute("DELETE FROM result WHERE space_id NOT IN (SELECT id FROM space)")
        named = {row[0] for row in self._connection.execute("SELECT sha256 FROM derived")}
        files = [self._folder.derived_file(*one) for one in derived if one[0] not in named]
        return [*files, *self._unused_files()]

    def _unused_files(self) -> list[Path]:
        """Take the segments and heads that nothing names out of the manifest."""
        rows = self._connection.execute(
            "DELETE FROM file"
            " WHERE kind = 'segment' AND sha256 NOT IN (SELECT sha256 FROM segment)"
            " OR kind = 'head' AND sha256 NOT IN (SELECT sha256 FROM result)"
            " RETURNING kind, sha256"
        )
        place = {"segment": self._folder.segment, "head": self._folder.head}
        return [place[kind](sha256) for kind, sha256 in rows]

    def _count(self, kind: str, n: int) -> int:
        self._connection.execute("INSERT INTO op (kind, n) VALUES (?, ?)", (kind, n))
        return self._connection.last_insert_rowid()


def _with_passages(item_ids: Ids, counts: Ids, first: int) -> Ids:
    """Return the ids of items with those of their passages right before each, from `first` on."""
    ids = np.repeat(item_ids, counts + 1)
    is_passage = np.ones(len(ids), dtype=np.bool_)
    is_passage[np.cumsum(counts + 1) - 1] = False
    ids[is_passage] = first + np.arange(int(counts.sum()), dtype=np.int64)
    return ids
