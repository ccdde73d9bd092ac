"""What a child is asked to do; see `children`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.faults import defects as seeded
from tests.faults.injection import ACTS, Points, guarded
from tests.faults.verify import verify
from tests.faults.workload import Step, work


def run(
    path: str,
    flavour: str,
    steps: Sequence[Step],
    *,
    start: int = 0,
    at: int = 0,
    act: str = "count",
    lasting: bool = False,
    only: str = "",
    defect: str | None = None,
) -> list[str]:
    """Do a workload while something happens at one of its operations; return their names."""
    points = Points(at, ACTS[act], lasting=lasting, only=only)
    seeded.apply(defect)
    points.install()
    guarded(lambda: work(path, flavour, steps, start))
    return points.labels


def inspect(
    path: str,
    flavour: str,
    steps: Sequence[Step],
    *,
    acknowledged: int,
    go_on: bool = True,
    defect: str | None = None,
) -> dict[str, Any]:
    """Return what is wrong, see `verify`."""
    seeded.apply(defect)
    return {"problems": verify(path, flavour, steps, acknowledged, go_on=go_on)}
