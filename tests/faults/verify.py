"""What must hold of a collection after whatever happened to it, looked at by a fresh process."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import apsw

import semsearch
from semsearch.store.database import checksum_vfs
from tests.faults.workload import EMPTY, State, Step, observed, states, work

OWNED = {"segments": "segment", "heads": "head", "blobs": "blob"}


def verify(
    path: str, flavour: str, steps: Sequence[Step], acknowledged: int, *, go_on: bool = True
) -> list[str]:
    """Return what is wrong after `acknowledged` steps were promised; [] when all is well.

    The step that was under way may have happened or not, but nothing in between. Then the work
    goes on from there to its end, and nothing of the accident may be left.
    """
    expected = states(steps)
    promised, possible = expected[acknowledged], expected[min(acknowledged + 1, len(steps))]
    found = look(path, flavour, [promised, possible], settled=False)
    problems = [f"after the accident: {p}" for p in found]
    if problems or not go_on:
        return problems
    work(path, flavour, steps, acknowledged)
    for file in (Path(path) / "tmp").glob("*"):
        os.utime(file, (0, 0))  # as if it had lain there for long
    with semsearch.open(path) as collection, collection._store.writing():
        pass  # where nothing was left to do, the next writer sweeps all the same
    problems = [f"at the end: {p}" for p in look(path, flavour, [expected[-1]])]
    return problems + [f"left behind: {stray}" for stray in strays(Path(path))]


def look(path: str, flavour: str, possible: Sequence[State], *, settled: bool = True) -> list[str]:
    """Return what is wrong with a collection that must be in one of some states."""
    if not Path(path).exists() and EMPTY in possible:
        return []
    try:
        with semsearch.open(path, read_only=True) as collection:
            found = observed(collection, flavour)
            problems = [] if found in possible else [difference(found, possible[0])]
            problems += checked(collection, settled=settled)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    return problems + list(damaged_files(Path(path)))


def difference(found: State, expected: State) -> str:
    """Say in a line how a state differs from what was promised."""
    there, promised = found["items"], expected["items"]
    lost = sorted(promised.keys() - there.keys())
    unasked = sorted(there.keys() - promised.keys())
    other = sorted(key for key in there.keys() & promised.keys() if there[key] != promised[key])
    results = "" if found["results"] == expected["results"] else f", results {found['results']}"
    return f"lost {lost}, unasked for {unasked}, other versions {other}{results}"


def checked(collection: semsearch.Collection, *, settled: bool = True) -> list[str]:
    """Return what `check --full` finds; what a dead writer left is fine until the next one came."""
    return [
        f"check --full: {finding.thing} {finding.wrong}"
        for finding in collection.check(full=True).findings
        if settled or finding.level == "source"
    ]


def catalogue(path: Path) -> list[tuple[str, str, int]]:
    """Return kind, digest and size of every file that the database names."""
    flags = apsw.SQLITE_OPEN_READONLY
    with closing(
        apsw.Connection(str(path / "store.db"), flags=flags, vfs=checksum_vfs())
    ) as connection:
        return list(connection.execute("SELECT kind, sha256, size FROM file"))


def damaged_files(path: Path) -> Iterator[str]:
    """Yield each file of the catalogue that is not there as it was written."""
    places = {kind: folder for folder, kind in OWNED.items()}
    for kind, sha256, size in catalogue(path):
        [*found] = (path / places[kind]).rglob(f"{sha256}*")
        if not found:
            yield f"the {kind} {sha256[:8]} is missing"
        elif hashlib.sha256(data := found[0].read_bytes()).hexdigest() != sha256:
            yield f"the {kind} {sha256[:8]} is damaged"
        elif len(data) != size:
            yield f"the {kind} {sha256[:8]} has not {size} bytes"


def strays(path: Path) -> Iterator[str]:
    """Yield what stands in a collection's folder that nothing names."""
    named = {(kind, sha256) for kind, sha256, _ in catalogue(path)}
    for file in (path / "tmp").rglob("*"):
        yield str(file)
    for folder, kind in OWNED.items():
        for file in (path / folder).rglob("*"):
            if file.is_file() and (kind, file.stem) not in named:
                yield f"{folder}/{file.name}"
    if (path / "LOCK").read_text():
        yield "the writer's name in LOCK"
