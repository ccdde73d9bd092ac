"""R3: `kill -9` at random moments while rows come, change, go, and are compacted."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.faults.pool import Server
from tests.faults.record import Result, Setting, Suite
from tests.faults.workload import mixed_steps

ROUNDS_A_COLLECTION = 5
"""How often the same collection is killed, each time where it had come to."""

INDEX = "HNSW8"


@dataclass(frozen=True)
class Case:
    """One collection that is worked on, and killed several times."""

    seed: int
    kills: int
    with_index: bool
    """Whether FAISS indexes are built between; that takes most of the time."""


def run(setting: Setting) -> Result:
    """Kill writers at random moments; nothing may be lost, doubled or come back."""
    result = setting.result()
    chance = random.Random(setting.seed)
    left = setting.size
    cases = []
    while left > 0:
        kills = min(left, ROUNDS_A_COLLECTION)
        cases.append(Case(chance.getrandbits(32), kills, with_index=len(cases) % 10 == 1))
        left -= ROUNDS_A_COLLECTION
    for found in setting.pool.each(lambda server, case: _kill(setting, server, case), cases):
        for problems, name, was_killed in found:
            result.case(problems, name)
            result.counts["killed at work"] += was_killed
            result.counts["had ended before"] += not was_killed
    return result


def _kill(setting: Setting, server: Server, case: Case) -> list[tuple[list[str], str, bool]]:
    chance = random.Random(case.seed)
    rows, flavour = chance.choice([3, 20, 60]), chance.choice(["own", "texts"])
    index = INDEX if case.with_index else None
    steps = mixed_steps(case.seed, rounds=case.kills * 3, rows=rows, index=index)
    acknowledged = 0
    found = []
    with setting.place("kill") as folder:
        common = {
            "path": str(folder / "c"),
            "flavour": flavour,
            "steps": steps,
            "defect": setting.defect,
        }
        for number in range(case.kills):
            worker = server.run(
                "tests.faults.jobs:run",
                start=acknowledged,
                kill_from=chance.randint(1, 8),
                kill_after=chance.uniform(0, 1.0 if case.with_index else 0.012),
                **common,
            )
            acknowledged += len(worker.acks)
            seen = server.run(
                "tests.faults.jobs:inspect", acknowledged=acknowledged, go_on=False, **common
            )
            problems = seen.result["problems"] if seen.result else [seen.last_line]
            if worker.raised:
                problems = [f"the worker raised {worker.last_line}", *problems]
            doing = steps[min(acknowledged, len(steps) - 1)]["do"]
            name = (
                f"{flavour}, seed {case.seed}, kill {number + 1} in step {acknowledged} ({doing})"
            )
            found.append((problems, name, worker.status == -9))
            if problems:
                break
        else:
            seen = server.run("tests.faults.jobs:inspect", acknowledged=acknowledged, **common)
            problems = seen.result["problems"] if seen.result else [seen.last_line]
            found[-1] = (found[-1][0] + problems, found[-1][1], found[-1][2])
    return found


SUITE = Suite(
    number="R3",
    title="kill -9 at random moments of ingest, delete and compaction",
    run=run,
    sizes={"fast": 60, "deep": 1000},
    defects=("acknowledge-before-commit", "tombstones-dropped"),
    defect_size=40,
    unit="kills",
)
