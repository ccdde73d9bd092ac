"""What a child is asked to do; see `children`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import semsearch
from tests.faults import defects as seeded
from tests.faults import sqlite_files
from tests.faults.disk import Disk
from tests.faults.injection import ACTS, Point, Points, guarded
from tests.faults.verify import checked, strays, verify
from tests.faults.workload import Step, work


def run(
    path: str,
    flavour: str,
    steps: Sequence[Step],
    *,
    start: int = 0,
    at: int = 0,
    act: str = "count",
    sqlite: bool = False,
    defect: str | None = None,
) -> list[str]:
    """Do a workload while something happens at one of its operations; return their names."""
    points = Points(at, ACTS[act])
    if sqlite:
        sqlite_files.install(points)
    seeded.apply(defect)
    points.install()
    guarded(lambda: work(path, flavour, steps, start))
    return points.labels


def lose_power_at(
    path: str, flavour: str, steps: Sequence[Step], *, aside: str, at: int, defect: str | None
) -> list[str]:
    """Do a workload up to an operation, write down what is not durable then, and end.

    Returns the names of the operations when there are less than `at`.
    """
    disk = Disk(Path(path).parent, Path(aside))

    def crash(point: Point) -> None:
        disk.dump()
        ACTS["exit"](point)

    points = Points(at, crash)
    sqlite_files.install(points, disk)
    disk.install()
    seeded.apply(defect)
    points.install()
    work(path, flavour, steps)
    disk.dump()
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


def look_at_texts(path: str, batch: int) -> dict[str, Any]:
    """Return what is wrong with an indexed table whose writing was cut short, and how many rows."""
    with semsearch.open(path) as collection:
        keys = collection.keys()
        hits = collection.get(keys)
        problems = [f"{h.key} has another text" for h in hits if not h.text.endswith(f" {h.key}")]
        if len(set(keys)) != len(keys):
            problems.append("rows are doubled")
        collection.add([{"id": "last", "text": "soup last"}], text="text", key="id")
        problems += checked(collection)
    return {"problems": problems + list(strays(Path(path))), "rows": len(keys)}
