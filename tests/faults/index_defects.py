"""Defects of the index, of what searches see, and of files that may vanish; see `defects`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import apsw

from semsearch.collection import collection, indexing, searching
from semsearch.collection.indexing import IndexFiles
from semsearch.collection.searching import LiveView, Seen
from semsearch.index import files
from semsearch.index.scope import Scope
from semsearch.store import Store, column_files, columns
from semsearch.store import backup as backing
from tests.faults.defects import defect

LATE = 0.3


@defect
def index_unverified() -> None:
    """Hand FAISS whatever stands in a file of an index."""
    files._verified = lambda path, sha256, size: path.read_bytes()


@defect
def column_unverified() -> None:
    """Parse whatever stands in a saved column."""
    column_files._content_of = lambda entry: entry.path.read_bytes()


@defect
def no_limits() -> None:
    """Let FAISS allocate whatever a file asks for."""

    @contextmanager
    def unbounded(size: int) -> Iterator[None]:
        yield

    files._bounded = unbounded


@defect
def forgotten_tail() -> None:
    """Search only what the index covers."""
    Scope.tail_parts = []  # type: ignore[assignment]


@defect
def stale_view() -> None:
    """Look no more than once at what was committed."""
    now = LiveView.now

    def first(self: LiveView) -> Seen:
        held: Seen | None = self._held
        return held or now(self)

    LiveView.now = first  # type: ignore[method-assign]


@defect
def filter_forgotten() -> None:
    """Search everything, whatever the filter says."""
    searching.allowing = collection.allowing = lambda store, where: lambda snapshot: None


@defect
def stale_columns() -> None:
    """Take the columns that are in memory, whatever was changed since."""
    columns._fits = lambda held, snapshot, kind: len(held.ids) == len(snapshot.every)


@defect
def first_rows_mapped() -> None:
    """Take the position in an index for the row, though rows before it have left."""
    mapping_of = searching.mapping_of

    def moved(ids: Any, snapshot: Any) -> Any:
        mapping = mapping_of(ids, snapshot)
        if mapping is not None:
            there = mapping >= 0
            mapping[there] = (mapping[there] + 1) % len(snapshot.every)
        return mapping

    searching.mapping_of = moved


@defect
def missing_index_raised() -> None:
    """Let a search fail where the file of the index is gone."""

    def loaded(self: IndexFiles, record: Any, snapshot: Any) -> Any:
        return None if record is None else indexing.load(record, snapshot)

    IndexFiles._loaded = loaded  # type: ignore[method-assign]


@defect
def missing_column_raised() -> None:
    """Let a filter fail where the file of a saved column is gone."""
    column_files._content_of = lambda entry: entry.path.read_bytes()


@defect
def backup_of_two_moments() -> None:
    """Copy the database later than the files that it names."""
    copy = backing._copy_database

    def late(connection: apsw.Connection, target: Path) -> None:
        time.sleep(LATE)
        copy(connection, target)

    backing._copy_database = late
    backing.transaction = lambda connection, mode: nullcontext()


@defect
def backup_of_yesterday() -> None:
    """Give every time the first backup that was made."""
    first: list[tuple[bytes, Any]] = []
    back_up = Store.backup

    def same(self: Store, target: Path) -> Any:
        if not first:
            report = back_up(self, target)
            first.append((target.read_bytes(), report))
        target.write_bytes(first[0][0])
        return first[0][1]

    Store.backup = same  # type: ignore[method-assign]


@defect
def leaked_views() -> None:
    """Keep what every search has seen."""
    leaked: list[Any] = []
    of = Seen.of

    def kept(snapshot: Any, index: Any) -> Seen:
        seen = of(snapshot, index)
        leaked.append((seen, snapshot.take(snapshot.ids)))
        return seen

    Seen.of = kept  # type: ignore[method-assign,assignment]
