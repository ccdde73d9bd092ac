"""The range search against comparing every two rows, whatever the tiles and blocks."""

from __future__ import annotations

import numpy as np
import pytest

from semsearch.index import Rows, pairs, pairs_within
from semsearch.vectors import Vectors, unit


def vectors_of(n: int, seed: int = 0) -> Vectors:
    """Return unit vectors (n, 6) of which many are nearly alike."""
    chance = np.random.default_rng(seed)
    centres = chance.normal(size=(8, 6))[chance.integers(0, 8, n)]
    return unit((centres + 0.2 * chance.normal(size=(n, 6))).astype(np.float32))


def found(sides: tuple[tuple[Rows, np.ndarray], ...], threshold: float) -> list[tuple[int, int]]:
    left, right = (*sides, None)[:2]
    assert left is not None
    return [
        pair
        for tile in pairs_within(left, right, threshold)
        for pair in zip(tile.left.tolist(), tile.right.tolist(), strict=True)
    ]


@pytest.fixture(params=[(1, 1), (7, 5), (5, 16), (1024, 4096)], ids=str)
def _tiles(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = request.param
    monkeypatch.setattr(pairs, "LEFT_ROWS", left)
    monkeypatch.setattr(pairs, "RIGHT_ROWS", right)


@pytest.mark.usefixtures("_tiles")
def test_every_pair_of_one_side_is_found_once() -> None:
    vectors = vectors_of(60)
    rows = Rows((vectors[:11], vectors[11:12], vectors[12:]))
    chosen = np.flatnonzero(np.arange(60) % 7 != 3)
    scores = vectors[chosen] @ vectors[chosen].T
    expected = [
        (a, b) for a in range(len(chosen)) for b in range(a + 1, len(chosen)) if scores[a, b] >= 0.9
    ]
    assert len(expected) > 50
    assert sorted(found(((rows, chosen),), 0.9)) == expected


@pytest.mark.usefixtures("_tiles")
def test_every_pair_of_two_sides_is_found_once() -> None:
    left, right = vectors_of(40, 1), vectors_of(30, 1)
    sides = ((Rows((left[:9], left[9:])), np.arange(40)), (Rows((right,)), np.arange(5, 30)))
    scores = left @ right[5:].T
    assert sorted(found(sides, 0.9)) == [
        (int(a), int(b)) for a, b in np.argwhere(scores >= np.float32(0.9))
    ]


def test_scores_are_those_of_a_search_and_the_threshold_belongs_to_them() -> None:
    vectors = vectors_of(50)
    rows, everything = Rows((vectors,)), np.arange(50)
    [tile] = pairs_within((rows, everything), None, 0.8)
    for a, b, score in zip(*tile, strict=True):
        assert rows.inner_products(vectors[a : a + 1], np.array([[b]]))[0, 0] == score
    [exact] = pairs_within((rows, everything), None, float(tile.scores[3]))
    assert tile.scores[3] in exact.scores
    assert exact.scores.min() >= tile.scores[3]


def test_all_pairs_are_at_least_as_alike_as_can_be() -> None:
    vectors = vectors_of(30)
    assert len(found(((Rows((vectors,)), np.arange(30)),), -1.0)) == 30 * 29 // 2


def test_nothing_is_found_among_nothing() -> None:
    empty, some = (Rows(()), np.empty(0, np.int64)), (Rows((vectors_of(5),)), np.arange(5))
    assert found((empty,), 0.5) == found((empty, some), 0.5) == found((some, empty), 0.5) == []


def test_progress_ends_with_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "LEFT_ROWS", 8)
    monkeypatch.setattr(pairs, "RIGHT_ROWS", 16)
    told: list[tuple[int, int]] = []
    rows = Rows((vectors_of(50),))
    side = (rows, np.arange(50))
    for _ in pairs_within(side, None, 0.9, lambda *step: told.append(step)):
        pass
    assert told[-1] == (50, 50)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len(told) == 7
