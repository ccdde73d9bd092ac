"""What a child does with a collection whose bytes were damaged."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Sequence
from pathlib import Path

import semsearch
from semsearch.store.database import open_writer
from tests.faults import defects as seeded
from tests.faults.channel import acknowledge
from tests.faults.verify import checked, difference
from tests.faults.workload import Hand, Step, observed, states


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
