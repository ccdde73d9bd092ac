"""Facets of a collection: of live items, those that pass, and of fields that tell something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import semsearch
from semsearch.errors import QueryError


@pytest.fixture
def reviews(tmp_path: Path) -> Iterator[semsearch.Collection]:
    rows = [
        {
            "id": f"r{number}",
            "text": f"text number {number}",
            "stars": number % 3,
            "source": "yelp" if number % 2 else None,
            "title": f"title {number}",
            "nothing": None,
        }
        for number in range(50)
    ]
    with semsearch.create(tmp_path / "reviews", module="hashing") as collection:
        collection.add(rows, text="text", key="id")
        yield collection


def test_deleted_items_are_not_counted(reviews: semsearch.Collection) -> None:
    reviews.delete(["r0", "r1"])
    assert reviews.facets(["stars", "source"]) == {
        "stars": [(0, 16), (1, 16), (2, 16)],
        "source": [("yelp", 24)],
    }
    assert reviews.facets(["source"])["source"].missing == 24


def test_only_items_that_pass_the_filter_are_counted(reviews: semsearch.Collection) -> None:
    reviews.delete(["r4"])
    found = reviews.facets(["stars"], where="key in ('r1', 'r4', 'r7') or title = 'title 2'")
    assert found == {"stars": [(1, 2), (2, 1)]}
    assert reviews.facets(["stars"], where="stars > 9") == {"stars": []}
    assert reviews.facets(["stars"], where="stars = 1") == {"stars": [(1, 16)]}


def test_fields_whose_values_all_differ_are_counted_only_when_asked_for(
    reviews: semsearch.Collection,
) -> None:
    assert list(reviews.facets()) == ["source", "stars"]
    title = reviews.facets(["title", "nothing"])["title"]
    assert (len(title), title.more) == (20, 30)


def test_an_item_that_was_replaced_counts_with_its_new_value(reviews: semsearch.Collection) -> None:
    reviews.add([{"id": "r1", "text": "new", "source": "imdb", "stars": 0}], text="text", key="id")
    assert reviews.facets(["source"]) == {"source": [("yelp", 24), ("imdb", 1)]}


def test_an_unknown_field_is_refused_with_those_there_are(reviews: semsearch.Collection) -> None:
    with pytest.raises(QueryError, match=r"unknown field 'star'; did you mean 'stars'\? there are"):
        reviews.facets(["star"])
    with pytest.raises(TypeError, match="facets must be a list, got the single 'stars'"):
        reviews.facets("stars")
    with pytest.raises(QueryError, match="at character 1, near 'star'"):
        reviews.facets(where="star = 1")
