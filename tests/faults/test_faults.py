"""Every fault suite in its fast size, and one of its seeded defects, which must turn it red."""

from __future__ import annotations

import pytest

from tests.faults.record import Suite, suites
from tests.faults.run import SEED, run_suite

SUITES = list(suites().values())

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.number)
def test_nothing_goes_wrong(suite: Suite) -> None:
    result = run_suite(suite, suite.sizes["fast"], SEED, jobs=1)
    assert result.failures == [], f"seed {SEED}"
    assert result.passed


@pytest.mark.parametrize(
    "suite", [suite for suite in SUITES if suite.defects], ids=lambda suite: suite.number
)
def test_a_seeded_defect_is_seen(suite: Suite) -> None:
    defect = suite.defects[0]
    size = suite.defect_size or suite.sizes["fast"]
    assert not run_suite(suite, size, SEED, jobs=1, defect=defect).passed, defect
