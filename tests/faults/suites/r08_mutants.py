"""R8: damaged bytes in every file that belongs to the truth: told, or without effect."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.mutations import KINDS, mutated
from tests.faults.pool import Outcome, Server
from tests.faults.record import Result, Setting, Suite
from tests.faults.workload import Step, mixed_steps

TARGETS = ("store.db", "store.db", "store.db-wal", "segments", "heads", "blobs", "FORMAT", "LOCK")


@dataclass(frozen=True)
class Case:
    """A file of a finished collection, and how it is damaged."""

    template: Path
    steps: list[Step]
    target: str
    kind: str
    seed: int

    @property
    def name(self) -> str:
        """What the case is, in a line."""
        return f"{self.target} {self.kind}, seed {self.seed}, {self.template.name}"


def run(setting: Setting) -> Result:
    """Damage files, and see that every answer is right or refused."""
    result = setting.result()
    cases = list(_cases(setting))
    for case, problems, outcome in setting.pool.each(lambda s, c: _damage(setting, s, c), cases):
        result.counts[outcome] += 1
        result.case(problems, case.name)
    return result


def _cases(setting: Setting) -> Iterator[Case]:
    chance = random.Random(setting.seed)
    templates = [
        _template(setting, flavour, ends)
        for flavour in ("own", "texts", "pictures")
        for ends in ("run", "kill")
    ]
    for number in range(setting.size):
        template, steps = templates[number % len(templates)]
        target = TARGETS[number // len(templates) % len(TARGETS)]
        file = _file(template, target, chance)
        if file.stat().st_size == 0:
            file = template / "store.db"
        lap = number // (len(templates) * len(TARGETS))  # so that each file meets each kind
        kind = list(KINDS)[(number + lap) % len(KINDS)]
        yield Case(template, steps, str(file.relative_to(template)), kind, chance.getrandbits(32))


def _template(setting: Setting, flavour: str, ends: str) -> tuple[Path, list[Step]]:
    """Make a collection; one whose writer was killed keeps its last commits in the log."""
    path = setting.folder / f"{flavour}-{ends}"
    # Both would wait for the reader that keeps the log.
    steps = [s for s in mixed_steps(setting.seed, rows=30) if s["do"] not in ("purge", "compact")]
    done = setting.pool.servers[0].run(
        "tests.faults.mutant_jobs:leave_open" if ends == "kill" else "tests.faults.jobs:run",
        path=str(path),
        flavour=flavour,
        steps=steps,
    )
    if len(done.acks) != len(steps):
        raise RuntimeError(f"the workload does not run: {done.stderr}")
    return path, steps


def _file(template: Path, target: str, chance: random.Random) -> Path:
    path = template / target
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        return chance.choice(files) if files else template / "store.db"
    return path if path.exists() else template / "store.db"


def _damage(setting: Setting, server: Server, case: Case) -> tuple[Case, list[str], str]:
    with setting.place("mutant") as folder:
        copy = folder / "c"
        shutil.copytree(case.template, copy)
        (copy / "store.db-shm").unlink(missing_ok=True)  # as after a start of the machine
        file = copy / case.target
        file.write_bytes(mutated(file.read_bytes(), case.kind, case.seed))
        done = server.run(
            "tests.faults.mutant_jobs:read_mutant",
            timeout=20,
            path=str(copy),
            flavour=case.template.name.split("-")[0],
            steps=case.steps,
            defect=setting.defect,
        )
    return case, *_judged(case, done)


def _judged(case: Case, done: Outcome) -> tuple[list[str], str]:
    """Return what is wrong, and a word for what happened."""
    if done.result is None:
        return [f"ended with {done.status}: {done.last_line}"], "died"
    seen: dict[str, Any] = done.result
    problems = []
    if seen["answer"] == "wrong":
        problems.append(seen["why"])
    if seen["answer"] == "older" and not case.target.endswith("-wal"):
        problems.append("shows an older state")
    if seen["check"] == "clean" and seen["answer"] == "refused":
        problems.append(f"the check finds nothing, though reading says {seen['why']}")
    if seen["check"] == "clean" and case.target.startswith(("segments", "heads", "blobs")):
        problems.append("the check finds nothing")
    return problems, f"{seen['answer']}, check {seen['check']}"


SUITE = Suite(
    number="R8",
    title="damaged store.db, -wal, FORMAT, LOCK, images, results and vectors",
    run=run,
    sizes={"fast": 300, "deep": 3000},
    defects=("no-digest",),
    unit="mutants",
)
