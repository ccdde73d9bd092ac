"""Proving on the user's own disk that a collection is what was written, and mending what can be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

import apsw

from semsearch import fsio
from semsearch.errors import CollectionDamaged
from semsearch.store.catalogue_check import (
    check_database,
    check_facts,
    check_files,
    check_names,
    check_rows_and_vectors,
    check_strays,
    check_surroundings,
    check_words,
    damaged_derived,
    private_paths,
)
from semsearch.store.database import sqlite_errors
from semsearch.store.findings import RESTORE, SOURCE, CheckReport, Finding
from semsearch.store.folder import Folder
from semsearch.store.full_check import check_order, check_signatures, check_vectors
from semsearch.store.lexicon import flaw_of_words, rebuild_words
from semsearch.store.recovery import forget_derived, strays, unfinished

COUNTS = {
    "items": "SELECT count(*) FROM item WHERE deleted_seq IS NULL",
    "deleted": "SELECT count(*) FROM item WHERE deleted_seq IS NOT NULL",
    "vectors": "SELECT coalesce(sum(n), 0) FROM segment",
    "segments": "SELECT count(*) FROM segment",
    "files": "SELECT count(*) FROM file",
    "derived": "SELECT count(*) FROM derived",
}

STRANGE = (
    AttributeError, LookupError, MemoryError, OverflowError, RecursionError, TypeError, ValueError,
)  # fmt: skip
"""What values of other kinds than ours lead to, in a database that somebody else has made; any
other error is the check's own."""

LONGEST = 200

Part = tuple[str, Callable[[], Iterable[Finding]]]
"""What is looked at, in words, and the look."""


def check(
    folder: Folder, connection: apsw.Connection, *, full: bool = False, alone: bool = False
) -> CheckReport:
    """Look a collection over without changing anything; writers and searches may go on.

    `full` reads every row, every vector and every file; `alone` says that the caller holds the
    writer's lock.
    """
    started = time.perf_counter()
    findings: dict[Finding, None] = {}  # in their order, each once
    for thing, look in _parts(folder, connection, full, alone):
        findings.update(dict.fromkeys(_carefully(folder, thing, look)))
    counts: dict[str, int] = {}
    with suppress(CollectionDamaged), sqlite_errors(folder.database):
        counts = {name: connection.execute(sql).get for name, sql in COUNTS.items()}
    counts["bytes"] = folder.size()
    facts = {"sqlite": apsw.sqlite_lib_version()}
    seconds = time.perf_counter() - started
    return CheckReport(tuple(findings), counts, facts, seconds, full)


def repair(folder: Folder, connection: apsw.Connection, *, full: bool = False) -> int:
    """Mend what can be made again or swept, and return how much; needs the writer's lock.

    Nothing that a user gave is touched: what is damaged there stays where it is.
    """
    swept = [*unfinished(folder), *strays(folder, connection)]
    fsio.remove_all(swept)
    damaged = list(damaged_derived(folder, connection, full))
    for kind, name, space_id, path, wrong in damaged:
        forget_derived(folder, connection, (kind, name, space_id), path, wrong)
    has_flaw = flaw_of_words(connection) is not None
    if has_flaw:
        rebuild_words(connection)
    with suppress(apsw.BusyError):
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    return len(swept) + len(damaged) + has_flaw + _close_to_others(folder)


def _parts(folder: Folder, connection: apsw.Connection, full: bool, alone: bool) -> Iterator[Part]:
    yield "the database", lambda: check_database(connection, full)
    yield "the database", lambda: check_facts(connection)
    yield "the index of words", lambda: check_words(connection)
    yield "the list of vectors", lambda: check_rows_and_vectors(connection)
    yield "the list of files", lambda: check_names(connection)
    yield "the list of files", lambda: check_files(folder, connection, full)
    yield "the list of files", lambda: check_strays(folder, connection, alone)
    yield "the folder", lambda: check_surroundings(folder)
    if full:
        yield "the rows", lambda: check_signatures(folder, connection)
        yield "the rows", lambda: check_order(connection)
        yield "the list of vectors", lambda: check_vectors(folder, connection)


def _carefully(folder: Folder, thing: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Return what is found until a page of the database cannot be read, and that as well."""
    found: list[Finding] = []
    try:
        with sqlite_errors(folder.database):
            found.extend(look())
    except CollectionDamaged as error:
        found.append(Finding(SOURCE, thing, f"cannot be read ({error.problem})", RESTORE))
    except STRANGE as error:
        wrong = f"cannot be read ({type(error).__name__}: {error})"
        found.append(Finding(SOURCE, thing, wrong[:LONGEST], RESTORE))
    return found


def _close_to_others(folder: Folder) -> int:
    """Take the permissions of other users away; return from how many files."""
    n = 0
    for path in private_paths(folder):
        if path.exists() and (mode := path.stat().st_mode) & 0o077:
            fsio.checkpoint("chmod", path)
            path.chmod(mode & 0o700)
            n += 1
    return n
