"""`semsearch duplicates` and `semsearch facets`: what a person and a program read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, refused

TRAIN = """id,review,stars,source
a,The soup was cold,1,yelp
b,The soup was cold,2,yelp
c,the soup was cold!,1,imdb
d,These shoes fit well,4,
e,The laces broke at once,,yelp
"""
TEST = """id,review
x,These shoes fit well
y,Nothing like it
"""


@pytest.fixture
def both(run: Run, tmp_path: Path) -> Run:
    for name, table in (("train", TRAIN), ("test", TEST)):
        path = tmp_path / f"{name}.csv"
        path.write_text(table)
        words = ("--text", "review", "--key", "id", "--module", "hashing")
        result = run("index", name, path, *words)
        assert result.exit_code == 0, result.output
    return run


def test_pairs_are_printed_with_their_texts(both: Run) -> None:
    result = both("duplicates", "train")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:2] == ["exact  a  b", "  The soup was cold"]
    assert lines[2].endswith("  a  c") and lines[2][0] in "01"
    assert lines[3:5] == ["  The soup was cold", "  the soup was cold!"]
    assert "1 exact, 2 near in 1 group, from a cosine of 0.9 on" in result.stderr


def test_pairs_are_an_array_of_json(both: Run) -> None:
    result = both("duplicates", "train", "--json")
    first, *others = json.loads(result.stdout)
    assert first == {"key": "a", "other": "b", "score": 1.0, "is_exact": True}
    assert [(pair["key"], pair["other"], pair["is_exact"]) for pair in others] == [
        ("a", "c", False),
        ("b", "c", False),
    ]


def test_what_is_in_both_collections_is_found(both: Run) -> None:
    result = both("duplicates", "train", "test", "--threshold", "1", "--json")
    [pair] = json.loads(result.stdout)
    assert (pair["key"], pair["other"], pair["is_exact"]) == ("d", "x", True)
    assert "1 exact, 0 near in 1 group, from a cosine of 1 on" in result.stderr


def test_of_a_pair_from_two_collections_it_is_told_which_is_which(both: Run) -> None:
    result = both("duplicates", "test", "train", "--threshold", "1")
    assert result.stdout.splitlines()[0] == "exact  x  d"
    assert "the first is of 'test', the second of 'train'" in result.stderr
    assert "the first is" not in both("duplicates", "train").stderr


def test_groups_are_told_by_their_first_item(both: Run) -> None:
    result = both("duplicates", "train", "--groups")
    assert result.stdout.splitlines() == ["3 items", "  The soup was cold", "  train: a, b, c"]
    assert "1 exact, 2 near in 1 group" in result.stderr
    [group] = json.loads(both("duplicates", "train", "--groups", "--json").stdout)
    assert group == {
        "representative": "a", "keys": ["a", "b", "c"], "others": [], "n_exact": 1, "n_near": 2,
    }  # fmt: skip


def test_groups_of_two_collections_name_both(both: Run) -> None:
    shown = both("duplicates", "train", "test", "--groups").stdout.splitlines()
    assert shown == ["2 items", "  These shoes fit well", "  train: d", "  test: x"]


def test_nothing_found_is_an_empty_array(both: Run) -> None:
    for words in (["--json"], ["--json", "--groups"]):
        result = both("duplicates", "test", *words)
        assert json.loads(result.stdout) == []
        assert "0 exact, 0 near in 0 groups" in result.stderr


def test_a_filter_chooses_what_is_compared(both: Run) -> None:
    result = both("duplicates", "train", "--where", "stars = 1", "--json")
    assert [(pair["key"], pair["other"]) for pair in json.loads(result.stdout)] == [("a", "c")]


def test_a_collection_and_itself_are_wrong_usage(both: Run) -> None:
    assert "itself; leave it out" in refused(both("duplicates", "train", "train"), 2)
    assert both("duplicates", "train", "--threshold", "2").exit_code == 2


def test_facets_are_printed_by_field(both: Run) -> None:
    result = both("facets", "train")
    lines = [line.split() for line in result.stdout.splitlines() if line]
    assert lines[0] == ["source"]
    assert [(line[0], line[-1]) for line in lines if line[0].isdigit()] == [
        ("3", "yelp"), ("1", "imdb"), ("1", "value"),
        ("2", "1"), ("1", "2"), ("1", "4"), ("1", "value"),
    ]  # fmt: skip


def test_facets_as_json_are_those_of_the_fields_asked_for(both: Run) -> None:
    result = both("facets", "train", "source", "--where", "text contains 'SOUP'", "--json")
    assert json.loads(result.stdout) == {
        "source": {
            "values": [{"value": "yelp", "count": 2}, {"value": "imdb", "count": 1}],
            "more": 0,
            "missing": 0,
        }
    }


def test_a_collection_without_fields_has_no_facets(both: Run) -> None:
    result = both("facets", "test")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "'test' has no field" in result.stderr
    message = refused(both("facets", "train", "star"), 1)
    assert message.startswith("facets of the unknown field 'star'; did you mean 'stars'?")


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        ("stars < 2 and star = 1", ["  stars < 2 and star = 1", "                ^"]),
        ("stars = '日本'\tor stars = 'x'", ["  stars = '日本' or stars = 'x'", "          ^"]),
        ("key = '日本' or x = 1", ["  key = '日本' or x = 1", "                  ^"]),
        ("stars <= 2 and", ["  stars <= 2 and", "             ^"]),
    ],
)
def test_a_mistake_in_a_filter_is_shown_under_a_caret(
    both: Run, where: str, shown: list[str]
) -> None:
    result = both("search", "train", "soup", "--where", where)
    message = refused(result, 1)
    assert "at character" in message
    assert result.stderr.splitlines()[-3:-1] == shown


def test_of_a_long_filter_what_is_around_the_mistake_is_shown(both: Run) -> None:
    where = " or ".join(["stars = 1"] * 30) + " or star = 1 or " + " or ".join(["stars = 1"] * 30)
    lines = both("search", "train", "soup", "--where", where).stderr.splitlines()
    assert len(lines[-3]) < 110
    assert lines[-3][lines[-2].index("^") :].startswith("star = 1 or")
