"""R6: damaged files of indexes and columns: nothing reads them, every answer stays the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from tests.faults.chunks import Case, in_chunks
from tests.faults.mutations import KINDS as MUTATIONS
from tests.faults.record import Result, Setting, Suite
from tests.faults.small_indexes import COLUMNS, KINDS

REBUILT_EVERY = 12


def run(setting: Setting) -> Result:
    """Damage derived files, search, and now and then wait until the index is back."""
    result = setting.result()
    templates = make_templates(setting, (*KINDS, COLUMNS))
    cases = list(_cases(setting))
    call = "tests.faults.derived_damage:mutants"
    for case, problems, death in in_chunks(setting, call, cases, templates=str(templates)):
        result.counts[case["kind"]] += 1
        result.counts["rebuilt"] += case["rebuild"]
        name = f"{case['kind']} {case['mutation']}, seed {case['seed']}"
        result.case([death] if death else problems, name)
    return result


def make_templates(setting: Setting, kinds: tuple[str, ...]) -> Path:
    """Make a collection of each kind, in a child each; return the folder they stand in."""
    folder = setting.folder / "templates"
    folder.mkdir()
    call = "tests.faults.small_indexes:make_template"
    made = setting.pool.each(lambda s, kind: s.run(call, path=str(folder / kind), kind=kind), kinds)
    for kind, outcome in zip(kinds, made, strict=True):
        if outcome.status != 0:
            raise RuntimeError(f"no template of {kind}: {outcome.stderr}")
    return folder


def _cases(setting: Setting) -> Iterator[Case]:
    chance = random.Random(setting.seed)
    kinds = (*KINDS, COLUMNS)
    mutations = list(MUTATIONS)
    for number in range(setting.size):
        kind = kinds[number % len(kinds)]
        mutation = mutations[number // len(kinds) % len(mutations)]
        rebuild = kind != COLUMNS and number // len(kinds) % REBUILT_EVERY == REBUILT_EVERY - 1
        seed = chance.getrandbits(32)
        yield {"kind": kind, "mutation": mutation, "seed": seed, "rebuild": rebuild}


SUITE = Suite(
    number="R6",
    title="damaged indexes and columns: not a byte is used, answers stay, the index comes back",
    run=run,
    sizes={"fast": 400, "deep": 10_000},
    defects=("index-unverified", "column-unverified"),
    defect_size=40,
    unit="mutants",
)
