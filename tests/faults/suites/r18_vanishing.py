"""R18: what can be made again may vanish at any moment: no search notices."""

from __future__ import annotations

import random

from tests.faults.chunks import in_chunks
from tests.faults.record import Result, Setting, Suite

PER_CHILD = 25


def run(setting: Setting) -> Result:
    """Take derived files away under a collection that is searched, changed and indexed."""
    result = setting.result()
    where = {"path": str(setting.folder / "c"), "ledger": str(setting.folder / "ledger")}
    prepared = setting.pool.servers[0].run("tests.faults.traffic:prepare", **where)
    if prepared.status != 0:
        raise RuntimeError(prepared.stderr)
    chance = random.Random(setting.seed)
    cases = [{"seed": chance.getrandbits(32)} for _ in range(setting.size)]
    call = "tests.faults.vanishing:rounds"
    # One after another: each round goes on with the collection of the one before.
    for start in range(0, len(cases), PER_CHILD):
        some = cases[start : start + PER_CHILD]
        for case, told, death in in_chunks(setting, call, some, per_child=PER_CHILD, **where):
            if told is not None:
                result.counts.update(told["counts"])
            result.case([death] if told is None else told["problems"], f"seed {case['seed']}")
    return result


SUITE = Suite(
    number="R18",
    title="files of derived/ vanish while it is searched, changed and indexed",
    run=run,
    sizes={"fast": 20, "deep": 500},
    defects=("missing-index-raised", "missing-column-raised"),
    unit="rounds",
)
