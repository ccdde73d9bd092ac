"""What a cosine means, on made distributions whose quantiles are known."""

from __future__ import annotations

import numpy as np
import pytest

from semsearch.search.calibration import (
    FALSE_ALARMS,
    LEVELS,
    Calibration,
    Unrelated,
    mean_of_best,
    pair_levels,
    unrelated,
)

NORMAL = np.random.default_rng(3)


def three_best(mean: float, n: int, seed: int = 0) -> np.ndarray:
    """Return what n queries find at best, (n, 3) falling, around a mean."""
    found = np.random.default_rng(seed).normal(mean, 0.05, (n, 3))
    return -np.sort(-found, axis=1).astype(np.float32)


def scale(unrelated: Unrelated | None = None) -> Calibration:
    """Return the scale of a collection whose pairs have cosines from 0 to 1, all as often."""
    return Calibration(tuple((LEVELS / 100).tolist()), 100, 100, unrelated)


def test_a_percentile_is_the_share_of_random_pairs_that_are_less_alike() -> None:
    pairs = NORMAL.normal(0.2, 0.1, 20_000).astype(np.float32)
    known = Calibration(pair_levels(pairs), 100, 100)
    for score in (-0.1, 0.05, 0.2, 0.33, 0.5):
        assert known.percentile(score) == pytest.approx(100 * (pairs < score).mean(), abs=0.5)


def test_the_tail_where_hits_lie_is_told_in_tenths() -> None:
    pairs = np.linspace(0, 1, 10_001).astype(np.float32) ** 8  # a long tail, as real pairs have
    known = Calibration(pair_levels(pairs), 100, 100)
    assert known.percentile(0.994**8) == pytest.approx(99.4, abs=0.1)


def test_a_percentile_never_claims_that_no_pair_is_more_alike() -> None:
    assert scale().percentile(1.0) == 99.9
    assert scale().percentile(-1.0) == 0.0


def test_percentiles_grow_with_the_score() -> None:
    known = Calibration(pair_levels(NORMAL.normal(0, 0.2, 5_000).astype(np.float32)), 9, 9)
    percents = [known.percentile(score) for score in np.linspace(-1, 1, 201)]
    assert percents == sorted(percents)


def test_unrelated_queries_pass_as_rarely_as_is_said() -> None:
    learned = unrelated(three_best(0.3, 471), three_best(0.8, 200))
    later = three_best(0.3, 20_000, seed=9).mean(axis=1)
    # Three standard deviations of a share of 5 % among 471.
    error = 3 * np.sqrt(FALSE_ALARMS * (1 - FALSE_ALARMS) / 471)
    assert (later >= learned.threshold).mean() == pytest.approx(FALSE_ALARMS, abs=error)
    assert learned.false_alarms == pytest.approx(FALSE_ALARMS, abs=0.01)


def test_queries_that_are_on_topic_by_chance_do_not_raise_the_bar_beyond_the_stored() -> None:
    background = np.concatenate([three_best(0.3, 300), three_best(0.75, 171, seed=1)])
    own = three_best(0.8, 200)
    learned = unrelated(background, own)
    assert (own.mean(axis=1) >= learned.threshold).mean() >= 0.94
    assert learned.threshold < np.quantile(background.mean(axis=1), 0.95)


def test_a_collection_about_everything_tells_how_many_unrelated_queries_pass() -> None:
    learned = unrelated(three_best(0.5, 471), three_best(0.5, 200, seed=4))
    assert learned.false_alarms > 0.8


def test_without_stored_queries_the_background_alone_decides() -> None:
    background = three_best(0.3, 471)
    learned = unrelated(background, np.empty((0, 3), np.float32))
    assert learned.threshold == pytest.approx(np.quantile(background.mean(axis=1), 0.95), abs=1e-3)


def test_a_single_very_good_hit_suffices() -> None:
    known = Unrelated(threshold=0.3, false_alarms=0.05, fair=0.2, strong=0.4, lone=0.6)
    assert known.is_reached([0.3, 0.3, 0.3])
    assert not known.is_reached([0.5, 0.1, 0.1])
    assert known.is_reached([0.65, 0.0, 0.0])
    assert known.is_reached([0.31, np.nan, np.nan])


def test_strong_is_what_one_unrelated_best_hit_in_twenty_reaches() -> None:
    background = three_best(0.3, 20_000)
    learned = unrelated(background, three_best(0.8, 200))
    known = scale(learned)
    words = [known.band(score) for score in background[:, 0]]
    assert words.count("strong") / len(words) == pytest.approx(0.05, abs=0.005)
    assert words.count("weak") / len(words) == pytest.approx(0.5, abs=0.01)


def test_bands_without_unrelated_queries_come_from_random_pairs() -> None:
    assert [scale().band(score) for score in (0.98, 0.995, 0.9995)] == ["weak", "fair", "strong"]


def test_the_three_best_are_averaged_and_fewer_where_there_are_fewer() -> None:
    assert mean_of_best([0.1, 0.9, 0.5, 0.7]) == pytest.approx(0.7)
    assert mean_of_best([0.4]) == pytest.approx(0.4)
    assert mean_of_best([0.4, np.nan, np.nan]) == pytest.approx(0.4)
    assert mean_of_best([]) == -1.0


@pytest.mark.parametrize("found", [None, Unrelated(0.3, 0.05, 0.2, 0.4, 0.6)])
def test_a_calibration_survives_json(found: Unrelated | None) -> None:
    known = scale(found)
    assert Calibration.from_dict(known.as_dict()) == known


@pytest.mark.parametrize(
    "damage",
    [{"pairs": [0.1, 0.2]}, {"pairs": None}, {"n": "many"}, {"unrelated": {"threshold": 0.3}}],
)
def test_what_is_no_calibration_is_refused(damage: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Calibration.from_dict(scale().as_dict() | damage)
