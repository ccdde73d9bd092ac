"""A command line to ask, a small table to index, and a collection of it without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from semsearch.cli.main import main

Run = Callable[..., Result]

CSV = """id,review,stars
a,The soup was cold,1
b,A wonderful tomato soup,5
c,These shoes fit well,4
d,The laces broke at once,2
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def ask(*words: str | Path) -> Result:
        return CliRunner().invoke(main, ["--indexes", str(tmp_path / "indexes"), *map(str, words)])

    return ask


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.csv"
    path.write_text(CSV)
    return path


@pytest.fixture
def indexed(run: Run, table: Path) -> Run:
    result = run(
        "index", "reviews", table, "--text", "review", "--key", "id", "--module", "hashing"
    )
    assert result.exit_code == 0, result.output
    return run


def refused(result: Result, code: int) -> str:
    """Check that an error is one line on stderr without a traceback, and return it."""
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("semsearch: ")
    assert "Traceback" not in result.stderr
    assert isinstance(result.exception, SystemExit)
    return last.removeprefix("semsearch: ")
