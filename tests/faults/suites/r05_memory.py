"""R5: memory runs out: by a limit of the kernel, at one operation, or at any allocation."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.faults.hardship import SECONDS_TO_STARVE
from tests.faults.pool import Outcome, Server
from tests.faults.record import Result, Setting, Suite
from tests.faults.workload import Step, mixed_steps

WAYS = ("limit", "point", "allocation")

ALLOCATIONS = 150_000
"""About what the workload asks the interpreter for."""


@dataclass(frozen=True)
class Case:
    """Where memory ends, and how: `amount` is megabytes, the point, or the allocation."""

    way: str
    amount: int
    flavour: str
    steps: list[Step]


def run(setting: Setting) -> Result:
    """Let memory run out; the process reports or ends, and the collection is whole."""
    result = setting.result()
    cases = list(_cases(setting))
    for case, problems, word in setting.pool.each(lambda s, c: _starve(setting, s, c), cases):
        result.counts[f"{case.way}: {word}"] += 1
        result.case(problems, f"{case.flavour}, {case.way} {case.amount}")
    return result


def _cases(setting: Setting) -> Iterator[Case]:
    chance = random.Random(setting.seed)
    for number in range(setting.size):
        way = WAYS[number % 3]
        amount = {
            "limit": number * 48 // setting.size,
            "point": chance.randint(1, 250),
            "allocation": chance.randint(1, ALLOCATIONS),
        }[way]
        rows = 2000 if way == "limit" else 5
        yield Case(way, amount, ("own", "texts")[number % 2], mixed_steps(setting.seed, 2, rows))


def _starve(setting: Setting, server: Server, case: Case) -> tuple[Case, list[str], str]:
    with setting.place("memory") as folder:
        common: dict[str, Any] = {
            "path": str(folder / "c"),
            "flavour": case.flavour,
            "steps": case.steps,
            "defect": setting.defect,
        }
        how = {"way": case.way, "amount": case.amount}
        done = server.run(
            "tests.faults.hardship:starve", timeout=SECONDS_TO_STARVE, **how, **common
        )
        seen = server.run("tests.faults.jobs:inspect", acknowledged=len(done.acks), **common)
    problems = list(seen.result["problems"] if seen.result else [seen.last_line])
    if done.timed_out and not _hangs_in_the_interpreter(done):
        problems.append(f"hangs: {done.stderr[-600:]}")
    if case.way == "point" and done.result is None:
        problems.append(f"ended with {done.status}: {done.last_line}")
    word = done.result["word"] if done.result else ("died" if done.status < 0 else "ended")
    word = "CPython hangs in Thread.start" if done.timed_out else word
    return case, problems, word


def _hangs_in_the_interpreter(done: Outcome) -> bool:
    """Whether CPython waits for a thread that died before it could say that it runs.

    `Thread.start` has no way out when the new thread cannot allocate its first object.
    """
    return re.search(r"threading.py.*in wait\n.*in wait\n.*in start\n", done.stderr) is not None


SUITE = Suite(
    number="R5",
    title="memory runs out: address space, one operation, one allocation",
    run=run,
    sizes={"fast": 30, "deep": 300},
    defects=("errors-swallowed",),
)
