"""Store: one open collection folder, many readers and one writer at a time."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self, TypeVar

import apsw
import numpy as np
import numpy.typing as npt

from semsearch import fsio
from semsearch.errors import (
    CollectionDamaged,
    CollectionError,
    CollectionLocked,
    ResultNotFound,
)
from semsearch.store import checking, reader, recovery, spaces
from semsearch.store.backup import BackupReport, backup
from semsearch.store.bm25 import Lexicon, WordScores
from semsearch.store.columns import Columns
from semsearch.store.database import (
    Readers,
    create_database,
    fold_log,
    open_writer,
    sqlite_errors,
)
from semsearch.store.derived import Derived, read_derived
from semsearch.store.findings import CheckReport
from semsearch.store.folder import (
    Folder,
    check_format,
    check_free,
    check_writable,
    lay_out,
    make_folders,
)
from semsearch.store.judgements import Judgement, read_judgements
from semsearch.store.lock import writer_lock
from semsearch.store.mounts import check_local
from semsearch.store.reader import Snapshot, StoredItem
from semsearch.store.reuse import Earlier
from semsearch.store.schema import Space
from semsearch.store.segments import Ids
from semsearch.store.settings import read_setting
from semsearch.store.spaces import StoredContent
from semsearch.store.upgrade import upgrade_if_older
from semsearch.store.verifying import Verification, verify_space
from semsearch.store.writer import Writer

T = TypeVar("T")

REREAD = 100
"""Times that a reader begins again because a writer committed meanwhile; two are rare."""


class Store:
    """The truth of one collection. Knows vectors and rows, and no encoder."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open the collection at `path`, brought up to today's format where it is older.

        See `check_format` and `upgrade_if_older` for what is raised.
        """
        self.folder = check_format(path.absolute())
        if not read_only:
            check_local(self.folder.path)
        upgrade_if_older(self.folder, read_only=read_only)
        self.read_only = read_only
        self._readers = Readers(self.folder.database)
        self._swap = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._verification = Verification(self.folder)
        self.columns = Columns(self.folder, self._read)
        self._lexicon = Lexicon()
        self.meta = {name: value for name, value in self._rows("SELECT name, value FROM meta")}

    @classmethod
    def create(cls, path: Path, space: Space, meta: dict[str, str]) -> Self:
        """Make a new, empty collection at `path`, whole or not at all, and open it."""
        check_free(path)
        check_local(path)
        with fsio.growing_folder(path) as growing:
            folder = lay_out(growing)
            create_database(folder.database)
            _describe(folder, space, meta)
            fsio.rename(growing, path)
        return cls(path)

    def close(self) -> None:
        """Close every connection; the store cannot be used afterwards."""
        self._readers.close()
        self._verification.close()
        self._snapshot = None
        self.columns.clear()
        self._lexicon.clear()

    @property
    def version(self) -> int:
        """The number of the last committed change, by this process or another.

        Raises:
            CollectionDamaged: a file of vectors does not hold what was written.
        """
        self._verification.check()
        try:  # every search asks this; the way through `_read` costs more than the question
            return reader.read_version(self._readers.connection())
        except apsw.Error:
            return self._read(reader.read_version)  # which tells it in words

    @property
    def space(self) -> Space:
        """The vector space that searches use now; another process may exchange it."""
        held = self._snapshot
        if held is not None and held.version == self.version:
            return held.space
        return self._read(reader.read_space)

    def snapshot(self) -> Snapshot:
        """Return the vectors as they stand now; reread only when something was committed.

        Raises:
            CollectionDamaged: a file of vectors is missing or does not hold what was written.
        """
        held = self._snapshot
        if held is not None and held.version == self.version:
            return held
        with self._swap:
            fresh = self._settled(
                lambda connection: reader.read_snapshot(connection, self.folder, held)
            )
            self._verification.look_at(fresh.segments)
            self._snapshot = fresh
        return fresh

    def snapshot_of(self, state: str) -> Snapshot:
        """Return the vectors of the 'building' or the 'previous' space.

        Raises:
            CollectionError: there is none.
        """
        if state not in self.spaces():
            raise spaces.none_there(self.folder, state)
        return self._settled(
            lambda connection: reader.read_snapshot(connection, self.folder, None, state)
        )

    def verify(self, space: Space) -> None:
        """Read all vectors of a space that is not searched yet, see `verifying.verify_space`."""
        self._read(lambda connection: verify_space(self.folder, connection, space))

    def spaces(self) -> dict[str, Space]:
        """Return the vector spaces by state: 'current', and 'building' or 'previous' if any."""
        return self._read(spaces.read_spaces)

    def missing(self, space_id: int) -> Ids:
        """Return the ids of the live items that have no vector in a space, ascending."""
        return self._read(lambda connection: spaces.read_missing(connection, space_id))

    def contents(self, ids: Sequence[int]) -> list[StoredContent]:
        """Return what the vectors of live items are made from, by id."""
        return self._read(lambda connection: spaces.read_contents(connection, ids))

    def items(self, ids: Sequence[int]) -> dict[int, StoredItem]:
        """Return the rows of `ids`; ids without a row are left out."""
        return self._read(lambda connection: reader.items_by_id(connection, ids))

    def live_items(self, keys: Sequence[str]) -> dict[str, StoredItem]:
        """Return the live rows of `keys`; keys without one are left out."""
        return self._read(lambda connection: reader.live_items_by_key(connection, keys))

    def ids_where(self, condition: str, values: Sequence[Any]) -> Ids:
        """Return the live ids that meet an SQL condition on `item`, ascending."""
        return self._read(lambda connection: reader.ids_where(connection, condition, values))

    def keys(self, ids: Sequence[int]) -> dict[int, str]:
        """Return the key of each of `ids`; ids without a row are left out."""
        return self._read(lambda connection: reader.keys_by_id(connection, ids))

    def fields(self) -> dict[str, str]:
        """Return the type of every field: number, text, boolean, date or list."""
        return {
            name: kind or "text"
            for name, kind in self._rows("SELECT name, type FROM field ORDER BY name")
        }

    def earlier(self, ask: Callable[[Earlier], T]) -> T:
        """Return what `ask` finds among what earlier calls stored."""
        return self._read(lambda connection: ask(Earlier(connection)))

    def judgements(self, query: str | None = None) -> list[Judgement]:
        """Return what was said of the answers to a query, or to all, the oldest first."""
        return self._read(lambda connection: read_judgements(connection, query))

    def setting(self, name: str, space_id: int) -> Any:
        """Return what was learned under this name for a vector space; None where nothing was."""
        return self._read(lambda connection: read_setting(connection, name, space_id))

    def word_scores(self, text: str) -> WordScores:
        """Return the live items that have words of a text, with their BM25.

        No text is wrong: whatever is no word is passed over. A "phrase in quotes" must stand in an
        item as it is; a run of one character of a script without spaces finds all that has it.
        """
        return self._read(lambda connection: self._lexicon.scores(connection, text))

    def has_words(self) -> bool:
        """Say whether any live item has a text."""
        return bool(self._rows("SELECT 1 FROM words_docsize LIMIT 1"))

    def blob(self, sha256: str) -> bytes:
        """Return the bytes of an original image.

        Raises:
            CollectionDamaged: its file is missing or not what was written.
        """
        try:
            data = self.folder.blob(sha256).read_bytes()
        except OSError as error:
            raise self._damaged_image(sha256, "is missing") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise self._damaged_image(sha256, "is not what was written")
        return data

    def _damaged_image(self, sha256: str, wrong: str) -> CollectionDamaged:
        return CollectionDamaged(
            f"the stored image {sha256[:12]} of {str(self.folder.path)!r} {wrong}",
            "delete the item and add its image again, or restore the collection from a backup",
        )

    def bytes_on_disk(self) -> int:
        """Return how many bytes the collection's files take."""
        return self.folder.size()

    def derived(self, kind: str, space_id: int | None = None) -> list[Derived]:
        """Return the derived files of one kind that the catalogue names for a space.

        None is the current one.
        """
        wanted = space_id or self.space.id
        return self._read(lambda connection: read_derived(connection, self.folder, kind, wanted))

    def check(self, *, full: bool = False, repair: bool = False) -> CheckReport:
        """Look everything over, see `checking.check`; `repair` mends what can be made again.

        Where the database itself is damaged, nothing is mended.

        Raises:
            CollectionLocked: another process is writing, and `repair` is wanted.
        """
        if repair:
            with suppress(CollectionDamaged), self.writing() as writer:
                return writer.check_and_repair(full=full)
        return self._read(lambda connection: checking.check(self.folder, connection, full=full))

    def backup(self, target: Path) -> BackupReport:
        """Write the collection as it stands now into one new file, see `backup.backup`."""
        return self._read(lambda connection: backup(self.folder, connection, target.absolute()))

    def result_names(self, kind: str) -> list[str]:
        """Return the names of the stored results of one kind, sorted."""
        return [
            row[0]
            for row in self._rows(
                "SELECT name FROM result WHERE kind = ? AND space_id = ? ORDER BY name",
                (kind, self.space.id),
            )
        ]

    def load_result(
        self, kind: str, name: str, space: Space | None = None
    ) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Return the arrays and the JSON detail of a stored result of a space (None: current).

        Raises:
            ResultNotFound: no result of this kind and name, or only one of another space.
            CollectionDamaged: its file is missing or not what was written.
        """
        sha256, detail = self._result(kind, name, space)
        path = self.folder.head(sha256)
        if not path.is_file() and self._result(kind, name, space)[0] != sha256:
            return self.load_result(kind, name, space)  # it was replaced between the two looks
        if not path.is_file() or fsio.digest_of(path) != sha256:
            raise CollectionDamaged(
                f"the file of the {kind} {name!r} is missing or damaged", "make it again"
            )
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays), json.loads(detail)

    def remove_if_empty(self) -> None:
        """Remove the whole collection, unless it holds an item or somebody is writing to it."""
        with suppress(CollectionLocked), self.writing():
            if len(self.snapshot()) == 0:
                fsio.remove_tree(self.folder.path)

    @contextmanager
    def writing(self, *, brief: bool = False) -> Iterator[Writer]:
        """Hold the writer's lock and change the collection; see `writer_lock` for `brief`.

        Raises:
            CollectionLocked: another process is writing.
            CollectionError: the collection was opened read-only.
        """
        if self.read_only:
            raise CollectionError(
                f"the collection {str(self.folder.path)!r} was opened read-only",
                "open it without read_only to change it",
            )
        check_writable(self.folder)
        lock = writer_lock(self.folder.lock, brief=brief)
        with lock as was_clean, sqlite_errors(self.folder.database):
            make_folders(self.folder)
            connection = open_writer(self.folder.database)
            try:
                if was_clean:
                    recovery.sweep(self.folder, connection)
                else:
                    recovery.recover(self.folder, connection)
                yield Writer(self.folder, connection)
                fold_log(connection)
            finally:
                connection.close()

    def _result(self, kind: str, name: str, space: Space | None) -> tuple[str, str]:
        wanted = space or self.space
        rows = self._rows(
            "SELECT sha256, detail FROM result WHERE kind = ? AND name = ? AND space_id = ?",
            (kind, name, wanted.id),
        )
        if not rows:
            others = self._rows(
                "SELECT handle FROM result JOIN space ON space.id = space_id"
                " WHERE kind = ? AND name = ?",
                (kind, name),
            )
            if others:
                raise spaces.of_another_space(kind, name, others[0][0], wanted)
            there = ", ".join(self.result_names(kind)) or "none yet"
            raise ResultNotFound(f"no {kind} named {name!r} is stored", f"there are: {there}")
        [(sha256, detail)] = rows
        return sha256, detail

    def _read(self, ask: Callable[[apsw.Connection], T]) -> T:
        with sqlite_errors(self.folder.database):
            return ask(self._readers.connection())

    def _settled(self, ask: Callable[[apsw.Connection], T]) -> T:
        """Read something whose files a writer may have exchanged between two looks.

        A file that is missing while the catalogue stands still is damage.
        """
        for _ in range(REREAD):
            before = self.version
            try:
                return self._read(ask)
            except CollectionDamaged:
                if self.version == before:
                    raise
        return self._read(ask)

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        return self._read(lambda connection: list(connection.execute(sql, tuple(values))))


def _describe(folder: Folder, space: Space, meta: dict[str, str]) -> None:
    with sqlite_errors(folder.database):
        connection = open_writer(folder.database)
        connection.execute(
            "INSERT INTO space (id, handle, digest, dim, card, state)"
            " VALUES (1, ?, ?, ?, ?, 'current')",
            (space.handle, space.digest, space.dim, json.dumps(space.card, ensure_ascii=False)),
        )
        connection.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", meta.items())
        connection.close()
