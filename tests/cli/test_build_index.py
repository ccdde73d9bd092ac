"""`build-index`, what `index` builds by itself, and what `info` tells of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch.collection import keeping
from tests.cli.conftest import Run, refused

ROWS, DIM = 600, 16


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    path = tmp_path / "indexes" / "own"
    rows = np.random.default_rng(0).normal(size=(ROWS, DIM))
    with semsearch.create(path, None, dim=DIM) as made:
        made.add(vectors=rows, keys=[str(number) for number in range(ROWS)])
    return path


@pytest.mark.usefixtures("vectors")
def test_build_index_tells_what_was_built_and_why(run: Run) -> None:
    result = run("build-index", "own", "--kind", "ivf", "--recall-target", "0.9")
    assert result.exit_code == 0
    assert result.stdout == ""
    told = result.stderr
    assert "index of 600 rows: IVF" in told
    assert "codes under an IVF of" in told
    assert "recall" in told


@pytest.mark.usefixtures("vectors")
def test_build_index_prints_json_for_programs(run: Run) -> None:
    told = json.loads(run("build-index", "own", "--kind", "HNSW8", "--json").stdout)
    assert told["index"] == "HNSW8"
    assert told["rows"] == ROWS
    assert set(told) == {
        "index",
        "recall",
        "reason",
        "rows",
        "bytes",
        "milliseconds",
        "exact_milliseconds",
        "seconds",
    }


@pytest.mark.usefixtures("vectors")
def test_wrong_wishes_are_told_in_one_line(run: Run) -> None:
    assert "nonsense" in refused(run("build-index", "own", "--kind", "nonsense"), 2)
    assert run("build-index", "own", "--recall-target", "2").exit_code == 2
    assert "no collection named 'missing'" in refused(run("build-index", "missing"), 1)


def test_info_tells_of_the_index_its_tail_and_the_disk(run: Run, vectors: Path) -> None:
    assert "none; every search is exact" in run("info", "own").stdout
    run("build-index", "own", "--kind", "ivf")
    with semsearch.open(vectors, auto_index=False) as collection:
        collection.add(vectors=-np.eye(DIM)[:3], keys=["x", "y", "z"])
        collection.delete(["0", "1"])
    facts = json.loads(run("info", "own", "--json").stdout)
    assert facts["index"].startswith("IVF")
    assert (facts["rows"], facts["index_rows"], facts["tail_rows"]) == (601, 598, 3)
    assert facts["deleted_rows"] == 2
    assert facts["bytes"] == sum(kind["bytes"] for kind in facts["files"].values())
    assert facts["files"]["segments"]["bytes"] >= (ROWS + 3) * DIM * 4
    lines = dict(line.strip().split(None, 1) for line in run("info", "own").stdout.splitlines())
    assert (
        lines["rows"] == "601 vectors; the bytes of 2 deleted ones leave with `semsearch compact`"
    )
    assert lines["index"].startswith("IVF")
    assert lines["index"].endswith("; covers 598 rows, 3 newer ones are searched exactly")
    assert "re-scored exactly" in lines["why"]
    assert lines["disk"].startswith("0.")


def test_index_builds_an_index_when_the_collection_has_outgrown_exact_search(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "SCANNED_VALUES", 400 * 256)
    table = tmp_path / "t.csv"
    lines = [f"{n},word{n} word{n % 7} word{n % 31}" for n in range(450)]
    options = ("--text", "text", "--key", "id", "--module", "hashing")
    table.write_text("\n".join(["id,text", *lines[:300]]) + "\n")
    assert "index of" not in run("index", "r", table, *options).stderr
    table.write_text("\n".join(["id,text", *lines]) + "\n")
    assert "index of 450 rows: " in run("index", "r", table, *options).stderr
    assert "index of" not in run("index", "r", table, *options).stderr
