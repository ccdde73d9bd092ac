"""The driver: `python -m tests.faults.run --tier fast|deep [--only R3] [--json FILE] ...`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw

import semsearch
from tests.faults import report
from tests.faults.pool import pool
from tests.faults.record import Enough, Result, Setting, Suite, fast_folder, suites

SEED = 20_261_120


def main() -> int:
    """Run the suites asked for, tell what came of them, and write what was asked for."""
    options = _options()
    chosen = {n: s for n, s in suites().items() if not options.only or n in options.only}
    found: dict[str, Any] = {"machine": _machine(), "suites": {}}
    for number, suite in chosen.items():
        found["suites"][number] = _told(suite, options)
        if options.page is not None and not options.defect:
            report.write(options.page, found)
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return int(not all(_is_well(each) for each in found["suites"].values()))


def run_suite(
    suite: Suite, size: int, seed: int, *, jobs: int, defect: str | None = None
) -> Result:
    """Run one suite in a folder and processes of its own."""
    folder = fast_folder()
    try:
        with pool(jobs) as lent:
            return suite.run(Setting(size, seed, lent, folder, defect))
    except Enough as enough:
        return enough.result
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _told(suite: Suite, options: argparse.Namespace) -> dict[str, Any]:
    size = options.size or suite.sizes[options.tier]
    if options.defect:
        result = run_suite(suite, size, options.seed, jobs=options.jobs, defect=options.defect)
        _say(f"{suite.number} with {options.defect}: {'MISSED' if result.passed else 'killed'}")
        _list(result)
        return {"seconds": 0, "passed": not result.passed, "defects": {}}
    started = time.monotonic()
    result = run_suite(suite, size, options.seed, jobs=options.jobs)
    told = {
        "title": suite.title,
        "unit": suite.unit,
        # A run of another size than its tier's must not pass for it.
        "tier": options.tier if size == suite.sizes[options.tier] else f"size {size:,}",
        "seed": options.seed,
        "date": datetime.now(UTC).date().isoformat(),
        **result.as_dict(),
    }
    told["seconds"] = round(time.monotonic() - started, 1)
    _say(
        f"{suite.number} {suite.title}: {result.cases} {suite.unit}, {len(result.failures)} failed,"
        f" {told['seconds']} s, seed {options.seed}, {dict(result.counts)}"
    )
    _list(result)
    told["defects"] = {} if options.no_defects else _killed(suite, options)
    return told


def _killed(suite: Suite, options: argparse.Namespace) -> dict[str, bool]:
    """Return of each seeded defect whether the suite noticed it."""
    killed = {}
    for name in suite.defects:
        size = suite.defect_size or suite.sizes["fast"]
        result = run_suite(suite, size, options.seed, jobs=options.jobs, defect=name)
        killed[name] = not result.passed
        first = result.failures[0] if result.failures else ""
        _say(f"   {name}: {'MISSED' if result.passed else 'killed'}  {first[:150]}")
    return killed


def _is_well(told: dict[str, Any]) -> bool:
    return told["passed"] and all(told["defects"].values())


def _list(result: Result) -> None:
    for failure in result.failures[:20]:
        _say(f"   {failure}")
    if result.skipped:
        _say(f"   skipped: {result.skipped}")


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "semsearch": semsearch.__version__,
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tier", choices=["fast", "deep"], default="fast")
    parser.add_argument("--only", action="append", help="a suite such as R3; may come twice")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--size", type=int, help="another number of cases than the tier's")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--defect", help="put this defect in, and expect red")
    parser.add_argument("--no-defects", action="store_true", help="leave the seeded defects out")
    parser.add_argument("--json", type=Path, help="write the results here")
    parser.add_argument("--page", type=Path, help="renew the table of this page")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
