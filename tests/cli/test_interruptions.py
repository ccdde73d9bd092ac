"""Ctrl-C, a reader that goes away, and a full disk: the program itself, in a process of its own."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import semsearch

# A shell that starts tests in the background leaves SIGINT ignored; a person's shell does not.
PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from semsearch.cli.main import main
sys.exit(main())
"""
BATCH = 256
MANY = 60_000


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    return [sys.executable, "-c", PROGRAM, "--indexes", str(tmp_path / "indexes")]


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A table that takes many batches, of 4 MB of vectors and 1 MB of database each."""
    path = tmp_path / "many.csv"
    path.write_text("id,text\n" + "".join(f"{n},{'soup ' * 40}{n}\n" for n in range(MANY)))
    return path


def index(command: list[str], path: Path) -> list[str]:
    options = ["--text", "text", "--key", "id", "--module", "hashing"]
    return [*command, "index", "many", str(path), *options]


def rows(indexes: Path) -> int:
    """Return how many rows another process has committed so far."""
    try:
        with semsearch.open(indexes / "many", read_only=True) as collection:
            return len(collection)
    except semsearch.SemsearchError:
        return 0


def deletes_one(command: list[str]) -> bool:
    """Tell whether the collection can be written again."""
    asked = [*command, "delete", "many", "0"]
    result = subprocess.run(asked, capture_output=True, text=True, check=False)
    return result.stdout.startswith("deleted 1 of")


def test_ctrl_c_keeps_what_was_finished(command: list[str], many: Path, tmp_path: Path) -> None:
    asked = index(command, many)
    with subprocess.Popen(asked, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 30
        while not rows(tmp_path / "indexes") and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 130
    assert told.splitlines()[-1] == "semsearch: stopped; what was stored is kept"
    assert "Traceback" not in told
    kept = rows(tmp_path / "indexes")
    assert f"{kept:,} items of many stored; the same command goes on from there" in told
    assert 0 < kept < MANY
    assert kept % BATCH == 0
    assert deletes_one(command)


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_reader_that_goes_away_ends_it_quietly(
    command: list[str], tmp_path: Path, form: list[str]
) -> None:
    table = tmp_path / "few.csv"
    table.write_text("id,text\n" + "".join(f"{n},{'soup ' * 100}{n}\n" for n in range(2000)))
    subprocess.run(index(command, table), capture_output=True, check=True)
    asked = shlex.join([*command, "search", "many", "soup", "-k", "2000", *form])
    result = subprocess.run(
        ["bash", "-c", f"{asked} | head -1; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode in (0, 1)  # click ends with 0, rich with 1
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr == ""


@pytest.mark.parametrize("kilobytes", [3000, 5000])
def test_a_full_disk_is_told_and_keeps_what_was_finished(
    command: list[str], many: Path, tmp_path: Path, kilobytes: int
) -> None:
    """No file may grow beyond a size: that of one batch's vectors, or that of the database."""
    asked = shlex.join(index(command, many))
    result = subprocess.run(
        ["bash", "-c", f"ulimit -f {kilobytes}; exec {asked}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert result.stderr.splitlines()[-1].startswith("semsearch: ")
    kept = rows(tmp_path / "indexes")
    assert kept < MANY
    assert kept % BATCH == 0
    assert (kept > 0) == (tmp_path / "indexes" / "many").exists()
    if kept:
        assert deletes_one(command)
