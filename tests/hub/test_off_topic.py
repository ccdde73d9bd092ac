"""min_score="auto" and the bands with the real sentences module."""

from __future__ import annotations

from pathlib import Path

import pytest

import semsearch

pytestmark = [pytest.mark.tensorflow]

DISHES = ["soup", "pizza", "steak", "salad", "curry", "burger", "sushi", "cake"]
VERDICTS = [
    "The {} was cold and tasteless",
    "I loved the {}, it was perfectly seasoned",
    "We waited an hour for the {}",
    "Best {} in town, friendly waiters too",
    "The {} was far too salty for me",
]
REVIEWS = [verdict.format(dish) for dish in DISHES for verdict in VERDICTS]

ON_TOPIC = [
    "the noodles were cold when they arrived",
    "das Essen war versalzen",
    "le serveur était très aimable",
    "the lasagne was delicious",
]
OFF_TOPIC = [
    "Which enzyme repairs broken strands of DNA?",
    "heat transfer through a turbulent boundary layer",
    "wie kündige ich mein Girokonto",
    "the president vetoed the bill on Thursday",
]


def test_reviews_of_restaurants_answer_what_restaurants_are_asked(tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "reviews", module="use-multilingual") as reviews:
        reviews.add(REVIEWS)
        for query in ON_TOPIC:
            hits = reviews.search(query, k=3, min_score="auto")
            assert len(hits) == 3, query
            assert hits[0].percentile is not None
        for query in OFF_TOPIC:
            hits = reviews.search(query, k=3, min_score="auto")
            assert hits == [], query
            assert "nothing here is like the query" in hits.notes[0]
            assert {hit.band for hit in reviews.search(query)} <= {"weak", "fair"}, query


def test_the_words_that_matter_carry_the_match(tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "reviews", module="use-multilingual") as reviews:
        reviews.add(["The waiter brought cold soup", "A film without a plot", "Cheap shoes"])
        [hit] = reviews.search("the soup was not hot", k=1, explain=True)
        carried = {word.word: word.weight for word in hit.words or []}
        assert max(carried, key=lambda word: carried[word]) in ("soup", "cold")
