"""The measures of rankings, against values worked out by hand."""

from __future__ import annotations

from math import log2

import pytest

from semsearch.search.measures import measure_names, measured


def one(ranking: list[str], grades: dict[str, int], k: int) -> dict[str, float]:
    return {name: float(values[0]) for name, values in measured([ranking], [grades], k).items()}


def test_the_measures_of_one_ranking_are_those_worked_out_by_hand() -> None:
    # Grades: a 1, b 2, and e 1, which is not found. The ranking is a, x, b.
    # DCG@3 = 1/log2(2) + 0/log2(3) + 2/log2(4) = 1 + 0 + 1 = 2.
    # Ideal: b, then a and e: 2/log2(2) + 1/log2(3) + 1/log2(4) = 2 + 0.6309 + 0.5 = 3.1309.
    # nDCG@3 = 2 / 3.1309 = 0.6388.
    # The first hit is relevant: reciprocal rank 1.
    # Precision at the relevant hits: 1/1 and 2/3; over 3 relevant: (1 + 2/3 + 0) / 3 = 5/9.
    # 2 of the 3 relevant are found, and 2 of the first 3 hits are relevant.
    found = one(["a", "x", "b"], {"a": 1, "b": 2, "e": 1}, 3)
    assert found == pytest.approx(
        {
            "ndcg@3": 2 / (2 + 1 / log2(3) + 1 / 2),
            "mrr": 1.0,
            "map": 5 / 9,
            "recall@3": 2 / 3,
            "precision@3": 2 / 3,
        }
    )


def test_what_stands_below_k_counts_for_mrr_and_map_only() -> None:
    # a stands third. nDCG@2, recall@2 and precision@2 see x and y; its reciprocal rank is 1/3, and
    # so is its precision, of one relevant item.
    found = one(["x", "y", "a"], {"a": 1}, 2)
    assert found == pytest.approx(
        {"ndcg@2": 0.0, "mrr": 1 / 3, "map": 1 / 3, "recall@2": 0.0, "precision@2": 0.0}
    )


def test_the_ideal_of_ndcg_ends_at_k() -> None:
    # Three are relevant, two fit: DCG@2 = 1 + 1/log2(3) is the most that can be, so nDCG@2 is 1.
    assert one(["a", "b", "c"], {"a": 1, "b": 1, "c": 1}, 2)["ndcg@2"] == pytest.approx(1.0)


def test_precision_is_out_of_k_where_fewer_are_found() -> None:
    assert one(["a"], {"a": 1}, 10)["precision@10"] == pytest.approx(0.1)


def test_a_document_that_is_returned_twice_counts_once_where_it_stands_first() -> None:
    # As x, a: 1/log2(3), and never more than the ideal.
    twice = one(["x", "a", "a", "a"], {"a": 1}, 10)
    assert twice == one(["x", "a"], {"a": 1}, 10)
    assert twice["ndcg@10"] == pytest.approx(1 / log2(3))


def test_the_order_of_the_ranking_decides_and_not_that_of_the_keys() -> None:
    # trec_eval puts equal scores in the falling order of their keys: b would come before a.
    assert one(["a", "b"], {"a": 1}, 10)["mrr"] == 1.0
    assert one(["b", "a"], {"a": 1}, 10)["mrr"] == 0.5


def test_a_grade_counts_as_much_as_it_says() -> None:
    # Gains are the grades: 1 + 3/log2(3) of 3 + 1/log2(3).
    found = one(["good", "best"], {"good": 1, "best": 3}, 10)["ndcg@10"]
    assert found == pytest.approx((1 + 3 / log2(3)) / (3 + 1 / log2(3)))


def test_an_empty_answer_is_worth_nothing() -> None:
    assert set(one([], {"a": 1}, 10).values()) == {0.0}


def test_queries_keep_their_order() -> None:
    rankings = [["a"], ["x", "a"], [], ["a"]] * 4  # so many that "10" sorts before "2"
    values = measured(rankings, [{"a": 1}] * 16, 10)
    assert values["mrr"].tolist() == [1.0, 0.5, 0.0, 1.0] * 4
    assert tuple(values) == measure_names(10)


def test_no_measure_of_any_ranking_passes_one() -> None:
    for seed in range(50):
        ranking = [f"d{(seed * 7 + at * at) % 13}" for at in range(30)]  # with repetitions
        grades = {f"d{at}": (seed + at) % 4 for at in range(13)}
        assert all(0.0 <= value <= 1.0 for value in one(ranking, grades, 10).values())
