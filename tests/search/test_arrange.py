"""Near-duplicates folded, and hits unlike those before: arrays in, places out."""

from __future__ import annotations

import numpy as np
import pytest

from semsearch.search import arrange
from semsearch.search.arrange import EARLIER, STANDS, diverse, folded, stretched
from semsearch.vectors import Vectors, unit

NONE = np.empty((0, 2), np.float32)


def at(*degrees: float) -> Vectors:
    """Return unit vectors (n, 2) at these angles."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def relevance(vectors: Vectors) -> Vectors:
    """Return the cosines to the vector at 0 degrees."""
    return np.asarray(vectors @ at(0)[0], dtype=np.float32)


def test_a_hit_is_folded_into_the_first_better_one_that_is_near() -> None:
    vectors = at(0, 90, 3, 87, 180)
    assert folded(vectors, 0.99, NONE).tolist() == [STANDS, STANDS, 0, 1, STANDS]


def test_what_is_folded_takes_no_others() -> None:
    # 6 is near 3 but not near 0, so 6 stands although 3 does not.
    border = float(np.cos(np.radians(4)))
    assert folded(at(0, 3, 6), border, NONE).tolist() == [STANDS, 0, STANDS]


def test_an_exact_copy_is_folded_at_a_threshold_of_one() -> None:
    vectors = unit(np.random.default_rng(0).normal(size=(200, 512)).astype(np.float32))
    into = folded(np.repeat(vectors, 2, axis=0), 1.0, np.empty((0, 512), np.float32))
    assert into[::2].tolist() == [STANDS] * 200
    assert into[1::2].tolist() == list(range(0, 400, 2))


def test_hits_of_pages_before_take_what_is_near_them() -> None:
    assert folded(at(1, 90), 0.99, at(0)).tolist() == [EARLIER, STANDS]


def test_blocks_fold_as_one_by_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrange, "BLOCK", 7)
    random = np.random.default_rng(1)
    vectors = unit((random.normal(size=(20, 8))[random.integers(0, 20, 300)]
                    + random.normal(size=(300, 8)) / 9).astype(np.float32))  # fmt: skip
    standing: list[int] = []
    expected = []
    for place, vector in enumerate(vectors):
        takers = [one for one in standing if vectors[one] @ vector >= 0.95 - arrange.ROUNDING]
        expected.append(takers[0] if takers else STANDS)
        if not takers:
            standing.append(place)
    assert folded(vectors, 0.95, np.empty((0, 8), np.float32)).tolist() == expected
    assert 15 <= len(standing) < 250


def test_without_diversity_the_order_stays() -> None:
    vectors = at(0, 10, 20, 30)
    assert diverse(vectors, relevance(vectors), 4, 0.0, NONE).tolist() == [0, 1, 2, 3]


def test_diverse_hits_are_chosen_as_the_formula_says() -> None:
    vectors = at(0, 1, -40, 50)
    scores = relevance(vectors)
    chosen = [0]
    while len(chosen) < 4:
        rest = [place for place in range(4) if place not in chosen]
        gain = [0.4 * scores[p] - 0.6 * max(vectors[p] @ vectors[c] for c in chosen) for p in rest]
        chosen.append(rest[int(np.argmax(gain))])
    assert chosen[1] != 1
    assert diverse(vectors, scores, 4, 0.6, NONE).tolist() == chosen


def test_the_best_hit_comes_first_however_diverse_the_rest() -> None:
    vectors = at(5, 6, 170)
    assert diverse(vectors, relevance(vectors), 2, 1.0, NONE).tolist() == [0, 2]


def test_hits_of_pages_before_count_as_chosen() -> None:
    vectors = at(1, 60)
    assert diverse(vectors, relevance(vectors), 1, 0.7, at(0)).tolist() == [1]


def test_more_diverse_hits_than_there_are_give_all() -> None:
    assert sorted(diverse(at(1, 60), relevance(at(1, 60)), 9, 0.5, NONE).tolist()) == [0, 1]


def test_nothing_is_arranged_into_nothing() -> None:
    assert folded(NONE, 0.9, NONE).tolist() == []
    assert diverse(NONE, np.empty(0, np.float32), 3, 0.5, NONE).tolist() == []
    assert stretched(np.empty(0, np.float32)).tolist() == []


def test_scores_are_stretched_from_zero_to_one() -> None:
    assert stretched(np.array([7, 5, 3], np.float32)).tolist() == [1, 0.5, 0]
    assert stretched(np.array([2, 2], np.float32)).tolist() == [1, 1]
