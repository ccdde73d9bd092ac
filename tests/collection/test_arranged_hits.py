"""Hits in other orders than the nearest first: folded, diverse, farthest, most unusual."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch.collection import arranging
from semsearch.collection import unusual as unusuals
from semsearch.vectors import unit


def keys(hits: list[semsearch.Hit]) -> list[str]:
    return [hit.key for hit in hits]


@pytest.fixture
def copies(tmp_path: Path) -> semsearch.Collection:
    """Eight directions, each stored sixty times; the first of each is `N-0`."""
    random = np.random.default_rng(0)
    centres = unit(random.normal(size=(8, 8)).astype(np.float32))
    made = semsearch.create(tmp_path / "copies", module=None, dim=8)
    rows = np.repeat(centres, 60, axis=0)
    made.add(vectors=rows, keys=[f"{row // 60}-{row % 60}" for row in range(len(rows))])
    made.add(vectors=centres[:1] + 0.01, keys=["query"])
    return made


def test_copies_are_folded_into_one_hit_and_k_others_come(copies: semsearch.Collection) -> None:
    hits = copies.search(plus=[{"key": "query"}], k=5, collapse=0.99)
    assert len({key.split("-")[0] for key in keys(hits)}) == 5
    assert all(key.endswith("-0") for key in keys(hits))
    assert hits[0].folded == [f"0-{number}" for number in range(1, 60)]


def test_all_that_says_something_new_is_found_and_then_nothing(
    copies: semsearch.Collection,
) -> None:
    hits = copies.search(plus=[{"key": "query"}], k=50, collapse=0.99)
    assert len(hits) == 8
    assert hits.after is None
    assert sum(len(hit.folded or []) for hit in hits) == 480 - 8


def test_folding_looks_at_a_bounded_number_of_candidates(
    copies: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arranging, "LARGEST_POOL", 130)
    hits = copies.search(plus=[{"key": "query"}], k=5, collapse=0.99)
    assert 2 <= len(hits) < 5


def test_hits_are_not_folded_unless_asked(copies: semsearch.Collection) -> None:
    hits = copies.search(plus=[{"key": "query"}], k=3)
    assert keys(hits) == ["0-0", "0-1", "0-2"]
    assert hits[0].folded is None
    assert "folded" not in hits[0].as_dict()


def test_diverse_hits_are_unlike_each_other(copies: semsearch.Collection) -> None:
    plain = copies.search(plus=[{"key": "query"}], k=3)
    diverse = copies.search(plus=[{"key": "query"}], k=3, diversity=0.5)
    assert {key.split("-")[0] for key in keys(plain)} == {"0"}
    assert diverse[0] == plain[0]
    assert len({key.split("-")[0] for key in keys(diverse)}) >= 2


def test_folding_and_diversity_go_together(copies: semsearch.Collection) -> None:
    hits = copies.search(plus=[{"key": "query"}], k=8, collapse=0.99, diversity=0.3)
    assert {key.split("-")[0] for key in keys(hits)} == set("01234567")


def test_folding_and_diversity_under_a_filter(copies: semsearch.Collection) -> None:
    hits = copies.search(
        plus=[{"key": "query"}], k=8, collapse=0.99, diversity=0.3, where="key > '4'"
    )
    assert {key.split("-")[0] for key in keys(hits)} == set("4567")


def test_a_least_score_is_kept(collection: semsearch.Collection) -> None:
    everything = collection.search("soup", k=12)
    hits = collection.search("soup", k=12, min_score=0.1)
    assert 0 < len(hits) < 12
    assert keys(hits) == [hit.key for hit in everything if (hit.score or 0) >= 0.1]


def test_the_farthest_come_first_with_their_cosines(collection: semsearch.Collection) -> None:
    nearest = collection.search("soup", k=12)
    farthest = collection.search("soup", k=5, order="farthest")
    assert [hit.score for hit in farthest] == sorted(hit.score or 0 for hit in nearest)[:5]
    assert keys(farthest) == keys(nearest)[::-1][:5]


def test_the_farthest_under_a_filter(collection: semsearch.Collection) -> None:
    hits = collection.search("soup", k=12, order="farthest", where="source = 'yelp'")
    expected = collection.search("soup", k=12, where="source = 'yelp'")
    assert keys(hits) == keys(expected)[::-1]


def test_the_farthest_may_be_diverse_and_folded(copies: semsearch.Collection) -> None:
    asked = {"plus": [{"key": "query"}], "order": "farthest"}
    plain = copies.search(**asked, k=1)
    hits = copies.search(**asked, k=4, collapse=0.99, diversity=0.2)
    assert keys(hits)[0] == keys(plain)[0]
    assert len({key.split("-")[0] for key in keys(hits)}) == 4


# -- the most unusual --


@pytest.fixture
def odd(tmp_path: Path) -> semsearch.Collection:
    """Two tight groups of 100, and three items that are like nothing else."""
    random = np.random.default_rng(1)
    groups = np.repeat(np.eye(8)[:2], 100, axis=0) + random.normal(size=(200, 8)) / 20
    made = semsearch.create(tmp_path / "odd", module=None, dim=8)
    made.add(vectors=[*groups, *np.eye(8)[5:]], keys=[*map(str, range(200)), "x", "y", "z"])
    return made


def test_the_most_unusual_items_need_no_question(odd: semsearch.Collection) -> None:
    hits = odd.search(order="unusual", k=3)
    assert set(keys(hits)) == {"x", "y", "z"}
    scores = [hit.score for hit in odd.search(order="unusual", k=203)]
    assert scores == sorted(scores, key=lambda score: score or 0)


def test_an_item_is_not_compared_with_itself(odd: semsearch.Collection) -> None:
    assert all((hit.score or 0) < 0.5 for hit in odd.search(order="unusual", k=3))


def test_what_is_unusual_is_unusual_in_the_whole_collection(odd: semsearch.Collection) -> None:
    odd.add(vectors=np.eye(8)[5:6] + np.full((3, 8), 0.01), keys=["x1", "x2", "x3"])
    hits = odd.search(order="unusual", k=3, where="key in ('x', 'y', '0')")
    assert hits[0].key == "y"
    assert set(keys(hits)) == {"x", "y", "0"}


def test_deleted_items_are_not_compared_with(odd: semsearch.Collection) -> None:
    odd.add(vectors=np.eye(8)[5:6] + np.full((3, 8), 0.01), keys=["x1", "x2", "x3"])
    assert "x" not in keys(odd.search(order="unusual", k=2))
    odd.delete(["x1", "x2", "x3"])
    assert "x" in keys(odd.search(order="unusual", k=3))


def test_a_sample_stands_for_a_large_collection(
    odd: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unusuals, "N_REFERENCES", 40)
    monkeypatch.setattr(unusuals, "AT_ONCE", 64)
    hits = odd.search(order="unusual", k=3)
    assert set(keys(hits)) == {"x", "y", "z"}
    assert odd.search(order="unusual", k=3) == hits


def test_a_collection_is_compared_once_a_version(
    odd: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = odd.search(order="unusual", k=3)

    def again(*_: object) -> None:
        raise AssertionError("compared again")

    monkeypatch.setattr("semsearch.collection.searching.nearness", again)
    assert odd.search(order="unusual", k=3) == first
    odd.delete(["x"])
    with pytest.raises(AssertionError, match="compared again"):
        odd.search(order="unusual", k=3)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_items_are_unusual_too(tmp_path: Path, n: int) -> None:
    with semsearch.create(tmp_path / "few", module=None, dim=3) as few:
        few.add(vectors=np.eye(3)[:n], keys=[*"abc"][:n])
        hits = few.search(order="unusual")
        assert keys(hits) == [*"abc"][:n]
        assert [hit.score for hit in hits] == [0.0] * n
