"""Duplicates in a collection and across two, against comparing every two items by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch.collection import DuplicateGroup, DuplicatePair
from semsearch.collection import duplicates as duplicates_file
from semsearch.errors import CollectionError, QueryError
from semsearch.index import pairs as tiles
from semsearch.store import merging
from semsearch.vectors import Vectors

DIM = 8


def alike(n: int, seed: int, prefix: str) -> tuple[Vectors, list[str]]:
    """Return vectors of which some are near one another and some the very same, and keys."""
    chance = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(12, DIM))
    vectors = centres[chance.integers(0, 12, n)] + 0.15 * chance.normal(size=(n, DIM))
    vectors[chance.integers(0, n, n // 4)] = vectors[chance.integers(0, n // 2, n // 4)]
    vectors[-2:] = 2 * centres[:2]  # the same on both sides
    return vectors.astype(np.float32), [f"{prefix}{number}" for number in range(n)]


@pytest.fixture(scope="module")
def contents() -> dict[str, Vectors]:
    """What stands in the two collections, as it was given, by key."""
    found = {}
    for seed, prefix in ((1, "a"), (2, "b")):
        vectors, keys = alike(120, seed, prefix)
        found.update(zip(keys, vectors, strict=True))
    return found


@pytest.fixture(scope="module")
def two(
    tmp_path_factory: pytest.TempPathFactory, contents: dict[str, Vectors]
) -> Iterator[tuple[semsearch.Collection, semsearch.Collection]]:
    """Two collections in several segments each, with rows that were deleted and replaced."""
    folder = tmp_path_factory.mktemp("two")
    made = []
    patched = pytest.MonkeyPatch()
    patched.setattr(merging, "SMALL", 0)
    for prefix in "ab":
        collection = semsearch.create(folder / prefix, module=None, dim=DIM)
        keys = [key for key in contents if key[0] == prefix]
        collection.add(vectors=np.ones((1, DIM)), keys=[keys[70]])  # replaced below
        for start in range(0, len(keys), 30):
            part = keys[start : start + 30]
            collection.add(vectors=np.stack([contents[key] for key in part]), keys=part)
        collection.delete([key for key in keys if key[-1] == "7"])
        made.append(collection)
    patched.undo()
    assert len(made[0]._store.snapshot().segments) > 1
    assert made[0]._store.snapshot().live is not None
    yield made[0], made[1]
    for collection in made:
        collection.close()


@pytest.fixture(params=[(1024, 4096), (7, 16)], ids=str)
def _tile(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "LEFT_ROWS", request.param[0])
    monkeypatch.setattr(tiles, "RIGHT_ROWS", request.param[1])
    monkeypatch.setattr(duplicates_file, "AT_ONCE", request.param[0])


Found = set[tuple[str, str, bool]]


def by_hand(
    contents: dict[str, Vectors], pairs: list[tuple[str, str]], threshold: float
) -> tuple[Found, dict[tuple[str, str], float]]:
    found, scores = set(), {}
    for one, other in pairs:
        a, b = contents[one], contents[other]
        score = float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
        is_exact = a.tobytes() == b.tobytes()
        if is_exact or score >= threshold:
            found.add((one, other, is_exact))
            scores[one, other] = score
    return found, scores


def check(pairs: list[DuplicatePair], expected: tuple[Found, dict[tuple[str, str], float]]) -> None:
    found, scores = expected
    assert len(pairs) == len(found)
    assert {(pair.key, pair.other, pair.is_exact) for pair in pairs} == found
    for pair in pairs:
        assert pair.score == pytest.approx(scores[pair.key, pair.other], abs=1e-6)


@pytest.mark.usefixtures("_tile")
@pytest.mark.parametrize("threshold", [0.9, 0.97, 1.0, 0.0, -1.0])
def test_a_collection_is_compared_with_itself(
    two: tuple[semsearch.Collection, ...], contents: dict[str, Vectors], threshold: float
) -> None:
    keys = two[0].keys()
    expected = by_hand(contents, list(combinations(keys, 2)), threshold)  # type: ignore[arg-type]
    assert any(is_exact for *_, is_exact in expected[0])
    check(list(two[0].duplicates(threshold)), expected)


@pytest.mark.usefixtures("_tile")
@pytest.mark.parametrize("threshold", [0.9, 1.0, -1.0])
def test_two_collections_are_compared(
    two: tuple[semsearch.Collection, ...], contents: dict[str, Vectors], threshold: float
) -> None:
    pairs = list(product(two[0].keys(), two[1].keys()))
    expected = by_hand(contents, pairs, threshold)  # type: ignore[arg-type]
    assert any(is_exact for *_, is_exact in expected[0])
    check(list(two[0].duplicates(threshold, other=two[1])), expected)


@pytest.mark.usefixtures("_tile")
@pytest.mark.parametrize("is_across", [False, True])
def test_groups_are_what_hangs_together_by_pairs(
    two: tuple[semsearch.Collection, ...], is_across: bool
) -> None:
    found = two[0].duplicates(0.9, other=two[1] if is_across else None)
    together: list[set[str]] = []
    for pair in found:
        joined = {pair.key, pair.other}
        apart = [group for group in together if not group & joined]
        together = [*apart, joined.union(*(group for group in together if group & joined))]
    groups = found.groups()
    assert sorted(map(sorted, together)) == sorted(sorted(g.keys + g.others) for g in groups)
    assert [len(g.keys + g.others) for g in groups] == sorted(map(len, together), reverse=True)
    for group in groups:
        inside = [pair for pair in found if pair.key in group.keys]
        assert group.n_exact == sum(pair.is_exact for pair in inside)
        assert group.n_near == len(inside) - group.n_exact
        assert group.representative == min(group.keys, key=lambda key: int(key[1:]))
        assert all(key[0] == "a" for key in group.keys)
        assert all(key[0] == ("b" if is_across else "") for key in group.others)


def test_pairs_come_in_the_same_order_each_time_the_exact_ones_first(
    two: tuple[semsearch.Collection, ...],
) -> None:
    found = two[0].duplicates(0.9)
    pairs = list(found)
    assert list(found) == list(two[0].duplicates(0.9)) == pairs
    kinds = [pair.is_exact for pair in pairs]
    assert kinds == sorted(kinds, reverse=True)


@pytest.fixture
def reviews(tmp_path: Path) -> Iterator[semsearch.Collection]:
    rows = [
        {"id": "a", "text": "the soup was cold and salty", "stars": 1},
        {"id": "b", "text": "the soup was cold and salty", "stars": 2},
        {"id": "c", "text": "the soup was cold and salty!", "stars": 1},
        {"id": "d", "text": "these shoes fit", "stars": 5},
    ]
    with semsearch.create(tmp_path / "reviews", module="hashing") as collection:
        collection.add(rows, text="text", key="id")
        yield collection


def test_texts_that_are_the_same_are_exact_and_others_near(reviews: semsearch.Collection) -> None:
    assert [(pair.key, pair.other, pair.is_exact) for pair in reviews.duplicates()] == [
        ("a", "b", True),
        ("a", "c", False),
        ("b", "c", False),
    ]
    assert reviews.duplicates().groups() == [DuplicateGroup(["a", "b", "c"], [], 1, 2)]


def test_a_filter_chooses_among_the_items_of_this_collection(
    reviews: semsearch.Collection, tmp_path: Path
) -> None:
    found = reviews.duplicates(where="stars = 1")
    assert [(pair.key, pair.other) for pair in found] == [("a", "c")]
    assert list(reviews.duplicates(where="stars = 5")) == []
    with semsearch.create(tmp_path / "test", module="hashing") as test:
        test.add([{"id": "t", "text": "the soup was cold and salty"}], text="text", key="id")
        found = reviews.duplicates(other=test, where="stars = 2")
        assert list(found) == [DuplicatePair("b", "t", 1.0, True)]
        assert found.groups() == [DuplicateGroup(["b"], ["t"], 1, 0)]
        back = test.duplicates(other=reviews, threshold=1)
        assert [(pair.key, pair.other) for pair in back if pair.is_exact] == [
            ("t", "a"),
            ("t", "b"),
        ]


def test_what_was_erased_meanwhile_is_left_out(reviews: semsearch.Collection) -> None:
    found = reviews.duplicates()
    reviews.delete(["a"], purge=True)
    assert [(pair.key, pair.other) for pair in found] == [("b", "c")]
    assert [group.keys for group in found.groups()] == [["b", "c"]]


def test_progress_counts_items(reviews: semsearch.Collection) -> None:
    told: list[tuple[int, int]] = []
    list(reviews.duplicates(progress=lambda *step: told.append(step)))
    assert told == [(3, 3)]  # two of the four items have one content


def test_an_empty_collection_has_no_duplicates(
    tmp_path: Path, reviews: semsearch.Collection
) -> None:
    with semsearch.create(tmp_path / "empty", module="hashing") as empty:
        assert list(empty.duplicates()) == empty.duplicates().groups() == []
        assert list(reviews.duplicates(other=empty)) == list(empty.duplicates(other=reviews)) == []


def test_collections_of_different_modules_are_refused(
    reviews: semsearch.Collection, two: tuple[semsearch.Collection, ...], tmp_path: Path
) -> None:
    with pytest.raises(CollectionError, match=r"'reviews' .*'hashing'.* those of 'a' of None"):
        reviews.duplicates(other=two[0])
    with (
        semsearch.create(tmp_path / "own", module=None, dim=reviews.dim) as own,
        pytest.raises(CollectionError, match=r"'reviews' .*'hashing'.* those of 'own' of None"),
    ):
        reviews.duplicates(other=own)
    with (
        semsearch.create(tmp_path / "wide", module=None, dim=9) as wide,
        pytest.raises(CollectionError, match=r"8 wide\), those of 'wide' .* 9 wide\)"),
    ):
        two[0].duplicates(other=wide)


def test_mistakes_are_told_before_anything_is_compared(reviews: semsearch.Collection) -> None:
    with pytest.raises(ValueError, match="'reviews' itself; leave it out"):
        reviews.duplicates(other=reviews)
    with pytest.raises(ValueError, match=r"a cosine from -1 to 1, got 1.5"):
        reviews.duplicates(1.5)
    with pytest.raises(ValueError, match="a cosine from -1 to 1, got nan"):
        reviews.duplicates(float("nan"))
    with pytest.raises(TypeError, match="the threshold must be a number, got '0.9'"):
        reviews.duplicates("0.9")  # type: ignore[arg-type]
    with pytest.raises(QueryError, match="unknown field 'star'"):
        reviews.duplicates(where="star = 1")


def test_what_is_found_shows_itself_in_a_line(
    two: tuple[semsearch.Collection, semsearch.Collection],
) -> None:
    assert repr(two[0].duplicates(0.9)) == (
        "<duplicates from a cosine of 0.9 on: iterate, or ask for groups()>"
    )
