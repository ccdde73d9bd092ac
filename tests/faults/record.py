"""What a suite is and what it reports; one file a suite under `suites/` holds a `SUITE`."""

from __future__ import annotations

import importlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.pool import Pool

SHOWN = 12


@dataclass
class Result:
    """What came of a run: how many cases, which failed, and other numbers worth keeping."""

    cases: int = 0
    failures: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    skipped: str = ""
    """Why something was not tested on this machine; "" where all was."""
    stops: bool = False
    """Whether the first failure is enough, as it is where a defect must show."""

    def case(self, problems: Sequence[str], name: str) -> None:
        """Count a case, and remember it if something was wrong."""
        self.cases += 1
        self.failures += [f"{name}: {problem}" for problem in problems]
        if self.stops and self.failures:
            raise Enough(self)

    @property
    def passed(self) -> bool:
        """Whether there were cases and none failed."""
        return self.cases > 0 and not self.failures

    def as_dict(self) -> dict[str, Any]:
        """Return the result JSON-ready, with the first failures."""
        return {
            "passed": self.passed,
            "cases": self.cases,
            "failed": len(self.failures),
            "failures": self.failures[:SHOWN],
            "counts": dict(self.counts),
            "skipped": self.skipped,
        }


class Enough(Exception):
    """Raised by the first failure of a suite that was given a defect; holds the result so far."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.failures[0])
        self.result = result


@dataclass(frozen=True)
class Setting:
    """What a run is given: its size, its seed, processes to work in, and a folder."""

    size: int
    seed: int
    pool: Pool
    folder: Path
    defect: str | None = None

    def result(self) -> Result:
        """Return an empty result to fill."""
        return Result(stops=self.defect is not None)

    @contextmanager
    def place(self, name: str) -> Iterator[Path]:
        """Lend an empty folder of this case's own."""
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Suite:
    """One line of the fault plan: `sizes` are the cases of each tier, `defects` must fail it."""

    number: str
    title: str
    run: Callable[[Setting], Result]
    sizes: Mapping[str, int]
    defects: Sequence[str] = ()
    defect_size: int = 0
    """How many cases a defect is given to show itself; 0: as many as the fast tier has."""
    unit: str = "cases"


def suites() -> dict[str, Suite]:
    """Return every suite by its number, in the order of the plan."""
    found = []
    for path in (Path(__file__).parent / "suites").glob("r*.py"):
        found.append(importlib.import_module(f"tests.faults.suites.{path.stem}").SUITE)
    return {suite.number: suite for suite in sorted(found, key=lambda one: int(one.number[1:]))}


def fast_folder() -> Path:
    """Return where cases put their files: memory where there is some, as the disk is not tested."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="semsearch-", dir=memory if memory.is_dir() else None))
