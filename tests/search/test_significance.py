"""Intervals of means over queries, and p-values of differences between runs."""

from __future__ import annotations

import numpy as np
import pytest

from semsearch.search.significance import interval, p_value


def values(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(n)


def test_an_interval_holds_the_mean_and_is_the_same_for_the_same_seed() -> None:
    low, high = interval(values(100))
    assert low < values(100).mean() < high
    assert (low, high) == interval(values(100), seed=0) != interval(values(100), seed=1)


def test_an_interval_is_as_wide_as_the_standard_error_says() -> None:
    some = values(400)
    low, high = interval(some)
    assert high - low == pytest.approx(2 * 1.96 * some.std() / 20, rel=0.05)


def test_equal_values_leave_nothing_to_chance() -> None:
    assert interval(np.full(10, 0.5)) == (0.5, 0.5)


def test_95_of_100_intervals_hold_the_true_mean() -> None:
    held = [low < 0.5 < high for low, high in (interval(values(60, seed)) for seed in range(200))]
    assert 0.90 <= np.mean(held) <= 0.99


def test_runs_that_answer_alike_do_not_differ() -> None:
    assert p_value(values(50), values(50)) == 1.0


def test_the_p_value_of_few_queries_is_that_worked_out_by_hand() -> None:
    # Differences 1, 1, 1: of the 8 ways to sign them, +++ and --- have a mean as far from 0.
    zeros = np.zeros(3)
    assert p_value(zeros, np.ones(3)) == pytest.approx(2 / 8)
    # Differences 1, 1, -1 have the mean 1/3: +++, ---, and the 6 with two alike, all are as far.
    assert p_value(zeros, np.array([1.0, 1.0, -1.0])) == 1.0
    # Differences 3, 1, 1 and the mean 5/3: only +++ and --- are as far.
    assert p_value(zeros, np.array([3.0, 1.0, 1.0])) == pytest.approx(2 / 8)


def test_queries_that_both_answer_alike_do_not_count() -> None:
    assert p_value(np.zeros(100), np.r_[np.ones(3), np.zeros(97)]) == pytest.approx(2 / 8)


def test_a_p_value_is_the_same_in_both_directions() -> None:
    first, second = values(80, 1), values(80, 2)
    assert p_value(first, second) == p_value(second, first)


def test_drawn_p_values_come_near_those_of_all_signs() -> None:
    differences = values(13) - 0.35
    exact = p_value(np.zeros(13), differences)
    many = p_value(np.zeros(26), np.r_[differences, np.full(13, 1e-300)])  # drawn, as 26 differ
    assert 0 < exact < 1
    assert many == pytest.approx(exact, abs=0.02)


def test_a_plain_difference_over_many_queries_is_no_chance() -> None:
    assert p_value(values(200), values(200) + 0.1) < 0.001


def test_where_nothing_differs_in_truth_small_p_values_are_rare() -> None:
    found = [p_value(values(30, seed), values(30, seed + 1000)) for seed in range(200)]
    assert np.mean([one < 0.05 for one in found]) < 0.10
