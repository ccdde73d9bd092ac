"""What a user's own names and texts look like on the screen, and results that go to a pipe."""

from __future__ import annotations

from pathlib import Path

import pytest

import semsearch
from tests.cli.conftest import Run

ODD = "[/foo] [bold]loud[/] :smile: {x}"
"""Markup, an emoji code and a format string of the library that draws the screen."""


@pytest.fixture
def odd(run: Run, tmp_path: Path) -> Run:
    """A collection in which every name and text is odd."""
    path = tmp_path / "[red]{x}.csv"
    rows = "".join(f"{ODD} {n},{ODD} shoes {n},{ODD}\n" for n in range(4))
    path.write_text(f"id,review,[/kind]\n{rows}")
    options = ("--text", "review", "--key", "id", "--module", "hashing")
    result = run("index", "reviews", path, *options)
    assert result.exit_code == 0, result.output
    return run


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let bars and spinners be drawn as on a terminal."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.usefixtures("terminal")
def test_a_bar_shows_the_name_of_a_file_as_it_is(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "[red]{x}:smile:.csv"
    path.write_text("text\na soup\n")
    result = run("index", "r", path, "--module", "hashing")
    assert result.exit_code == 0, result.output
    assert "indexing [red]{x}:smile:" in result.stderr


def test_search_shows_keys_texts_and_fields_as_they_are(odd: Run) -> None:
    shown = odd("search", "reviews", "shoes", "-k", "1").stdout
    assert f"{ODD} shoes" in shown
    assert f"[/kind]={ODD}" in shown


def test_clusters_are_shown_as_they_are(odd: Run) -> None:
    result = odd("cluster", "reviews", "-n", "1")
    assert result.exit_code == 0, result.output
    assert f"{ODD} shoes" in result.stdout


def test_classes_and_their_examples_are_shown_as_they_are(odd: Run, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text(
        f"text,label\n{ODD} shoes,{ODD} a\n{ODD} boots,{ODD} a\nsoup,[/b]\nstew,[/b]\n"
    )
    trained = odd("train", "reviews", "[/x]", labels)
    assert trained.exit_code == 0, trained.output
    assert "[/x]" in trained.stdout
    shown = odd("predict", "reviews", "[/x]").stdout
    assert f"{ODD} 0" in shown
    assert f"{ODD} a" in shown
    assert f"{ODD} shoes" in odd("predict", "reviews", "[/x]", labels).stdout


def test_info_shows_fields_as_they_are(odd: Run) -> None:
    assert "[/kind] (text)" in odd("info", "reviews").stdout


def test_one_is_counted_as_one(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("text\na soup\n")
    planned = run("index", "r", path, "--module", "hashing").stderr
    assert "one: 1 text\n" in planned
    assert "less than 1 s to encode" in planned
    assert run("info", "r").stdout.splitlines()[1].split() == ["rows", "1", "text"]
    assert run("cluster", "r").stdout.splitlines()[-1] == "1 cluster of 1 item"
    assert run("delete", "r", "--where", "text = 'a soup'").stdout == "deleted 1 of 1 item\n"


def test_info_tells_of_vectors_of_ones_own(run: Run, tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "indexes" / "own", module=None, dim=2) as made:
        made.add(vectors=[[1.0, 0.0], [0.0, 1.0]], keys=["a", "b"])
    shown = run("info", "own").stdout
    assert "2 vectors" in shown
    assert "none, your own, vectors of 2" in shown


def test_lines_are_not_wrapped_for_a_pipe(run: Run, tmp_path: Path) -> None:
    text = " ".join(["comfortable"] * 20)
    key = "k" * 120
    path = tmp_path / "long.csv"
    path.write_text(f"id,review,label\n{key},{text},a\nother,{text} soup,b\n")
    run("index", "r", path, "--text", "review", "--key", "id", "--module", "hashing")
    assert text in run("search", "r", "comfortable", "-k", "1").stdout.splitlines()
    assert len(run("similar", "r", key).stdout.strip().splitlines()) == 2
    (tmp_path / "labels.csv").write_text(f"key,label\n{key},a\nother,b\n")
    run("train", "r", "label", tmp_path / "labels.csv")
    shown = run("predict", "r", "label").stdout
    assert any(key in line and "comfortable" in line for line in shown.splitlines())


def test_facts_in_a_pipe_end_where_they_end(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("id,text\na,The soup was cold\n")
    told = run("index", "r", table, "--key", "id", "--module", "hashing").stderr.splitlines()
    assert any(line.startswith("key       id") for line in told)
    assert all(line == line.rstrip() for line in told)
