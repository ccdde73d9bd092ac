"""The quick part of a check: the database, the catalogue, and the files that it names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import apsw
import numpy as np

from semsearch import fsio
from semsearch.store.database import CHECKSUM_BYTES, USER_VERSION, transaction
from semsearch.store.findings import DERIVED, NOT_WRITTEN, NOTE, RESTORE, SOURCE, Finding
from semsearch.store.folder import Folder
from semsearch.store.lexicon import flaw_of_words, is_of_words, look_at_words
from semsearch.store.passages import Passages, read_passages
from semsearch.store.reader import read_space
from semsearch.store.recovery import flaw_of, strays
from semsearch.store.schema import APPLICATION_ID, ERASING
from semsearch.store.segments import Entry, Ids, read_entries

MOST_VERDICTS = 20
"""Lines of SQLite's own check that are shown; the first says enough."""

LONGEST_LOG = 256 * 1024 * 1024
"""Bytes of the database's log above which somebody keeps it from being emptied."""

SAFE_SQLITE = (3, 51, 3)
"""The first SQLite without a known race in its log that could damage a database."""

OURS = frozenset(
    {"FORMAT", "LOCK", "store.db", "store.db-wal", "store.db-shm", "tmp", "derived", "segments",
     "heads", "blobs", "quarantine"}
)  # fmt: skip


def check_database(connection: apsw.Connection, full: bool) -> Iterator[Finding]:
    """Let SQLite look its pages over, and see that its settings are ours."""
    for verdict in _verdicts(connection, "integrity_check" if full else "quick_check"):
        if verdict != "ok":
            wrong = f"is damaged ({verdict.splitlines()[-1]})"  # the first names "main"
            yield Finding(SOURCE, "the database", wrong, RESTORE)
    wanted = {
        "application_id": APPLICATION_ID,
        "user_version": USER_VERSION,
        "journal_mode": "wal",
    }
    for name, value in wanted.items():
        if (found := connection.pragma(name)) != value:
            wrong = f"has the {name} {found!r} instead of {value!r}"
            yield Finding(SOURCE, "the database", wrong, RESTORE)
    if connection.reserve_bytes() != CHECKSUM_BYTES:
        yield Finding(SOURCE, "the database", "has pages without checksums", RESTORE)


def _verdicts(connection: apsw.Connection, pragma: str) -> list[str]:
    """Return what SQLite's own check says, but for the index of words."""
    with transaction(connection, "DEFERRED"):
        with suppress(apsw.CorruptError):  # of which `check_words` tells
            look_at_words(connection)
        rows = connection.execute(f"PRAGMA {pragma}({MOST_VERDICTS})").fetchall()
    return [str(verdict) for (verdict,) in rows if not is_of_words(str(verdict))]


def check_words(connection: apsw.Connection) -> Iterator[Finding]:
    """See that the words of all live items, and of no others, can be searched."""
    wrong = flaw_of_words(connection)
    if wrong is not None:
        yield Finding(DERIVED, "the index of words", wrong, "make it again with --repair")


def check_facts(connection: apsw.Connection) -> Iterator[Finding]:
    """See that the database says what everybody asks of it first, and holds nothing that acts."""
    if connection.execute("SELECT 1 FROM meta WHERE name = 'modality'").get is None:
        yield Finding(SOURCE, "the database", "does not say what its items are", RESTORE)
    [(last, largest)] = connection.execute(
        "SELECT (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'item'),"
        " (SELECT max(coalesce(max(item.id), 0), (SELECT coalesce(max(id), 0) FROM passage))"
        " FROM item)"
    )
    if last < largest:
        wrong = f"would give ids from {last + 1} on, which items have"
        yield Finding(SOURCE, "the database", wrong, RESTORE)
    read_space(connection)  # tells what is wrong with it
    strangers = "SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view')"
    for kind, name in connection.execute(strangers):
        wrong = f"has the {kind} {name!r}, which is none of ours and is kept from acting"
        yield Finding(SOURCE, "the database", wrong, RESTORE)


def check_rows_and_vectors(connection: apsw.Connection) -> Iterator[Finding]:
    """See that each live item has its vector, each vector its item, and none is there twice."""
    with transaction(connection, "DEFERRED"):
        rows = connection.execute("SELECT id, deleted_seq IS NULL FROM item ORDER BY id")
        known = np.array([*rows], dtype=np.int64).reshape(-1, 2)
        spaces = list(connection.execute("SELECT id, state FROM space ORDER BY id"))
        passages = {space_id: read_passages(connection, space_id) for space_id, _ in spaces}
        entries = {space_id: read_entries(connection, space_id) for space_id, _ in spaces}
        unnamed = list(
            connection.execute(
                "SELECT sha256 FROM segment EXCEPT SELECT sha256 FROM file WHERE kind = 'segment'"
            )
        )
    for (sha256,) in unnamed:
        yield Finding(SOURCE, f"the segment {sha256}", "stands in no manifest", RESTORE)
    for space_id, state in spaces:
        ids = _ids_of(entries[space_id])
        parts = passages[space_id]
        yield from _check_ids(
            entries[space_id], ids, np.union1d(known[:, 0], parts.ids), f"the {state} vectors"
        )
        yield from _check_passages(connection, parts, known, ids, state)
        if state == "current" and not unnamed:
            missing = np.setdiff1d(known[known[:, 1] == 1, 0], ids, assume_unique=False)
            if len(missing):
                keys = keys_of(connection, missing)
                wrong = f"of {len(missing):,} items are missing"
                yield Finding(SOURCE, "the vectors", wrong, RESTORE, keys)


def _check_passages(
    connection: apsw.Connection, parts: Passages, known: Ids, ids: Ids, state: str
) -> Iterator[Finding]:
    """See that the passages of a space belong to items, and have their vectors."""
    if not len(parts):
        return
    which = f"the passages of the {state} vectors"
    n_strange = int(np.count_nonzero(~np.isin(parts.item_ids, known[:, 0])))
    n_strange += len(np.intersect1d(parts.ids, known[:, 0]))
    if n_strange:
        wrong = f"belong to no item, {n_strange:,} of them"
        yield Finding(SOURCE, which, wrong, RESTORE)
    is_live = np.isin(parts.item_ids, known[known[:, 1] == 1, 0])
    missing = is_live & ~np.isin(parts.ids, ids)
    if missing.any():
        keys = keys_of(connection, np.unique(parts.item_ids[missing]))
        wrong = f"have no vectors, {int(missing.sum()):,} of them"
        yield Finding(SOURCE, which, wrong, RESTORE, keys)


def check_names(connection: apsw.Connection) -> Iterator[Finding]:
    """See that what rows name stands in the manifest, and that nothing was left half done."""
    for key, blob in connection.execute(
        "SELECT key, blob FROM item WHERE blob IS NOT NULL AND deleted_seq IS NULL"
        " AND blob NOT IN (SELECT sha256 FROM file WHERE kind = 'blob')"
    ):
        yield Finding(SOURCE, f"the image {blob[:12]}", "stands in no manifest", RESTORE, (key,))
    for kind, name in connection.execute(
        "SELECT kind, name FROM result"
        " WHERE sha256 NOT IN (SELECT sha256 FROM file WHERE kind = 'head')"
    ):
        yield Finding(SOURCE, f"the {kind} {name!r}", "has no file", "make it again")
    if connection.execute("SELECT 1 FROM meta WHERE name = ?", (ERASING,)).get is not None:
        yield Finding(
            DERIVED,
            "a deletion with --purge",
            "was interrupted, so bytes of deleted items are still on the disk",
            "finish it with `semsearch compact`",
        )
    if connection.execute("SELECT 1 FROM space WHERE state = 'building'").get is not None:
        yield Finding(
            NOTE,
            "a re-encoding",
            "is not finished",
            "go on with `semsearch reencode`, or drop it with --abandon",
        )


def check_files(folder: Folder, connection: apsw.Connection, full: bool) -> Iterator[Finding]:
    """See that every file of the catalogue stands with its size; `full`: with its digest."""
    for kind, sha256, size in list(connection.execute("SELECT kind, sha256, size FROM file")):
        wrong = _flaw(folder.owned(kind, sha256), sha256, size, full)
        if wrong is not None and _is_named(connection, kind, sha256):
            yield _lost(connection, kind, sha256, wrong)
    for kind, name, _, path, wrong in damaged_derived(folder, connection, full):
        still = "SELECT 1 FROM derived WHERE kind = ? AND name = ? AND sha256 = ?"
        if connection.execute(still, (kind, name, path.stem)).get is not None:
            yield Finding(
                DERIVED, f"the {kind} {name!r}", wrong, "let it be made again with --repair"
            )


def damaged_derived(
    folder: Folder, connection: apsw.Connection, full: bool
) -> Iterator[tuple[str, str, int, Path, str]]:
    """Yield kind, name, space, path and flaw of derived files that are not as recorded."""
    for kind, name, space_id, sha256, suffix, size in list(
        connection.execute("SELECT kind, name, space_id, sha256, suffix, size FROM derived")
    ):
        path = folder.derived_file(sha256, suffix)
        wrong = _flaw(path, sha256, size, full)
        if wrong is not None:
            yield kind, name, space_id, path, wrong


def check_strays(folder: Folder, connection: apsw.Connection, alone: bool) -> Iterator[Finding]:
    """Find files that no row names, unless a writer is at work whose row is still to come."""
    if not alone and folder.lock.is_file() and folder.lock.stat().st_size:
        return
    for path in strays(folder, connection):
        yield Finding(
            DERIVED, f"the file {path.name}", "belongs to nothing", "sweep it with --repair"
        )


def check_surroundings(folder: Folder) -> Iterator[Finding]:
    """Note what is not wrong yet: open permissions, a long log, files of somebody else."""
    for path in private_paths(folder):
        if path.exists() and (mode := path.stat().st_mode & 0o077):
            yield Finding(
                NOTE,
                f"{str(path)!r}",
                f"can be opened by other users (mode {mode:03o} for them)",
                "take that away with --repair, unless you mean it",
            )
    log = folder.path / f"{folder.database.name}-wal"
    if log.exists() and (size := log.stat().st_size) > LONGEST_LOG:
        yield Finding(
            NOTE,
            "the database's log",
            f"has {size / 1e6:,.0f} MB because some program keeps on reading",
            "restart that program, or use --repair",
        )
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < SAFE_SQLITE:
        yield Finding(
            NOTE,
            f"SQLite {apsw.sqlite_lib_version()}",
            "has a known fault in its log",
            "upgrade apsw",
        )
    for path in sorted(folder.path.iterdir()):
        if path.name not in OURS:
            yield Finding(
                NOTE,
                f"the file {path.name!r}",
                "is none of semsearch's",
                "move it elsewhere: a backup leaves it out",
            )


def private_paths(folder: Folder) -> tuple[Path, ...]:
    """Return the folders and files through which another user would get at everything."""
    return (folder.path, folder.database, folder.segments, folder.blobs)


def _flaw(path: Path, sha256: str, size: int, full: bool) -> str | None:
    wrong = flaw_of(path, size)
    if wrong is None and full:
        with suppress(FileNotFoundError):  # replaced this moment
            wrong = None if fsio.digest_of(path) == sha256 else NOT_WRITTEN
    return wrong


def _lost(connection: apsw.Connection, kind: str, sha256: str, wrong: str) -> Finding:
    """Say what is lost with a file that only the user could make."""
    if kind == "head":
        rows = connection.execute("SELECT kind, name FROM result WHERE sha256 = ?", (sha256,))
        thing = " and ".join(f"the file of the {one} {name!r}" for one, name in rows)
        return Finding(SOURCE, thing or f"the file {sha256}", wrong, "make it again")
    if kind == "blob":
        rows = connection.execute(
            "SELECT key FROM item WHERE blob = ? AND deleted_seq IS NULL", (sha256,)
        )
        keys = tuple(key for (key,) in rows)
        remedy = "delete the item and add its image again, or restore it from a backup"
        return Finding(SOURCE, f"the image {sha256}", wrong, remedy, keys)
    keys = _segment_keys(connection, sha256)
    return Finding(SOURCE, f"the segment {sha256}", wrong, RESTORE, keys)


def _is_named(connection: apsw.Connection, kind: str, sha256: str) -> bool:
    """Say whether the manifest still names a file: a writer may have replaced it meanwhile."""
    found = connection.execute("SELECT 1 FROM file WHERE kind = ? AND sha256 = ?", (kind, sha256))
    return found.get is not None


def _segment_keys(connection: apsw.Connection, sha256: str) -> tuple[str, ...]:
    """Return the keys of the live items whose vectors stand in a segment."""
    keys: tuple[str, ...] = ()
    for row in connection.execute(
        "SELECT first_id, n, ids, sha256, 0 FROM segment WHERE sha256 = ?", (sha256,)
    ):
        keys += keys_of(connection, _items_of(connection, Entry(*row).ids))
    return keys


def _items_of(connection: apsw.Connection, ids: Ids) -> Ids:
    """Return the ids of items and of those whose passages are among `ids`."""
    rows = connection.execute("SELECT id, item_id FROM passage ORDER BY id")
    of_passage = np.array([*rows], dtype=np.int64).reshape(-1, 2)
    owners = of_passage[np.isin(of_passage[:, 0], ids), 1]
    return np.union1d(np.setdiff1d(ids, of_passage[:, 0]), owners)


def keys_of(connection: apsw.Connection, ids: Ids) -> tuple[str, ...]:
    """Return the keys of the live items among `ids`, found without reading their rows.

    The index on keys holds both, so an item can be named whose row cannot be read.
    """
    if not len(ids):
        return ()
    rows = connection.execute(
        "SELECT id, key FROM item INDEXED BY item_key WHERE deleted_seq IS NULL"
    )
    wanted = set(ids.tolist())
    return tuple(key for _, key in sorted(row for row in rows if row[0] in wanted))


def _ids_of(entries: Sequence[Entry]) -> Ids:
    return np.concatenate([entry.ids for entry in entries] or [np.empty(0, np.int64)])


def _check_ids(entries: Sequence[Entry], ids: Ids, known: Ids, which: str) -> Iterator[Finding]:
    for entry in entries:
        if len(entry.ids) != entry.n or entry.ids[0] != entry.first_id:
            wrong = f"names {len(entry.ids):,} ids for {entry.n:,} rows"
            yield Finding(SOURCE, f"the segment {entry.sha256}", wrong, RESTORE)
    if len(ids) > 1 and (np.diff(ids) <= 0).any():
        yield Finding(SOURCE, which, "of some items are there twice, or out of order", RESTORE)
    strange = np.setdiff1d(ids, known)
    if len(strange):
        wrong = f"of {len(strange):,} items are there that do not exist"
        yield Finding(SOURCE, which, wrong, RESTORE)
