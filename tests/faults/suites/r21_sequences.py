"""R21: operations in any order give what a dict and numpy give."""

from __future__ import annotations

import random

from tests.faults.chunks import in_chunks
from tests.faults.record import Result, Setting, Suite

STEPS = 30
PER_CHILD = 100


def run(setting: Setting) -> Result:
    """Play sequences of operations, each drawn by a seed of its own."""
    result = setting.result()
    chance = random.Random(setting.seed)
    cases = [{"seed": chance.getrandbits(32), "steps": STEPS} for _ in range(setting.size)]
    call = "tests.faults.sequences:play"
    told = in_chunks(setting, call, cases, per_child=PER_CHILD, folder=str(setting.folder))
    for case, problems, death in told:
        result.counts["steps"] += STEPS
        result.case([death] if death else problems, f"seed {case['seed']}")
    return result


SUITE = Suite(
    number="R21",
    title="operations in any order, against a dict and numpy",
    run=run,
    sizes={"fast": 200, "deep": 5000},
    defects=(
        "forgotten-tail",
        "tombstones-dropped",
        "stale-view",
        "filter-forgotten",
        "stale-columns",
        "first-rows-mapped",
    ),
    defect_size=40,
    unit="sequences",
)
