"""A view without codes finds what a sort of all scores finds, whatever may not be found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semsearch.index import NONE, Rows, SearchView


def unit_rows(n: int, dim: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def split(vectors: np.ndarray, cuts: list[int]) -> Rows:
    return Rows(tuple(np.split(vectors, sorted(cut % (len(vectors) + 1) for cut in cuts))))


def by_sorting(
    vectors: np.ndarray, queries: np.ndarray, k: int, findable: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and scores (nq, k) by sorting all; scores are those of one pair at a time."""
    rows = np.full((len(queries), k), NONE)
    scores = np.zeros((len(queries), k), dtype=np.float32)
    everything = np.tile(np.arange(len(vectors)), (len(queries), 1))
    exact = Rows((vectors,)).inner_products(queries, everything)
    for number, line in enumerate(exact):
        order = [row for row in np.lexsort((everything[0], -line)) if findable[row]][:k]
        rows[number, : len(order)] = order
        scores[number, : len(order)] = line[order]
    return rows, scores


@settings(max_examples=80, deadline=None)
@given(
    n=st.integers(0, 300),
    n_distinct=st.integers(1, 300),
    cuts=st.lists(st.integers(0, 300), max_size=3),
    share_live=st.sampled_from([None, 0.0, 0.3, 0.97, 1.0]),
    share_allowed=st.sampled_from([None, 0.0, 0.2, 1.0]),
    n_queries=st.sampled_from([0, 1, 3, 25]),
    k=st.sampled_from([1, 2, 10, 50, 10_000]),
    seed=st.integers(0, 10_000),
)
def test_a_scan_finds_what_sorting_finds(
    *,
    n: int,
    n_distinct: int,
    cuts: list[int],
    share_live: float | None,
    share_allowed: float | None,
    n_queries: int,
    k: int,
    seed: int,
) -> None:
    random = np.random.default_rng(seed)
    vectors = unit_rows(n_distinct, 8, seed)[random.integers(0, n_distinct, n)]
    live = None if share_live is None else random.random(n) < share_live
    allowed = None if share_allowed is None else random.random(n) < share_allowed
    queries = unit_rows(n_queries, 8, seed + 1)
    rows, scores = SearchView(split(vectors, cuts), live).search(queries, k, allowed)
    findable = np.ones(n, dtype=bool)
    for mask in (live, allowed):
        findable &= True if mask is None else mask
    expected_rows, expected_scores = by_sorting(vectors, queries, k, findable)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_array_equal(scores, expected_scores)
    assert rows.dtype == np.int64
    assert scores.dtype == np.float32


@pytest.mark.parametrize("n_queries", [1, 30])
@pytest.mark.parametrize("k", [5, 150])
def test_equal_scores_come_in_the_order_of_rows_however_many_there_are(
    n_queries: int, k: int
) -> None:
    vectors = np.repeat(unit_rows(2, 8, 0), 3000, axis=0)
    view = SearchView(Rows((vectors[:4000], vectors[4000:])))
    rows, _ = view.search(np.repeat(vectors[-1:], n_queries, axis=0), k)
    assert rows.tolist() == [list(range(3000, 3000 + k))] * n_queries


def test_a_border_that_rounding_blurs_is_looked_at_again() -> None:
    nearly_equal = np.ones((3000, 8)) + 1e-7 * np.random.default_rng(0).standard_normal((3000, 8))
    vectors = (nearly_equal / np.linalg.norm(nearly_equal, axis=1, keepdims=True)).astype("f4")
    queries = unit_rows(30, 8, 1)
    rows, scores = SearchView(Rows((vectors,))).search(queries, 10)
    expected_rows, expected_scores = by_sorting(vectors, queries, 10, np.ones(3000, dtype=bool))
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_array_equal(scores, expected_scores)


def test_one_pair_has_one_score_in_every_batch_and_block() -> None:
    vectors, queries = unit_rows(500, 64, 1), unit_rows(40, 64, 2)
    together = SearchView(Rows((vectors,))).search(queries, 10)[1]
    view = SearchView(Rows((vectors[:123], vectors[123:])))
    alone = np.vstack([view.search(query[None], 10)[1] for query in queries])
    assert np.array_equal(together, alone)


def test_a_row_is_its_own_neighbour_with_a_cosine_of_at_most_one() -> None:
    vectors = unit_rows(500, 64, 3)
    rows, scores = SearchView(Rows((vectors,))).search(vectors, 1)
    assert rows[:, 0].tolist() == list(range(500))
    assert scores.max() <= 1


def test_a_query_of_another_width_is_refused() -> None:
    view = SearchView(Rows((unit_rows(5, 8, 0),)))
    with pytest.raises(ValueError, match=r"queries must be \(n, 8\), got \(1, 7\)"):
        view.search(unit_rows(1, 7, 0), 1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_query_that_is_not_finite_is_refused(value: float) -> None:
    view = SearchView(Rows((unit_rows(5, 8, 0), unit_rows(5, 8, 1))))
    queries = unit_rows(3, 8, 0)
    queries[1, 2] = value
    with pytest.raises(ValueError, match="a query holds a value that is NaN or infinite"):
        view.search(queries, 1)


def test_many_small_blocks_give_what_one_gives() -> None:
    vectors = unit_rows(2000, 8, 4)
    queries = unit_rows(30, 8, 5)
    together = SearchView(Rows((vectors,))).search(queries, 25)
    apart = SearchView(Rows(tuple(np.split(vectors, range(1, 2000, 7))))).search(queries, 25)
    np.testing.assert_array_equal(apart[0], together[0])
    np.testing.assert_array_equal(apart[1], together[1])


def test_no_k_below_one() -> None:
    with pytest.raises(ValueError, match="k must be 1 or more, got 0"):
        SearchView(Rows(())).search(unit_rows(1, 8, 0), 0)


def test_a_mask_of_another_length_is_refused() -> None:
    view = SearchView(Rows((unit_rows(5, 8, 0),)))
    with pytest.raises(ValueError, match="one bool for each of 5 rows"):
        view.search(unit_rows(1, 8, 0), 1, np.ones(4, dtype=bool))
