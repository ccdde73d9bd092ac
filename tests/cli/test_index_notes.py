"""What `index` tells beside the counts: types that changed, another column of texts."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run


def test_a_type_that_changes_is_shown_and_stands_in_the_json(indexed: Run, tmp_path: Path) -> None:
    later = tmp_path / "later.csv"
    later.write_text("id,review,stars\ne,Soup again,3\nf,A film,n/a\n")
    told = "the field 'stars' held numbers and holds text from row 2 on ('n/a')"
    words = ("index", "reviews", later, "--text", "review", "--key", "id")
    result = indexed(*words)
    assert result.exit_code == 0
    assert told in " ".join(result.stderr.split())
    later.write_text("id,review,stars\nf,A film,n/a\ng,Boots,7\n")
    assert json.loads(indexed(*words, "--json").stdout)["notes"] == []


def test_of_several_sources_a_note_names_its_own(indexed: Run, tmp_path: Path) -> None:
    sound, later = tmp_path / "sound.csv", tmp_path / "later.csv"
    sound.write_text("id,review,stars\ne,Soup again,3\n")
    later.write_text("id,review,stars\nf,A film,n/a\n")
    result = indexed("index", "reviews", sound, later, "--text", "review", "--key", "id")
    assert f"note: {later}: the field 'stars' held numbers" in " ".join(result.stderr.split())


def test_another_column_of_texts_is_shown(indexed: Run, table: Path) -> None:
    result = indexed("index", "reviews", table, "--text", "stars", "--key", "id", "--json")
    [told] = json.loads(result.stdout)["notes"]
    assert "that of the column 'review' before and is that of 'stars' now" in told
    assert "4 rows were encoded anew" in told
