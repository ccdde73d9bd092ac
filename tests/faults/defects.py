"""Defects that are put into the product on purpose: a suite that stays green with one is blind."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from semsearch import fsio
from semsearch.collection import Collection
from semsearch.store import database, reader, recovery, store, writer
from semsearch.store.writer import Batch, Known, Writer

DEFECTS: dict[str, Callable[[], None]] = {}


def defect(patch: Callable[[], None]) -> Callable[[], None]:
    """Register a patch under its name, with hyphens."""
    DEFECTS[patch.__name__.replace("_", "-")] = patch
    return patch


def apply(name: str | None) -> None:
    """Put a defect into this process; None leaves the product as it is."""
    if name is not None:
        DEFECTS[name]()


@defect
def commit_before_publish() -> None:
    """Name a file in the database before it stands in its place."""
    waiting: list[Callable[[], object]] = []
    publish, commit = fsio.publish, Writer.commit

    def later(write: Any, *, scratch: Path, place: Callable[[str], Path]) -> fsio.Published:
        with tempfile.TemporaryDirectory() as elsewhere:
            aside = Path(elsewhere)
            made = _unseen(lambda: publish(write, scratch=aside, place=lambda name: aside / name))
            data = made.path.read_bytes()
        waiting.append(lambda: publish(lambda file: file.write(data), scratch=scratch, place=place))
        return fsio.Published(place(made.sha256), made.sha256, made.size)

    def commit_first(self: Writer, batch: Batch) -> None:
        fsio.publish = later
        try:
            commit(self, batch)
        finally:
            fsio.publish = publish
        while waiting:
            waiting.pop()()

    Writer.commit = commit_first  # type: ignore[method-assign]


@defect
def no_sweep() -> None:
    """Leave what a writer that died has left."""
    recovery.recover = lambda folder, connection: None
    recovery.sweep = lambda folder, connection: None


@defect
def doubled_rows() -> None:
    """Store a row again whose key is there already."""
    database.TABLES = database.TABLES.replace(
        "CREATE UNIQUE INDEX item_key", "CREATE INDEX item_key"
    )

    def known(self: Writer, keys: Sequence[str]) -> dict[str, Known]:
        return {}

    Writer.known = known  # type: ignore[method-assign]


@defect
def acknowledge_before_commit() -> None:
    """Return from `add` at once, and store the rows when the next ones come."""
    add = Collection.add
    waiting: list[tuple[Any, Mapping[str, Any]]] = []

    def lazily(self: Collection, *args: Any, **options: Any) -> Any:
        while waiting:
            before, given = waiting.pop()
            add(self, *before, **given)
        waiting.append((args, options))

    Collection.add = lazily  # type: ignore[method-assign]


@defect
def no_fsync() -> None:
    """Skip the fsync of every file; folders are still made durable."""
    _patched_fsync(_is_folder)


@defect
def no_folder_fsync() -> None:
    """Skip the fsync of every folder; files are still made durable."""
    _patched_fsync(lambda descriptor: not _is_folder(descriptor))


@defect
def synchronous_off() -> None:
    """Let SQLite commit without waiting for the disk."""
    opened = database.open_writer

    def hasty(path: Path) -> apsw.Connection:
        connection = opened(path)
        connection.pragma("synchronous", "OFF")
        return connection

    store.open_writer = hasty


@defect
def no_rollback() -> None:
    """Commit what stands there when something fails in a transaction."""

    @contextmanager
    def halfway(connection: apsw.Connection, mode: str = "IMMEDIATE") -> Iterator[None]:
        connection.execute(f"BEGIN {mode}")
        try:
            yield
        finally:
            if connection.in_transaction:
                connection.execute("COMMIT")

    writer.transaction = halfway


@defect
def errors_swallowed() -> None:
    """Go on as if nothing had happened when the disk refuses something."""

    @contextmanager
    def quiet(path: Path) -> Iterator[None]:
        with suppress(OSError):
            yield

    fsio.disk_errors = quiet
    add = Collection.add

    def hopeful(self: Collection, *args: Any, **options: Any) -> Any:
        try:
            return add(self, *args, **options)
        except Exception:
            return None

    Collection.add = hopeful  # type: ignore[method-assign]


@defect
def tombstones_dropped() -> None:
    """Show deleted rows again."""
    read = reader.read_snapshot

    def forgetful(connection: Any, folder: Any, before: Any) -> Any:
        snapshot = read(connection, folder, before)
        return reader.Snapshot(
            snapshot.version, snapshot.space, snapshot.segments, snapshot.dead[:0]
        )

    reader.read_snapshot = forgetful


@defect
def no_digest() -> None:
    """Believe that a file holds what its name says."""
    fsio.digest_of = lambda path: path.stem


@defect
def no_lock() -> None:
    """Let everybody write at once."""

    @contextmanager
    def open_to_all(path: Path, *, brief: bool = False) -> Iterator[bool]:
        yield False

    store.writer_lock = open_to_all


def _patched_fsync(is_kept: Callable[[int], bool]) -> None:
    """Put between `fsio` and the system an fsync that keeps only some of its promises."""
    real = fsio.os

    class Half:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def fsync(self, descriptor: int) -> None:
            if is_kept(descriptor):
                real.fsync(descriptor)

    fsio.os = Half()  # type: ignore[assignment]


def _is_folder(descriptor: int) -> bool:
    return Path(f"/proc/self/fd/{descriptor}").resolve().is_dir()


def _unseen(run: Callable[[], Any]) -> Any:
    """Run without the points of `injection`."""
    checkpoint, fsio.checkpoint = fsio.checkpoint, lambda operation, path: None
    try:
        return run()
    finally:
        fsio.checkpoint = checkpoint
