"""`evaluate` and `judge` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, refused

SEMANTIC = ("--mode", "semantic")


@pytest.fixture
def judged(tmp_path: Path) -> tuple[str, ...]:
    """The options that name two queries, texts of b and c, and what is relevant to them."""
    (tmp_path / "q.csv").write_text(
        "query_id,text\n1,A wonderful tomato soup\n2,These shoes fit well\n"
    )
    (tmp_path / "r.csv").write_text("query_id,key,relevance\n1,b,1\n2,c,1\n")
    return "--queries", str(tmp_path / "q.csv"), "--qrels", str(tmp_path / "r.csv")


def test_a_table_shows_every_measure_with_its_interval(
    indexed: Run, judged: tuple[str, ...]
) -> None:
    told = indexed("evaluate", "reviews", *judged, *SEMANTIC)
    assert told.exit_code == 0, told.output
    for heading in ("nDCG@10", "MRR", "MAP", "recall@10", "prec.@10"):
        assert heading in told.stdout
    assert "1.000 1.00-1.00" in told.stdout
    assert "2 judged queries" in told.stdout
    assert "intervals and p-values say little" in told.stderr


def test_json_has_every_query(indexed: Run, judged: tuple[str, ...]) -> None:
    told = json.loads(indexed("evaluate", "reviews", *judged, *SEMANTIC, "--json").stdout)
    assert told["n_queries"] == 2
    assert [one["semantic"]["mrr"] for one in told["per_query"]] == [1.0, 1.0]


def test_another_collection_stands_beside_with_a_p_value(
    indexed: Run, judged: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "few.csv").write_text("id,review\nb,A wonderful tomato soup\n")
    indexed("index", "few", tmp_path / "few.csv", "--text", "review", "--key", "id",
            "--module", "hashing")  # fmt: skip
    told = indexed("evaluate", "reviews", *judged, *SEMANTIC, "--against", "few").stdout
    [line] = [line for line in told.splitlines() if "few: semantic" in line]
    assert line.split()[:6] == ["few:", "semantic", "0.500", "0.00-1.00", "1.000", "0/1"]


def test_the_gate_is_open_where_the_quality_is_reached(
    indexed: Run, judged: tuple[str, ...]
) -> None:
    assert indexed("evaluate", "reviews", *judged, *SEMANTIC, "--min-ndcg", "1").exit_code == 0


def test_the_gate_closes_with_one_sentence_after_the_result(
    indexed: Run, judged: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "r.csv").write_text("query_id,key,relevance\n1,b,1\n2,gone,1\n")
    told = indexed("evaluate", "reviews", *judged, *SEMANTIC, "--min-ndcg", "0.9", "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout)["runs"][0]["ndcg@10"]["mean"] == 0.5
    last = told.stderr.strip().splitlines()[-1]
    assert last.startswith("semsearch: nDCG@10 of 'reviews' is 0.5000 by semantic, below 0.9")


def test_the_gate_does_not_hold_for_the_collection_beside(
    indexed: Run, judged: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "few.csv").write_text("id,review\nb,A wonderful tomato soup\n")
    indexed("index", "few", tmp_path / "few.csv", "--text", "review", "--key", "id",
            "--module", "hashing")  # fmt: skip
    words = ("evaluate", "reviews", *judged, *SEMANTIC, "--against", "few", "--min-ndcg", "0.9")
    assert indexed(*words).exit_code == 0


@pytest.mark.parametrize("least", ["-0.1", "1.5", "nan"])
def test_a_gate_lies_between_0_and_1(indexed: Run, judged: tuple[str, ...], least: str) -> None:
    told = indexed("evaluate", "reviews", *judged, f"--min-ndcg={least}")
    assert told.exit_code == 2
    assert "--min-ndcg lies between 0 and 1" in told.stderr


def test_qrels_without_queries_are_wrong_usage(indexed: Run, judged: tuple[str, ...]) -> None:
    told = indexed("evaluate", "reviews", *judged[2:])
    assert (told.exit_code, told.stdout) == (2, "")


def test_thumbs_are_stored_listed_and_evaluated(indexed: Run) -> None:
    soup = "A wonderful tomato soup"
    assert indexed("judge", "reviews", soup, "b", "up").exit_code == 0
    indexed("judge", "reviews", soup, "a", "down")
    indexed("judge", "reviews", "shoes", "c", "3")
    indexed("judge", "reviews", "shoes", "d", "up")
    indexed("judge", "reviews", "shoes", "d", "clear")
    assert json.loads(indexed("judge", "reviews", "--json").stdout) == [
        {"query": soup, "key": "b", "grade": 1},
        {"query": soup, "key": "a", "grade": 0},
        {"query": "shoes", "key": "c", "grade": 3},
    ]
    assert "shoes" not in indexed("judge", "reviews", soup).stdout
    assert "2 judged queries" in indexed("evaluate", "reviews", *SEMANTIC).stdout


def test_without_judgements_the_way_to_them_is_told(indexed: Run) -> None:
    message = refused(indexed("evaluate", "reviews", *SEMANTIC), 1)
    assert "semsearch judge reviews QUERY KEY up" in message
    assert "nothing of reviews is judged yet" in indexed("judge", "reviews").stdout


def test_a_key_without_a_verdict_is_wrong_usage(indexed: Run) -> None:
    told = indexed("judge", "reviews", "soup", "b")
    assert (told.exit_code, told.stdout) == (2, "")
    assert "say what KEY is" in told.stderr


def test_a_key_that_is_not_stored_cannot_be_judged(indexed: Run) -> None:
    assert "'z'" in refused(indexed("judge", "reviews", "soup", "z", "up"), 1)
