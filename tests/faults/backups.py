"""R20: backups of a collection that is written to all the while, restored elsewhere."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import semsearch
from tests.faults import defects as seeded
from tests.faults import (
    index_defects,  # noqa: F401 - puts its defects beside the others
    small_indexes,
)
from tests.faults.chunks import Case, answer_each
from tests.faults.ledger import BEGUN, STOP, Ledger, Reader
from tests.faults.traffic import CLOSE, Writer
from tests.faults.workload import result_of, vector_of

PAUSE = 0.005
RESULT = {"name": "a", "version": 3}


def prepare(path: str, ledger: str) -> None:
    """Make a collection with rows and a stored result."""
    written = Ledger(Path(ledger))
    with semsearch.create(path, module=None, dim=len(vector_of("", 0))) as collection:
        Writer(collection, written, random.Random(0)).add(300)
        with collection._store.writing() as writer:
            writer.save_result("clustering", RESULT["name"], result_of(RESULT), {"n": 3})


def write_on(path: str, ledger: str, *, seed: int, seconds: float) -> int:
    """Add, delete, purge and compact until the ledger says stop; return how often."""
    end, steps = time.monotonic() + seconds, 0
    reader = Reader(Path(ledger))
    with semsearch.open(path, auto_index=False) as collection:
        writer = Writer(collection, Ledger(Path(ledger)), random.Random(seed))
        while time.monotonic() < end and not reader.is_over:
            writer.step()
            steps += 1
            time.sleep(PAUSE)
            reader.read()
    return steps


def back_up(
    path: str, ledger: str, aside: str, cases: Sequence[Case], defect: str | None = None
) -> None:
    """Back up again and again, restore each backup, and tell what is wrong with it."""
    small_indexes.install()
    seeded.apply(defect)
    chance = random.Random(len(cases))

    def case(case: Case) -> list[str]:
        time.sleep(chance.uniform(0, 0.1))
        reader = Reader(Path(ledger))
        reader.read()
        n_promised = reader.n_done
        target = Path(aside) / f"{case['number']}.backup"
        try:
            with semsearch.open(path, auto_index=False) as collection:
                report = collection.backup(target)
            reader.read()
            possible = list(_states(reader.changes, n_promised))
            with semsearch.restore(target, Path(aside) / f"restored {case['number']}") as restored:
                return _wrong(restored, report.items, possible)
        except semsearch.SemsearchError as error:
            return [f"{type(error).__name__}: {error}"]
        finally:
            target.unlink(missing_ok=True)

    try:
        answer_each(cases, case, seconds=120)
    finally:
        Ledger(Path(ledger)).write(STOP)


def _states(changes: Sequence[tuple[str, list[str]]], promised: int) -> Iterator[set[str]]:
    """Yield the keys after each change that may have been the last one in the backup."""
    keys: set[str] = set()
    for number, (kind, some) in enumerate(changes, 1):
        keys = keys | set(some) if kind == BEGUN else keys - set(some)
        if number >= promised:
            yield keys


def _wrong(restored: semsearch.Collection, items: int, possible: list[set[str]]) -> list[str]:
    keys, vectors = restored.vectors()
    problems = [f"check: {f.thing} {f.wrong}" for f in restored.check(full=True).findings]
    if set(keys) not in possible or len(keys) != len(set(keys)) or len(keys) != items:
        fewer = sorted(possible[0] - set(keys))[:3]
        problems.append(f"{len(keys)} rows, told {items}, in no state there was; {fewer} missing")
    own = np.stack([vector_of(key, 0) for key in keys])
    if not np.allclose(own, vectors, atol=CLOSE):
        problems.append("other vectors")
    arrays, _ = restored._store.load_result("clustering", str(RESULT["name"]))
    if not np.array_equal(arrays["values"], result_of(RESULT)["values"]):
        problems.append("another stored result")
    restored.add(vectors=vector_of("last", 0)[None], keys=["last"])
    return problems + _wrong_last(restored)


def _wrong_last(restored: semsearch.Collection) -> list[Any]:
    ids, _ = restored.neighbors(vector_of("last", 0)[None], 1)
    return [] if restored.keys(ids[0]) == ["last"] else ["what is added is not found"]
