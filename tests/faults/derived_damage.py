"""What children do with damaged derived files: R6 by way of a collection, R7 straight to FAISS."""

from __future__ import annotations

import resource
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import semsearch
from semsearch.collection.indexing import load
from semsearch.collection.searching import Seen, unit_queries
from semsearch.errors import SemsearchError
from semsearch.index import files
from semsearch.index.files import Loads
from semsearch.store import column_files
from tests.faults import defects as seeded
from tests.faults import (
    index_defects,  # noqa: F401 - puts its defects beside the others
    memory_use,
    small_indexes,
)
from tests.faults.chunks import Case, answer_each
from tests.faults.mutations import mutated
from tests.faults.small_indexes import COLUMNS, Answers

MUCH_MEMORY = 1.1
FEW_ROUNDS = 3
FOUND = 0.9
MOST_ADDRESSES = 4 << 30
TIMES_FILE, MORE_MEMORY = 4, 200 << 20


class Parsed:
    """How often numpy was handed the bytes of a saved column."""

    count = 0


def mutants(templates: str, cases: Sequence[Case], defect: str | None = None) -> None:
    """Damage a derived file of a collection, search it, and tell what was wrong (R6)."""
    small_indexes.install()
    _count_columns()
    seeded.apply(defect)
    judge = _Judge(Path(templates))
    answer_each(cases, judge.case)


class _Judge:
    def __init__(self, templates: Path) -> None:
        self._templates = templates
        self._clean_peak = 0
        kinds = sorted(path.name for path in templates.iterdir())
        for _ in range(FEW_ROUNDS):
            self._clean = {kind: self._look_at_clean(kind) for kind in kinds}

    def case(self, case: Case) -> list[str]:
        kind = case["kind"]
        with tempfile.TemporaryDirectory(dir=self._templates.parent) as place:
            copy = Path(place) / "c"
            shutil.copytree(self._templates / kind, copy)
            files = small_indexes.derived_files(copy)
            target = files[case["seed"] % len(files)]
            target.write_bytes(mutated(target.read_bytes(), case["mutation"], case["seed"]))
            return self._wrong(copy, target, case)

    def _look_at_clean(self, kind: str) -> Answers:
        """Return the exact answers of a clean collection, and learn how much memory they take."""
        memory_use.forget_peak()
        with semsearch.open(self._templates / kind, auto_index=False) as collection:
            small_indexes.answers(collection, kind)
            self._clean_peak = max(self._clean_peak, memory_use.peak())
            if kind != COLUMNS and collection._view.now().view.codes is None:
                raise RuntimeError(f"the clean {kind} is not loaded")
            return small_indexes.exact_answers(collection, kind)

    def _wrong(self, copy: Path, target: Path, case: Case) -> list[str]:
        kind, damaged = case["kind"], target.read_bytes()
        exact = self._clean[kind]
        loads, parsed = Loads.count, Parsed.count
        n_whole = len(small_indexes.derived_files(copy)) - 1
        memory_use.forget_peak()
        problems = []
        with semsearch.open(copy, auto_index=False) as collection:
            if small_indexes.answers(collection, kind) != exact:
                problems.append("the answers differ from those of the clean collection")
            if Loads.count != loads:
                problems.append("FAISS was handed a mutant")
            if kind == COLUMNS and Parsed.count - parsed > n_whole:
                problems.append("numpy was handed a mutant")
        if memory_use.peak() > MUCH_MEMORY * self._clean_peak:
            problems.append(
                f"a peak of {memory_use.peak() >> 20} MB, clean {self._clean_peak >> 20}"
            )
        if kind == COLUMNS:
            return problems + ([] if small_indexes.is_whole(target) else ["not saved again"])
        quarantined = copy / "quarantine" / target.name
        if not quarantined.exists() or quarantined.read_bytes() != damaged:
            problems.append("the quarantine does not hold the file")
        return problems + (self._wrong_after_rebuild(copy, target, kind) if case["rebuild"] else [])

    def _wrong_after_rebuild(self, copy: Path, target: Path, kind: str) -> list[str]:
        """Open it as programs do: the index comes back by itself."""
        exact = self._clean[kind]
        with semsearch.open(copy) as collection:
            if small_indexes.answers(collection, kind) != exact:
                return ["the answers differ before the rebuild"]
            if not collection._keeper.wait(30):
                return ["the rebuild does not end"]
            ids, _ = small_indexes.answers(collection, kind)
            codes = collection._view.now().view.codes
            findings = collection.check(full=True).findings
        if codes is None or codes.plan.spec != kind:
            return ["no index was rebuilt"]
        share = np.mean([len({*a} & {*b}) / len(b) for a, b in zip(ids, exact[0], strict=True)])
        problems = [] if share >= FOUND else [f"the rebuilt index finds {share:.2f} of ten"]
        problems += [f"check: {finding.thing} {finding.wrong}" for finding in findings]
        return problems + ([] if is_rebuilt(copy) else ["the rebuilt file is damaged"])


def is_rebuilt(path: Path) -> bool:
    """Say whether every derived file there is whole."""
    return all(small_indexes.is_whole(file) for file in small_indexes.derived_files(path))


def _count_columns() -> None:
    real = column_files.np

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def load(self, *args: Any, **options: Any) -> Any:
            Parsed.count += 1
            return real.load(*args, **options)

    column_files.np = Counting()  # type: ignore[assignment]


def straight(templates: str, cases: Sequence[Case], defect: str | None = None) -> None:
    """Hand damaged bytes to FAISS as if they had their digest (R7); tell what came of it."""
    small_indexes.install()
    seeded.apply(defect)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
    given: list[bytes] = []
    files._verified = lambda path, sha256, size: given.pop()

    @cache
    def opened(kind: str) -> tuple[semsearch.Collection, Any, bytes, Answers]:
        collection = semsearch.open(f"{templates}/{kind}", read_only=True, auto_index=False)
        record = collection._indexes.record(1)
        data = record.path.read_bytes()
        given.append(data)
        return collection, record, data, small_indexes.answers(collection, kind)

    def case(case: Case) -> dict[str, Any]:
        collection, record, data, clean = opened(case["kind"])
        given[:] = [mutated(data, case["mutation"], case["seed"])]
        memory_use.forget_peak()
        before = memory_use.peak()
        word = _word(collection, record, clean)
        grown = memory_use.peak() - before
        return {"word": word, "grown": grown, "most": TIMES_FILE * len(data) + MORE_MEMORY}

    answer_each(cases, case)


def _word(collection: semsearch.Collection, record: Any, clean: Answers) -> str:
    """Load the index and search it; say how it ended."""
    snapshot = collection._store.snapshot()
    try:
        index = load(record, snapshot)
    except SemsearchError as error:
        return "passed off" if "find themselves" in error.problem else "refused"
    except Exception as error:
        return f"{type(error).__name__} out of loading: {error}"
    try:
        seen = Seen.of(snapshot, index)
        queries = unit_queries(small_indexes.vectors_of(2, 6), small_indexes.DIM)
        ids, scores = seen.search(queries, 10)
    except Exception as error:
        return f"{type(error).__name__} out of a search: {error}"
    found = ids.tolist(), scores.tolist()
    return "harmless" if found == clean else "searched"
