"""R1: a crash at each operation of a mixed workload, and inside the recovery from it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.faults.pool import Server
from tests.faults.record import Result, Setting, Suite
from tests.faults.workload import Step, mixed_steps

ENDS = ("exit", "raise")

FLAVOURS = ("own", "pictures", "texts")

WORKLOADS = 6
"""One of each flavour, and again with others; the last two crash between SQLite's writes too."""


@dataclass(frozen=True)
class Case:
    """Where the first crash comes, how, and where a second one comes during what follows."""

    at: int
    act: str
    flavour: str
    steps: list[Step]
    sqlite: bool = False
    again: int = 0


def run(setting: Setting) -> Result:
    """Crash a workload at its points and look what stands."""
    result = setting.result()
    cases = list(_cases(setting, result))
    for case, problems, label in setting.pool.each(lambda s, c: _crash(setting, s, c), cases):
        result.counts[case.act] += 1
        name = f"{case.flavour}, {case.act} at {case.at} ({label})"
        result.case(problems, name + (f", again at {case.again}" if case.again else ""))
    return result


def _cases(setting: Setting, result: Result) -> Iterator[Case]:
    """Yield every point of one workload after another, or as many as the size allows, evenly."""
    chance = random.Random(setting.seed)
    left = setting.size
    for number_of_workload in range(WORKLOADS):
        flavour = FLAVOURS[number_of_workload % 3]
        rounds = 1 if number_of_workload < len(FLAVOURS) else 2
        steps = mixed_steps(setting.seed + number_of_workload // 3, rounds)
        if left <= 0:
            return
        sqlite = number_of_workload >= WORKLOADS - 2
        n = _points(setting, flavour, steps, sqlite)
        share = min(n, left)
        left -= share
        result.counts[f"of {n} points of {flavour}"] += share
        for number in range(share):
            at = 1 + number * n // share
            ends = ("exit", "tear") if sqlite else ENDS
            act = "kill" if number % 10 == 9 else ends[number // 2 % 2]
            again = chance.randint(1, 40) if number % 4 == 3 else 0
            yield Case(at, act, flavour, steps, sqlite, again)


def _points(setting: Setting, flavour: str, steps: list[Step], sqlite: bool) -> int:
    with setting.place("count") as folder:
        done = setting.pool.servers[0].run(
            "tests.faults.jobs:run",
            path=str(folder / "c"),
            flavour=flavour,
            steps=steps,
            sqlite=sqlite,
            defect=setting.defect,
        )
    if done.result is None:
        raise RuntimeError(f"the workload does not run: {done.stderr}")
    return len(done.result)


def _crash(setting: Setting, server: Server, case: Case) -> tuple[Case, list[str], str]:
    with setting.place("crash") as folder:
        common: dict[str, Any] = {
            "path": str(folder / "c"),
            "flavour": case.flavour,
            "steps": case.steps,
            "defect": setting.defect,
        }
        how = {"act": case.act, "sqlite": case.sqlite}
        crashed = server.run("tests.faults.jobs:run", at=case.at, **how, **common)
        acknowledged = len(crashed.acks)
        if case.again:
            second = server.run(
                "tests.faults.jobs:run",
                start=acknowledged,
                at=case.again,
                **how,
                **common,
            )
            acknowledged += len(second.acks)
        seen = server.run("tests.faults.jobs:inspect", acknowledged=acknowledged, **common)
    label = crashed.notes[0] if crashed.notes else "never reached"
    if not crashed.notes:
        return case, [f"did not crash: {crashed.last_line}"], label
    if seen.result is None:
        return case, [f"could not be looked at: {seen.last_line}"], label
    return case, seen.result["problems"], label


SUITE = Suite(
    number="R1",
    title="crash at each operation, also inside recovery",
    run=run,
    sizes={"fast": 240, "deep": 3800},
    defects=("commit-before-publish", "no-sweep", "doubled-rows"),
    defect_size=120,
    unit="crashes",
)
