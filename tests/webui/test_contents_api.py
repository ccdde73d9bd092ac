"""The API of counts, duplicates and judgements, and where a filter is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

import semsearch
from webui import contents

REVIEWS = "/api/v1/collections/reviews"
SOUP = {"query": "cold soup", "key": "r-1", "grade": 1}


def judged(client: FlaskClient, query: str | None = None) -> list[tuple[str, str, int]]:
    asked = {} if query is None else {"query": query}
    answer = client.get(f"{REVIEWS}/judgements", query_string=asked)
    return [tuple(each.values()) for each in answer.json["judgements"]]


def test_telling_fields_are_counted(client: FlaskClient) -> None:
    facets = client.get(f"{REVIEWS}/facets").json["facets"]
    assert set(facets) == {"source", "stars"}
    assert facets["stars"]["missing"] == 1
    assert facets["source"]["values"][0] == {"value": "imdb", "count": 4}


def test_fields_are_counted_among_what_passes_a_filter(client: FlaskClient) -> None:
    asked = {"fields": ["source"], "where": "stars = 5"}
    facets = client.get(f"{REVIEWS}/facets", query_string=asked).json["facets"]
    assert list(facets) == ["source"]
    assert [(each["value"], each["count"]) for each in facets["source"]["values"]] == [
        ("yelp", 2),
        ("imdb", 1),
        ("shop", 1),
    ]


@pytest.mark.parametrize("where", ["stars >", "stars = 1 and price > 3", "stars ! 3"])
def test_a_mistake_in_a_filter_is_told_with_its_place(client: FlaskClient, where: str) -> None:
    asked = {"text": "soup", "where": where}
    for answer in (
        client.post(f"{REVIEWS}/search", json=asked),
        client.get(f"{REVIEWS}/facets", query_string={"where": where}),
    ):
        error = answer.json["error"]
        assert (answer.status_code, error["code"]) == (400, "query")
        assert f"at character {error['position'] + 1}" in error["message"]


def test_an_error_without_a_place_has_no_position(client: FlaskClient) -> None:
    answer = client.get(f"{REVIEWS}/facets?fields=price")
    assert set(answer.json["error"]) == {"code", "message", "remedy"}


def test_a_judgement_is_stored_changed_and_taken_back(
    client: FlaskClient, writer: dict[str, str], collection: semsearch.Collection
) -> None:
    client.post(f"{REVIEWS}/judgements", json=SOUP, headers=writer)
    assert [tuple(said) for said in collection.judgements()] == [("cold soup", "r-1", 1)]
    client.post(f"{REVIEWS}/judgements", json=SOUP | {"grade": 0}, headers=writer)
    assert judged(client) == [("cold soup", "r-1", 0)]
    client.post(f"{REVIEWS}/judgements", json=SOUP | {"grade": None}, headers=writer)
    assert judged(client) == []


def test_the_judgements_of_one_query_are_told_apart(
    client: FlaskClient, writer: dict[str, str]
) -> None:
    client.post(f"{REVIEWS}/judgements", json=SOUP, headers=writer)
    other = SOUP | {"query": "shoes", "key": "r-5"}
    answer = client.post(f"{REVIEWS}/judgements", json=other, headers=writer).json
    assert (answer["total"], answer["queries"]) == (2, 2)
    assert judged(client, " shoes ") == [("shoes", "r-5", 1)]


def test_judging_needs_the_token(client: FlaskClient) -> None:
    answer = client.post(f"{REVIEWS}/judgements", json=SOUP)
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "token")
    assert judged(client) == []


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"grade": 4}, 422),
        ({"grade": -1}, 422),
        ({"grade": "1"}, 422),
        ({"grade": True}, 422),
        ({"query": " "}, 422),
        ({"key": "none"}, 404),
        ({"stars": 3}, 422),
    ],
)
def test_a_wrong_judgement_is_refused(
    client: FlaskClient, writer: dict[str, str], changed: dict[str, Any], status: int
) -> None:
    answer = client.post(f"{REVIEWS}/judgements", json=SOUP | changed, headers=writer)
    assert answer.status_code == status
    assert judged(client) == []


def test_a_judgement_without_a_grade_is_refused(
    client: FlaskClient, writer: dict[str, str]
) -> None:
    asked = {"query": "soup", "key": "r-1"}
    answer = client.post(f"{REVIEWS}/judgements", json=asked, headers=writer)
    assert "'grade'" in answer.json["error"]["message"]


def test_duplicates_come_in_groups_the_largest_first(
    client: FlaskClient, collection: semsearch.Collection
) -> None:
    again = [
        {"id": "a", "review": "A wonderful bowl of tomato soup"},
        {"id": "b", "review": "A wonderful bowl of tomato soup"},
        {"id": "c", "review": "Terrible acting ruined the film"},
    ]
    collection.add(again, text="review", key="id")
    answer = client.get(f"{REVIEWS}/duplicates?threshold=0.99&limit=1").json
    assert (answer["total"], answer["items"]) == (2, 5)
    [group] = answer["groups"]
    assert [hit["key"] for hit in group["hits"]] == ["r-2", "a", "b"]
    assert (group["size"], group["n_exact"], group["n_near"]) == (3, 3, 0)


def test_too_many_items_are_not_compared_while_a_page_waits(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MOST_COMPARED", 11)
    error = client.get(f"{REVIEWS}/duplicates").json["error"]
    assert "12 items" in error["message"]
    assert "semsearch duplicates reviews" in error["remedy"]
