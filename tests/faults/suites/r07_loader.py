"""R7: damaged indexes handed to FAISS as if they were whole: bounded memory, bounded time."""

from __future__ import annotations

import random

from tests.faults.chunks import in_chunks
from tests.faults.mutations import KINDS as MUTATIONS
from tests.faults.record import Result, Setting, Suite
from tests.faults.small_indexes import KINDS
from tests.faults.suites.r06_derived import make_templates


def run(setting: Setting) -> Result:
    """Hand mutants to the loader with the digest check off, and search what it lets through."""
    result = setting.result()
    templates = make_templates(setting, KINDS)
    chance = random.Random(setting.seed)
    mutations = list(MUTATIONS)
    cases = [
        {
            "kind": KINDS[number % len(KINDS)],
            "mutation": mutations[number // len(KINDS) % len(mutations)],
            "seed": chance.getrandbits(32),
        }
        for number in range(setting.size)
    ]
    call = "tests.faults.derived_damage:straight"
    for case, told, death in in_chunks(setting, call, cases, templates=str(templates)):
        problems = [death] if death else []
        if told is not None:
            result.counts[told["word"].split(":")[0]] += 1
            grown = told["grown"] >> 20
            result.counts["most MB"] = max(result.counts["most MB"], grown)
            if told["grown"] > told["most"]:
                problems.append(f"took {grown} MB, {told['most'] >> 20} are allowed")
            if " out of " in told["word"]:
                problems.append(told["word"])
        result.case(problems, f"{case['kind']} {case['mutation']}, seed {case['seed']}")
    return result


SUITE = Suite(
    number="R7",
    title="damaged indexes straight into FAISS, without a look at the digest",
    run=run,
    sizes={"fast": 400, "deep": 10_000},
    defects=("no-limits",),
    unit="mutants",
)
