"""`demo` beside collections that stand already."""

from __future__ import annotations

import json
from pathlib import Path

from semsearch.corpus import sample_path
from tests.cli.conftest import Run, refused

SAMPLE = ("--text", "review", "--key", "id", "--module", "hashing")


def rows(run: Run, name: str) -> int:
    found: int = json.loads(run("info", name, "--json").stdout)["rows"]
    return found


def test_the_demo_writes_nothing_into_a_collection_of_ones_own(
    indexed: Run, tmp_path: Path
) -> None:
    message = refused(indexed("demo", "--no-serve"), 1)
    indexes = tmp_path / "indexes"
    assert message == (
        f"a collection named 'reviews' stands in {str(indexes)!r} already and is not the sample;"
        " choose another place: semsearch --indexes DIR demo"
    )
    assert rows(indexed, "reviews") == 4


def test_the_demo_looks_at_every_name_before_it_builds_the_first(
    run: Run, table: Path, tmp_path: Path
) -> None:
    run("index", "pictures", table, "--module", "hashing")
    assert "'pictures'" in refused(run("demo", "--no-serve"), 1)
    assert not (tmp_path / "indexes" / "reviews").exists()


def test_the_demo_recognises_its_own_sample(run: Run) -> None:
    """Both samples stand already, by the quick modules, some of one deleted again."""
    run("index", "reviews", sample_path("reviews"), *SAMPLE)
    run("index", "pictures", sample_path("pictures"), "--module", "colours")
    run("delete", "reviews", "amazon-1", "amazon-2")
    result = run("demo", "--no-serve")
    assert result.exit_code == 0, result.output
    assert "the acoustics are superb" in result.stdout
    assert "2 added" in result.stderr
