"""Evaluating a collection on judged queries, and judging its hits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import log2
from pathlib import Path

import pytest

import semsearch
from semsearch.collection import Judgement
from semsearch.errors import CollectionError, KeyNotFound

QUERIES = {
    "soup": "A wonderful bowl of tomato soup",  # the text of r-2, which is its nearest
    "shoes": "The laces of the shoes broke at once",  # that of r-8
}
SEMANTIC = ("semantic",)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[semsearch.Collection]:
    """A collection that holds one of the reviews only."""
    with semsearch.create(tmp_path / "elsewhere" / "few", module="hashing") as made:
        made.add([{"id": "r-2", "text": "A wonderful bowl of tomato soup"}], text="text", key="id")
        yield made


def test_an_evaluation_measures_what_a_person_would_count(
    collection: semsearch.Collection,
) -> None:
    second = collection.search(QUERIES["shoes"], k=2)[1].key
    found = collection.evaluate(
        QUERIES, {"soup": {"r-2": 1}, "shoes": {second: 1}}, modes=SEMANTIC, k=5
    )
    run = found["semantic"]
    assert found.queries == ("soup", "shoes")
    assert run.values["ndcg@5"].tolist() == pytest.approx([1.0, 1 / log2(3)])
    assert run.values["mrr"].tolist() == [1.0, 0.5]
    assert run.figures["mrr"].mean == 0.75
    assert run.figures["recall@5"].mean == 1.0
    assert run.figures["precision@5"].mean == pytest.approx(0.2)
    assert (run.figures["mrr"].low, run.figures["mrr"].high) == (0.5, 1.0)
    assert found.measures == ("ndcg@5", "mrr", "map", "recall@5", "precision@5")


def test_all_three_modes_stand_side_by_side_on_the_same_queries(
    collection: semsearch.Collection,
) -> None:
    found = collection.evaluate({"1": "laces"}, {"1": {"r-8": 1}})
    assert [run.name for run in found.runs] == ["semantic", "lexical", "hybrid"]
    assert found["lexical"].values["mrr"].tolist() == [1.0]  # one review alone has the word
    assert {(one.run, one.first) for one in found.comparisons} == {
        ("lexical", "semantic"),
        ("hybrid", "semantic"),
    }


def test_files_say_the_same_as_dicts(collection: semsearch.Collection, tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text(
        "query_id,text\n" + "".join(f"{id_},{text}\n" for id_, text in QUERIES.items())
    )
    (tmp_path / "qrels.txt").write_text("soup 0 r-2 1\nshoes 0 r-7 1\n")
    of_files = collection.evaluate(tmp_path / "q.csv", tmp_path / "qrels.txt", modes=SEMANTIC)
    of_dicts = collection.evaluate(
        QUERIES, {"soup": {"r-2": 1}, "shoes": {"r-7": 1}}, modes=SEMANTIC
    )
    assert of_files.as_dict() == of_dicts.as_dict()


def test_queries_without_a_relevant_item_are_left_out_and_told(
    collection: semsearch.Collection,
) -> None:
    found = collection.evaluate(
        {**QUERIES, "films": "a film"},
        {"soup": {"r-2": 1}, "shoes": {"r-8": 0}, "never asked": {"r-1": 1}},
        modes=SEMANTIC,
    )
    assert found.queries == ("soup",)
    assert found.unjudged == 2
    assert found["semantic"].figures["ndcg@10"] == (1.0, 1.0, 1.0)
    assert any("2 of 3 queries were left out" in note for note in found.notes)
    assert any("Judgements of 1 other query were not used" in note for note in found.notes)


def test_judged_items_that_do_not_stand_in_the_collection_count_as_missed_and_are_told(
    collection: semsearch.Collection,
) -> None:
    found = collection.evaluate(QUERIES, {"soup": {"r-2": 1, "gone": 1}}, modes=SEMANTIC)
    assert found.missing == {"reviews": 1}
    assert found["semantic"].figures["recall@10"].mean == 0.5
    assert any("'gone'" in note for note in found.notes)


def test_two_collections_are_asked_the_same_and_compared(
    collection: semsearch.Collection, other: semsearch.Collection
) -> None:
    found = collection.evaluate(
        QUERIES, {"soup": {"r-2": 1}, "shoes": {"r-8": 1}}, modes=SEMANTIC, against=other
    )
    assert [run.name for run in found.runs] == ["reviews: semantic", "few: semantic"]
    assert found["few: semantic"].values["mrr"].tolist() == [1.0, 0.0]
    assert found.missing == {"reviews": 0, "few": 1}
    compared = found.comparison("few: semantic")
    assert compared is not None
    assert (compared.first, compared.measure) == ("reviews: semantic", "ndcg@10")
    assert (compared.wins, compared.losses, compared.difference) == (0, 1, -0.5)
    assert compared.p_value == 1.0  # one query that differs may be chance
    assert found.comparison("reviews: semantic") is None


def test_an_evaluation_is_the_same_each_time(collection: semsearch.Collection) -> None:
    def once(seed: int) -> dict[str, object]:
        qrels = {"soup": {"r-1": 1, "r-2": 3}, "shoes": {"r-7": 1}}
        return collection.evaluate(QUERIES, qrels, modes=SEMANTIC, seed=seed).as_dict()

    assert once(3) == once(3)


def test_an_evaluation_is_json_and_a_frame(collection: semsearch.Collection) -> None:
    found = collection.evaluate(QUERIES, {"soup": {"r-2": 1}}, modes=SEMANTIC)
    told = json.loads(json.dumps(found.as_dict()))
    assert told["runs"][0]["mrr"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert told["per_query"][0]["semantic"]["ndcg@10"] == 1.0
    frame = found.to_pandas()
    assert frame.loc[0].to_dict() == {
        "query": "soup",
        "run": "semantic",
        "ndcg@10": 1.0,
        "mrr": 1.0,
        "map": 1.0,
        "recall@10": 1.0,
        "precision@10": pytest.approx(0.1),
    }


def test_judgements_that_stand_in_the_collection_are_evaluated(
    collection: semsearch.Collection,
) -> None:
    collection.judge(QUERIES["soup"], "r-2", 1)
    collection.judge(QUERIES["soup"], "r-9", 0)
    collection.judge("never mind", "r-9", 0)
    found = collection.evaluate(modes=SEMANTIC)
    assert found.queries == (QUERIES["soup"],)
    assert found["semantic"].figures["mrr"].mean == 1.0
    assert found.unjudged == 1


def test_queries_of_a_file_find_their_judgements_in_the_collection(
    collection: semsearch.Collection,
) -> None:
    collection.judge(QUERIES["soup"], "r-2", 1)
    found = collection.evaluate(QUERIES, modes=SEMANTIC)
    assert (found.queries, found.unjudged) == (("soup",), 1)


def test_a_thumb_can_be_changed_and_taken_back(collection: semsearch.Collection) -> None:
    collection.judge(" soup ", "r-2", 1)
    collection.judge("soup", "r-2", 0)
    collection.judge("soup", "r-1", 3)
    assert collection.judgements("soup") == [Judgement("soup", "r-2", 0), ("soup", "r-1", 3)]
    collection.judge("soup", "r-2", None)
    assert collection.judgements() == [Judgement("soup", "r-1", 3)]


def test_an_opinion_on_an_item_that_is_gone_can_be_taken_back(
    collection: semsearch.Collection,
) -> None:
    collection.judge("soup", "r-2", 1)
    collection.delete(["r-2"])
    collection.judge("soup", "r-2", None)
    assert collection.judgements() == []


def test_an_item_that_does_not_exist_cannot_be_judged(collection: semsearch.Collection) -> None:
    with pytest.raises(KeyNotFound, match="'nothing'"):
        collection.judge("soup", "nothing", 1)


@pytest.mark.parametrize("grade", [-1, 4])
def test_a_grade_lies_between_0_and_3(collection: semsearch.Collection, grade: int) -> None:
    with pytest.raises(ValueError, match="a grade must lie between 0 and 3"):
        collection.judge("soup", "r-2", grade)


def test_a_query_with_half_a_character_is_refused(collection: semsearch.Collection) -> None:
    with pytest.raises(semsearch.SemsearchError, match="half a character"):
        collection.judge("soup \ud800", "r-2", 1)


def test_without_any_judgement_there_is_nothing_to_evaluate(
    collection: semsearch.Collection,
) -> None:
    with pytest.raises(CollectionError, match="none has an item that is judged relevant"):
        collection.evaluate()


def test_qrels_without_queries_are_a_slip(collection: semsearch.Collection) -> None:
    with pytest.raises(ValueError, match="queries="):
        collection.evaluate(qrels={"soup": {"r-2": 1}})


@pytest.mark.parametrize(
    ("modes", "problem"), [(("fuzzy",), "'fuzzy' does not exist"), ((), "no mode")]
)
def test_modes_that_do_not_exist_are_a_slip(
    collection: semsearch.Collection, modes: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        collection.evaluate(QUERIES, {"soup": {"r-2": 1}}, modes=modes)
