"""What a child is asked to do; see `children`."""

from __future__ import annotations

import _testcapi
import os
import resource
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

import semsearch
from semsearch.store.database import open_writer
from tests.faults import defects as seeded
from tests.faults import sqlite_files
from tests.faults.channel import acknowledge
from tests.faults.disk import Disk
from tests.faults.injection import (
    ACTS,
    Point,
    Points,
    guarded,
    watch_system_calls,
    write_in_pieces,
)
from tests.faults.verify import checked, difference, strays, verify
from tests.faults.workload import Hand, State, Step, observed, states, work

FULL_DISK_ALLOWS = ("fsio unlink", "db delete", "db truncate", "db create")
"""What needs no room on the disk."""


def run(
    path: str,
    flavour: str,
    steps: Sequence[Step],
    *,
    start: int = 0,
    at: int = 0,
    act: str = "count",
    sqlite: bool = False,
    defect: str | None = None,
) -> list[str]:
    """Do a workload while something happens at one of its operations; return their names."""
    points = Points(at, ACTS[act])
    if sqlite:
        sqlite_files.install(points)
    seeded.apply(defect)
    points.install()
    guarded(lambda: work(path, flavour, steps, start))
    return points.labels


def lose_power_at(
    path: str, flavour: str, steps: Sequence[Step], *, aside: str, at: int, defect: str | None
) -> list[str]:
    """Do a workload up to an operation, write down what is not durable then, and end.

    Returns the names of the operations when there are less than `at`.
    """
    disk = Disk(Path(path).parent, Path(aside))

    def crash(point: Point) -> None:
        disk.dump()
        ACTS["exit"](point)

    points = Points(at, crash)
    sqlite_files.install(points, disk)
    disk.install()
    seeded.apply(defect)
    points.install()
    work(path, flavour, steps)
    disk.dump()
    return points.labels


def fail(
    path: str,
    flavour: str,
    steps: Sequence[Step],
    *,
    at: int,
    act: str,
    lasting: bool = False,
    pieces: int = 0,
    largest_file: int = 0,
    defect: str | None = None,
) -> dict[str, Any]:
    """Do a workload in which something fails, heal it, repeat the step, and go on to the end.

    Returns what the product said, which step it was, what was wrong, and the names of all points.
    """
    points = Points(at, ACTS[act], lasting=lasting, spared=FULL_DISK_ALLOWS if lasting else ())
    sqlite_files.install(points)
    watch_system_calls(points)
    if pieces:
        write_in_pieces(pieces)
    seeded.apply(defect)
    points.install()
    said: dict[str, Any] = {"error": None, "problems": []}
    expected = states(steps)
    hand = Hand(path, flavour)
    for number, step in enumerate(steps):
        with file_size_limit(largest_file):
            try:
                hand.do(step)
            except semsearch.SemsearchError as error:
                said |= {"error": type(error).__name__, "step": number}
                said["problems"] += _unhelpful(error)
                said["problems"] += _old_state(hand, expected[number : number + 2])
        if said.get("step") == number:
            points.heal()
            largest_file = 0
            hand.close()
            hand.do(step)
        acknowledge(number)
    hand.close()
    return {**said, "labels": points.labels}


@contextmanager
def file_size_limit(largest: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: the kernel's own way to refuse bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    if largest:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _unhelpful(error: semsearch.SemsearchError) -> list[str]:
    if error.problem and error.remedy and "\n" not in str(error):
        return []
    return [f"the message {str(error)!r} does not say what to do in one line"]


def _old_state(hand: Hand, possible: Sequence[State]) -> list[str]:
    """Return what is wrong with what can be read while the disk still refuses."""
    if not hand.path.exists():
        return []
    try:
        found = observed(hand.collection, hand.flavour)
    except Exception as error:
        return [f"unreadable after the error: {type(error).__name__}: {error}"]
    return [] if found in possible else [f"after the error: {difference(found, possible[0])}"]


def inspect(
    path: str,
    flavour: str,
    steps: Sequence[Step],
    *,
    acknowledged: int,
    go_on: bool = True,
    defect: str | None = None,
) -> dict[str, Any]:
    """Return what is wrong, see `verify`."""
    seeded.apply(defect)
    return {"problems": verify(path, flavour, steps, acknowledged, go_on=go_on)}


def leave_open(path: str, flavour: str, steps: Sequence[Step]) -> None:
    """Do a workload and die with a writer's connection open, so that the log stays."""
    connection = None
    hand = Hand(path, flavour)
    for number, step in enumerate(steps):
        hand.do(step)
        if connection is None:
            connection = open_writer(Path(path) / "store.db")
            connection.execute("BEGIN; SELECT * FROM op")
        acknowledge(number)
    os.kill(os.getpid(), signal.SIGKILL)


def read_mutant(
    path: str, flavour: str, steps: Sequence[Step], *, defect: str | None = None
) -> dict[str, str]:
    """Read a damaged collection; tell whether the answer is the same, older, wrong or refused."""
    seeded.apply(defect)
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    expected = states(steps)
    answer, why = "wrong", ""
    try:
        with semsearch.open(path, read_only=True) as collection:
            found = observed(collection, flavour)
        if found == expected[-1]:
            answer = "same"
        elif found in expected:
            answer = "older"
        else:
            why = difference(found, expected[-1])
    except semsearch.SemsearchError as error:
        answer, why = "refused", str(error)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
    return {"answer": answer, "why": why, "check": _check_says(path)}


def _check_says(path: str) -> str:
    try:
        with semsearch.open(path, read_only=True) as collection:
            return "damage" if checked(collection) else "clean"
    except semsearch.SemsearchError:
        return "refused"


def starve(
    path: str,
    flavour: str,
    steps: Sequence[Step],
    *,
    way: str,
    amount: int,
    defect: str | None = None,
) -> dict[str, str]:
    """Do a workload while memory runs out; tell how it ended."""
    seeded.apply(defect)
    if way == "point":
        Points(amount, ACTS["memory"]).install()
    try:
        with _scarce(way, amount):
            work(path, flavour, steps)
    except (MemoryError, apsw.NoMemError):
        return {"word": "told"}
    except semsearch.SemsearchError as error:
        return {"word": f"told as {type(error).__name__}"}
    return {"word": "enough"}


@contextmanager
def _scarce(way: str, amount: int) -> Iterator[None]:
    """Limit the address space to `amount` megabytes more, or fail one allocation of Python's."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    if way == "limit":
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + (amount << 20), before[1]))
    if way == "allocation":
        _testcapi.set_nomemory(amount, amount + 1)
    try:
        yield
    finally:
        if way == "allocation":
            _testcapi.remove_mem_hooks()
        resource.setrlimit(resource.RLIMIT_AS, before)


def look_at_texts(path: str, batch: int) -> dict[str, Any]:
    """Return what is wrong with an indexed table whose writing was cut short, and how many rows."""
    with semsearch.open(path) as collection:
        keys = collection.keys()
        hits = collection.get(keys)
        problems = [f"{h.key} has another text" for h in hits if not h.text.endswith(f" {h.key}")]
        if len(set(keys)) != len(keys):
            problems.append("rows are doubled")
        collection.add([{"id": "last", "text": "soup last"}], text="text", key="id")
        problems += checked(collection)
    return {"problems": problems + list(strays(Path(path))), "rows": len(keys)}
