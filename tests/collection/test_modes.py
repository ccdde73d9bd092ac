"""Search by words, and by meaning and words together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import semsearch
from semsearch import Collection
from semsearch.collection import Hits

ROWS = [
    {"key": "a", "text": "The soup was hot and the bread fresh", "stars": 5},
    {"key": "b", "text": "Soup, soup and more soup", "stars": 1},
    {"key": "c", "text": "These shoes fit well", "stars": 4},
    {"key": "d", "text": "The shoes fell apart in the rain", "stars": 1},
    {"key": "e", "text": "A quiet street by the river", "stars": 3},
]


@pytest.fixture
def reviews(tmp_path: Path) -> Collection:
    collection = semsearch.create(tmp_path / "reviews", "hashing")
    collection.add(ROWS, key="key", text="text")
    return collection


def keys(hits: Hits) -> list[str]:
    return [hit.key for hit in hits]


def test_lexical_search_ranks_by_bm25_and_leaves_out_what_has_no_word(reviews: Collection) -> None:
    hits = reviews.search("soups", mode="lexical")
    assert keys(hits) == ["b", "a"]
    assert hits[0].score > hits[1].score > 0
    assert hits[0].parts is None


def test_lexical_search_keeps_to_the_filter(reviews: Collection) -> None:
    assert keys(reviews.search("soup shoes", mode="lexical", where="stars = 1")) == ["b", "d"]
    assert keys(reviews.search("soup", mode="lexical", where="stars = 4")) == []


def test_lexical_search_answers_many_texts_at_once(reviews: Collection) -> None:
    one, two, three = reviews.search_many(["bread", "river", "trousers"], mode="lexical")
    assert [keys(one), keys(two), keys(three)] == [["a"], ["e"], []]


def test_deleted_and_changed_items_are_found_by_what_they_say_now(reviews: Collection) -> None:
    reviews.delete(["b"])
    reviews.add([{"key": "a", "text": "Cold stew", "stars": 2}], key="key", text="text")
    assert keys(reviews.search("soup", mode="lexical")) == []
    assert keys(reviews.search("stew", mode="lexical")) == ["a"]


def test_own_vectors_have_no_words_and_that_is_told(tmp_path: Path) -> None:
    collection = semsearch.create(tmp_path / "own", None, dim=3)
    collection.add(vectors=np.eye(3), keys=["a", "b", "c"])
    hits = collection.search("soup", mode="lexical")
    assert hits == []
    assert hits.notes == ["no item of 'own' has a text, so mode=\"lexical\" finds nothing"]


def test_hybrid_search_finds_by_either_and_shows_both_parts(reviews: Collection) -> None:
    hits = reviews.search("soup", mode="hybrid", weight=0.25, k=5)
    cosines = {hit.key: hit.score for hit in reviews.search("soup", k=5)}
    words = {hit.key: hit.score for hit in reviews.search("soup", mode="lexical")}
    assert sorted(keys(hits)) == ["a", "b", "c", "d", "e"]
    low, high = min(cosines.values()), max(cosines.values())
    for hit in hits:
        assert hit.parts == pytest.approx(
            {"semantic": cosines[hit.key], "lexical": words.get(hit.key, 0), "weight": 0.25},
            abs=1e-6,
        )
        share = (cosines[hit.key] - low) / (high - low)
        expected = 0.25 * share + 0.75 * words.get(hit.key, 0) / max(words.values())
        assert hit.score == pytest.approx(expected, abs=1e-5)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_the_weight_shifts_from_words_to_meaning(reviews: Collection) -> None:
    text = "the soup in the rain"
    assert keys(reviews.search(text, mode="hybrid", weight=1, k=3)) == keys(
        reviews.search(text, k=3)
    )
    by_words = reviews.search(text, mode="hybrid", weight=0, k=3)
    assert keys(by_words) == keys(reviews.search(text, mode="lexical", k=3))


@pytest.mark.parametrize(("where", "left"), [("stars = 1", "bd"), ("stars > 1", "ace")])
def test_a_filter_changes_no_score_of_a_hybrid_search(
    reviews: Collection, where: str, left: str
) -> None:
    text = "hot soup and shoes"
    every = {hit.key: hit.score for hit in reviews.search(text, mode="hybrid")}
    some = {hit.key: hit.score for hit in reviews.search(text, mode="hybrid", where=where)}
    assert some == pytest.approx({key: every[key] for key in left})


def test_reciprocal_ranks_are_between_0_and_1(reviews: Collection) -> None:
    hits = reviews.search("soup", mode="hybrid", fusion="reciprocal")
    meaning = keys(reviews.search("soup", k=5))
    expected = {
        key: 61 * (0.5 / (61 + meaning.index(key)) + (0.5 / (61 + rank) if rank < 2 else 0))
        for key, rank in {"b": 0, "a": 1, "c": 2, "d": 2, "e": 2}.items()
    }
    assert {hit.key: hit.score for hit in hits} == pytest.approx(expected, rel=1e-5)


def test_hybrid_search_of_one_word_that_nothing_has_is_by_meaning(reviews: Collection) -> None:
    assert keys(reviews.search("xyz", mode="hybrid")) == keys(reviews.search("xyz"))


def test_hybrid_search_of_an_empty_collection_finds_nothing(tmp_path: Path) -> None:
    collection = semsearch.create(tmp_path / "empty", "hashing")
    assert collection.search("soup", mode="hybrid") == []
    assert collection.search("soup", mode="lexical") == []


def test_pages_of_a_hybrid_search_neither_lose_nor_repeat(reviews: Collection) -> None:
    whole = keys(reviews.search("the soup", mode="hybrid", k=5))
    first = reviews.search("the soup", mode="hybrid", k=2)
    second = reviews.search("the soup", mode="hybrid", k=2, after=first.after)
    assert keys(first) + keys(second) == whole[:4]


def test_pictures_are_found_by_the_words_of_their_captions(tmp_path: Path) -> None:
    for name in ("red", "blue"):
        Image.new("RGB", (16, 16), name).save(tmp_path / f"{name}.png")
    rows = [
        {"picture": str(tmp_path / f"{n}.png"), "text": f"A {n} house"} for n in ("red", "blue")
    ]
    collection = semsearch.create(tmp_path / "pictures", "colours")
    collection.add(rows, image="picture")
    hits = collection.search("blue houses", mode="lexical")
    assert [hit.text for hit in hits] == ["A blue house", "A red house"]
