"""What a child does where the disk, or memory, gives nothing more."""

from __future__ import annotations

import faulthandler
import importlib
import os
import resource
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

import semsearch
from tests.faults import defects as seeded
from tests.faults import sqlite_files
from tests.faults.channel import acknowledge
from tests.faults.injection import ACTS, Points, watch_system_calls, write_in_pieces
from tests.faults.verify import difference
from tests.faults.workload import Hand, State, Step, observed, states, work

SECONDS_TO_STARVE = 40
"""How long a workload without memory may take; half of it after, it tells where it stands."""

FULL_DISK_ALLOWS = ("fsio unlink", "db delete", "db truncate", "db create")
"""What needs no room on the disk."""


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
    free: int = 0,
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
    filler = Path(path).with_name("filler")
    if free:
        fill_up(filler, free)
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
            filler.unlink(missing_ok=True)
            hand.close()
            hand.do(step)
        acknowledge(number)
    hand.close()
    filler.unlink(missing_ok=True)
    return {**said, "labels": points.labels}


def fill_up(filler: Path, free: int) -> None:
    """Leave only so many bytes of a file system free."""
    room = os.statvfs(filler.parent)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, room.f_bavail * room.f_bsize - free))


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


def command(
    words: Sequence[str], *, at: int, act: str, lasting: bool, defect: str | None = None
) -> dict[str, Any]:
    """Run the program itself while something fails; return its exit code and the points.

    Without the VFS in Python: where a connection is closed while an exception is on its way, apsw
    prints that one at the first call that it makes into Python.
    """
    main = importlib.import_module("semsearch.cli.main").main
    points = Points(at, ACTS[act], lasting=lasting, spared=FULL_DISK_ALLOWS if lasting else ())
    watch_system_calls(points)
    seeded.apply(defect)
    points.install()
    sys.argv = ["semsearch", *words]
    try:
        main(list(words))
    except SystemExit as end:
        return {"code": end.code, "labels": points.labels}
    raise RuntimeError("the program did not end")


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
    faulthandler.dump_traceback_later(SECONDS_TO_STARVE / 2)
    seeded.apply(defect)
    if way == "allocation" and _testcapi is None:
        return {"word": "skipped, this Python cannot fail its allocations"}
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


_testcapi: Any = None
with suppress(ImportError):
    _testcapi = importlib.import_module("_testcapi")
