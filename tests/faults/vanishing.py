"""R18: files of derived/ vanish at any moment, while rows and indexes come and go."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

import semsearch
from semsearch.errors import SemsearchError
from tests.faults import defects as seeded
from tests.faults import (
    index_defects,  # noqa: F401 - puts its defects beside the others
    small_indexes,
)
from tests.faults.chunks import Case, answer_each
from tests.faults.ledger import ADDED, ENDING, GONE, Reader
from tests.faults.small_indexes import COLUMNS
from tests.faults.traffic import Drive
from tests.faults.workload import vector_of

SECONDS = 0.4
PAUSE = 0.02
K = 10
CLOSE = 2e-6
QUERIES = 8
KINDS = ("Flat", "SQ8", "IVF16,SQ8", "IVF1,PQ8x4fs", "HNSW8")


def rounds(path: str, ledger: str, cases: Sequence[Case], defect: str | None = None) -> None:
    """Let files vanish under one collection round after round; tell what was wrong."""
    small_indexes.install()
    seeded.apply(defect)
    columns = Path(path).parent / COLUMNS
    if not columns.exists():
        small_indexes.make_template(str(columns), COLUMNS)
    with semsearch.open(columns, auto_index=False) as collection:
        expected = small_indexes.answers(collection, COLUMNS)
    answer_each(cases, lambda case: _round(Path(path), Path(ledger), columns, expected, case))


def _round(path: Path, ledger: Path, columns: Path, expected: Any, case: Case) -> dict[str, Any]:
    with semsearch.open(path) as collection:
        drive = Drive(collection, ledger, case["seed"], SECONDS)

        def vanish(seed: int) -> None:
            chance = random.Random(seed)
            while not drive.is_over():
                time.sleep(chance.uniform(0, PAUSE))
                drive.counts["vanished"] += _vanish(chance.choice([path, columns]), chance)

        def build(seed: int) -> None:
            while not drive.is_over():
                _tolerate(lambda: collection.build_index(random.Random(seed).choice(KINDS)))
                time.sleep(PAUSE)

        def filtered(_: int) -> None:
            while not drive.is_over():
                with semsearch.open(columns, auto_index=False) as other:
                    if small_indexes.answers(other, COLUMNS) != expected:
                        drive.wrong("a filter passes other rows")

        told = drive.run([drive.search, drive.search, drive.write, build, filtered, vanish])
    problems = told["problems"] or _wrong_afterwards(path, ledger, case["seed"])
    return {"problems": problems, "counts": told["counts"]}


def _vanish(path: Path, chance: random.Random) -> int:
    """Remove one derived file, or all of them with their folder."""
    derived = path / "derived"
    with suppress(OSError):
        if chance.random() < 0.2:
            shutil.rmtree(derived)
            return 1
        file = chance.choice(sorted(derived.iterdir()) or [derived / "none"])
        file.unlink()
        return 1
    return 0


def _tolerate(change: Callable[[], Any]) -> None:
    """Let a build fail in words: the folder it writes to was taken away under it."""
    with suppress(SemsearchError):
        change()


def _wrong_afterwards(path: Path, ledger: Path, seed: int) -> list[str]:
    """Return what is wrong with the answers of a fresh look, and of one with a fresh index."""
    reader = Reader(ledger)
    reader.read()
    shutil.rmtree(path / "derived", ignore_errors=True)
    with semsearch.open(path, auto_index=False) as collection:
        # A delete that was cut short by an error may have happened or not.
        doubtful = reader.keys[ENDING] - reader.keys[GONE]
        keys = sorted(reader.keys[ADDED] - reader.keys[ENDING] | collection.known(doubtful))
        return _wrong_answers(collection, keys, seed)


def _wrong_answers(collection: semsearch.Collection, keys: list[str], seed: int) -> list[str]:
    rows = np.stack([vector_of(key, 0) for key in keys])
    chance = random.Random(seed)
    queries = np.stack([vector_of(f"query {chance.random()}", 0) for _ in range(QUERIES)])
    truth = -np.sort(-(queries @ rows.T), axis=1)[:, :K]
    problems = []
    _, scores = collection.neighbors(queries, K)
    if not np.allclose(scores, truth, atol=CLOSE):
        problems.append("without derived/ the exact answers are others")
    collection.build_index(chance.choice(KINDS))
    stated = float(collection.info()["recall"])
    _, scores = collection.neighbors(queries, K)
    recall = float((scores >= truth[:, -1:] - CLOSE).mean())
    if recall < stated - 1 / QUERIES:
        problems.append(f"recall {recall} where {stated} is stated")
    problems += [f"check: {f.thing} {f.wrong}" for f in collection.check(full=True).findings]
    return problems
