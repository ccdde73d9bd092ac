"""R4: the disk is full, fails or says no at any operation, once or for good."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.faults.pool import Outcome, Server
from tests.faults.real_disks import full_disks, programs
from tests.faults.record import Result, Setting, Suite
from tests.faults.workload import Step, mixed_steps

ERRORS = ("ENOSPC", "EIO", "EMFILE", "EACCES")

MAY_PASS = ("fsio unlink", "db delete", "db truncate", "sql ROLLBACK")
"""Operations that only clean up; everything else must be told."""


@dataclass(frozen=True)
class Case:
    """What goes wrong: an error at one point or from there on, or a limit of the kernel."""

    flavour: str
    steps: list[Step]
    how: dict[str, Any]

    @property
    def name(self) -> str:
        """What the case is, in a line."""
        return f"{self.flavour}, {', '.join(f'{key} {value}' for key, value in self.how.items())}"


def run(setting: Setting) -> Result:
    """Fail operations of a workload, and see that it is told, undone and gone through again."""
    result = setting.result()
    cases = list(_cases(setting, result))
    for case, problems, label in setting.pool.each(lambda s, c: _fail(setting, s, c), cases):
        result.counts[case.how["act"]] += 1
        result.counts["the disk stays full"] += bool(case.how.get("lasting"))
        result.case(problems, f"{case.name} ({label})")
    if setting.defect is None:
        full_disks(setting, result)
        programs(setting, result)
    return result


def _cases(setting: Setting, result: Result) -> Iterator[Case]:
    chance = random.Random(setting.seed)
    for flavour in ("own", "texts"):
        steps = mixed_steps(setting.seed)
        labels = _labels(setting, flavour, steps)
        result.counts[f"points of {flavour}"] = len(labels)
        writing = [n for n, label in enumerate(labels, 1) if "write" in label or "sync" in label]
        share = setting.size // 2
        for number in range(share):
            # Every third is a full disk at a write, the others are every error at every point.
            places = writing if number % 3 == 0 else range(1, len(labels) + 1)
            spread = chance.randrange(3) if share < len(places) else 0
            at = places[(number * len(places) // share + spread) % len(places)]
            act = "ENOSPC" if number % 3 == 0 else ERRORS[(number - number // 3 - 1) % 4]
            how: dict[str, Any] = {"at": at, "act": act}
            if act == "ENOSPC" and number % 2:
                how["lasting"] = True
            if number % 5 == 0:
                how["pieces"] = chance.choice([1, 7, 100])
            yield Case(flavour, steps, how)
        for _ in range(max(1, share // 10)):
            limit = chance.randrange(1, 200_000)
            yield Case(flavour, steps, {"at": 0, "act": "count", "largest_file": limit})


def _labels(setting: Setting, flavour: str, steps: list[Step]) -> list[str]:
    with setting.place("count") as folder:
        done = setting.pool.servers[0].run(
            "tests.faults.hardship:fail",
            path=str(folder / "c"),
            flavour=flavour,
            steps=steps,
            at=0,
            act="count",
        )
    if done.result is None:
        raise RuntimeError(f"the workload does not run: {done.stderr}")
    labels: list[str] = done.result["labels"]
    return labels


def _fail(setting: Setting, server: Server, case: Case) -> tuple[Case, list[str], str]:
    with setting.place("error") as folder:
        common = {
            "path": str(folder / "c"),
            "flavour": case.flavour,
            "steps": case.steps,
            "defect": setting.defect,
        }
        done = server.run("tests.faults.hardship:fail", **case.how, **common)
        label = done.notes[0] if done.notes else "a limit"
        problems = _unsaid(case, done, label)
        if not problems:
            seen = server.run("tests.faults.jobs:inspect", acknowledged=len(done.acks), **common)
            problems += seen.result["problems"] if seen.result else [seen.last_line]
            problems += [f"beside it: {p.name}" for p in folder.iterdir() if p.name != "c"]
    return case, problems, label


def _unsaid(case: Case, done: Outcome, label: str) -> list[str]:
    if done.result is None:
        return [f"ended with {done.status}: {done.last_line}"]
    problems: list[str] = done.result["problems"]
    if done.notes and done.result["error"] is None and not label.startswith(MAY_PASS):
        problems.append("nothing was said")
    return problems


SUITE = Suite(
    number="R4",
    title="a full disk, an I/O error, no handle, no permission, at each operation",
    run=run,
    sizes={"fast": 120, "deep": 14_600},
    defects=("errors-swallowed", "no-rollback"),
    defect_size=100,
    unit="errors",
)
