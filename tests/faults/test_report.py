"""docs/reliability.md says what the last run found, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from tests.faults.report import text_of

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


def test_the_page_is_what_the_results_make_of_it() -> None:
    assert PAGE.read_text() == text_of(json.loads(PAGE.with_suffix(".json").read_text()))


def test_no_case_failed_and_every_defect_was_seen() -> None:
    found = json.loads(PAGE.with_suffix(".json").read_text())["suites"]
    assert {number: suite["failures"] for number, suite in found.items() if suite["failed"]} == {}
    missed = [
        name for suite in found.values() for name, seen in suite["defects"].items() if not seen
    ]
    assert missed == []
