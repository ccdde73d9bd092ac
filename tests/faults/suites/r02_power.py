"""R2: a power cut at any operation: what was not synced is torn or gone, names may be undone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.disk import lose_power
from tests.faults.pool import Server
from tests.faults.record import Result, Setting, Suite
from tests.faults.workload import Step, mixed_steps


@dataclass(frozen=True)
class Case:
    """Where the power goes, and by which chance it takes what it takes."""

    at: int
    flavour: str
    steps: list[Step]
    seed: int


def run(setting: Setting) -> Result:
    """Cut the power at points of a workload, SQLite's own file operations among them."""
    result = setting.result()
    for case, problems, taken in setting.pool.each(
        lambda server, case: _cut(setting, server, case), list(_cases(setting, result))
    ):
        result.counts["something was lost"] += bool(taken)
        result.case(problems, f"{case.flavour}, seed {case.seed}, power cut at {case.at} ({taken})")
    return result


def _cases(setting: Setting, result: Result) -> Iterator[Case]:
    chance = random.Random(setting.seed)
    for flavour in ("own", "texts"):
        steps = mixed_steps(setting.seed)
        with setting.place("count") as folder:
            done = setting.pool.servers[0].run(
                "tests.faults.jobs:lose_power_at",
                path=str(folder / "c"),
                flavour=flavour,
                steps=steps,
                aside=str(folder),
                at=0,
                defect=setting.defect,
            )
        if done.result is None:
            raise RuntimeError(f"the workload does not run: {done.stderr}")
        n = len(done.result) + 1  # and one after all is done
        result.counts[f"points of {flavour}"] = n
        share = setting.size // 2
        for number in range(share):
            at = 1 + (number * n // share if share < n else number % n)
            yield Case(at, flavour, steps, chance.getrandbits(32))


def _cut(setting: Setting, server: Server, case: Case) -> tuple[Case, list[str], str]:
    with setting.place("power") as folder, setting.place("aside") as aside:
        common = {
            "path": str(folder / "c"),
            "flavour": case.flavour,
            "steps": case.steps,
            "defect": setting.defect,
        }
        done = server.run("tests.faults.jobs:lose_power_at", at=case.at, aside=str(aside), **common)
        if not (aside / "disk.json").exists():
            return case, [f"did not get there: {done.last_line}"], ""
        taken = lose_power(folder, aside, random.Random(case.seed))
        seen = server.run("tests.faults.jobs:inspect", acknowledged=len(done.acks), **common)
    told = f"before {done.notes[0] if done.notes else 'nothing more'}; {', '.join(taken)}"
    if seen.result is None:
        return case, [f"could not be looked at: {seen.last_line}"], told
    return case, seen.result["problems"], told


SUITE = Suite(
    number="R2",
    title="power cut at each operation, SQLite's own files included",
    run=run,
    sizes={"fast": 120, "deep": 12_000},
    defects=("no-fsync", "no-folder-fsync", "synchronous-off"),
    defect_size=80,
    unit="power cuts",
)
