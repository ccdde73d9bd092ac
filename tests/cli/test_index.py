"""`index` when rows cannot be stored, and with several sources at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Run, refused


@pytest.fixture
def unreadable(tmp_path: Path) -> Path:
    """A table of which no row can be stored."""
    path = tmp_path / "empty.csv"
    path.write_text('id,text\na,""\nb,""\n')
    return path


def test_nothing_but_bad_rows_is_a_problem_and_leaves_no_collection(
    run: Run, unreadable: Path, tmp_path: Path
) -> None:
    result = run("index", "r", unreadable, "--text", "text", "--module", "hashing")
    assert "no row of 2 could be stored" in refused(result, 1)
    assert "row 2" in result.stderr
    assert not (tmp_path / "indexes" / "r").exists()


def test_nothing_but_bad_rows_leaves_a_collection_that_stood_before(
    indexed: Run, unreadable: Path
) -> None:
    result = indexed("index", "reviews", unreadable, "--text", "text", "--json")
    assert result.exit_code == 1
    assert [row["row"] for row in json.loads(result.stdout)["skipped"]] == [1, 2]
    assert json.loads(indexed("info", "reviews", "--json").stdout)["rows"] == 4


def test_one_good_row_among_several_sources_is_enough(
    run: Run, unreadable: Path, table: Path
) -> None:
    assert run("index", "r", unreadable, table, "--module", "hashing").exit_code == 0


def test_sources_of_texts_and_images_are_refused_before_anything_is_stored(
    run: Run, table: Path, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.new("RGB", (8, 8), "red").save(pictures / "red.png")
    message = refused(run("index", "r", table, pictures, "--module", "hashing"), 1)
    assert "texts" in message
    assert "images" in message
    assert not (tmp_path / "indexes" / "r").exists()


def test_skipped_rows_name_their_source_where_there_are_several(
    run: Run, unreadable: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.csv"
    other.write_text('id,text\nc,soup\nd,""\n')
    options = ("--text", "text", "--key", "id", "--module", "hashing")
    told = run("index", "r", unreadable, other, *options).stderr
    assert f"  {unreadable} row 2 (b): " in told
    assert f"  {other} row 2 (d): " in told
    skipped = json.loads(run("index", "r", unreadable, other, *options, "--json").stdout)["skipped"]
    assert [list(row) for row in skipped] == [["source", "row", "key", "reason"]] * 3
    assert [row["source"] for row in skipped] == [str(unreadable)] * 2 + [str(other)]
    [alone] = json.loads(run("index", "r", other, *options, "--json").stdout)["skipped"]
    assert list(alone) == ["row", "key", "reason"]
