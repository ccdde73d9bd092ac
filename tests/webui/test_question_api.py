"""The whole question over HTTP: terms, orders, pages, counts; as JSON, in an address, by image."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient

import semsearch
from tests.webui.conftest import picture

REVIEWS = "/api/v1/collections/reviews"
SEARCH = f"{REVIEWS}/search"
PICTURES = "/api/v1/collections/pictures/search"


def keys(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [hit["key"] for hit in answer.json["hits"]]


def problem(answer: Any) -> str:
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid-request")
    return str(answer.json["error"]["message"])


def test_terms_are_texts_and_stored_items(
    client: FlaskClient, collection: semsearch.Collection
) -> None:
    plus = [{"key": "r-6", "weight": 0.5}, {"text": "film"}]
    minus = [{"text": "soup", "weight": 2}]
    asked = {"text": "shoes", "plus": plus, "minus": minus}
    expected = collection.search("shoes", plus=plus, minus=minus)
    assert keys(client.post(SEARCH, json=asked)) == [hit.key for hit in expected]


def test_terms_alone_are_a_question(client: FlaskClient) -> None:
    assert "r-1" not in keys(client.post(SEARCH, json={"plus": [{"key": "r-1"}], "k": 20}))


def test_pages_follow_one_another(client: FlaskClient) -> None:
    asked: dict[str, Any] = {"text": "soup", "k": 5}
    shown: list[str] = []
    while True:
        answer = client.post(SEARCH, json=asked)
        shown += keys(answer)
        if answer.json["after"] is None:
            break
        asked["after"] = answer.json["after"]
    assert len(shown) == len(set(shown)) == 12


def test_a_cursor_of_another_question_is_refused(client: FlaskClient) -> None:
    after = client.post(SEARCH, json={"text": "soup", "k": 5}).json["after"]
    answer = client.post(SEARCH, json={"text": "shoes", "k": 5, "after": after})
    assert "another question" in problem(answer)


def test_values_are_counted_for_a_search(client: FlaskClient) -> None:
    asked = {"text": "soup", "where": "stars > 1", "facets": ["source"], "k": 1}
    answer = client.post(SEARCH, json=asked).json
    assert answer["facets"]["source"]["values"] == [
        {"value": "shop", "count": 3},
        {"value": "yelp", "count": 3},
        {"value": "imdb", "count": 2},
    ]


def test_folded_items_stand_behind_their_hit(
    client: FlaskClient, collection: semsearch.Collection
) -> None:
    collection.add(
        [{"id": "copy", "review": "A wonderful bowl of tomato soup"}], text="review", key="id"
    )
    asked = {"text": "tomato soup", "collapse": 0.99, "k": 2}
    best = client.post(SEARCH, json=asked).json["hits"][0]
    assert (best["key"], best["folded"]) == ("r-2", ["copy"])


@pytest.mark.parametrize(
    ("asked", "phrase"),
    [
        ({"plus": [{"text": "a", "key": "b"}]}, "either 'text' or 'key'"),
        ({"plus": [{"text": "a", "weight": 0}]}, "greater than 0"),
        ({"plus": [{"text": "a", "weight": "1"}]}, "valid number"),
        ({"plus": [{"image": "/etc/passwd"}]}, "it is not known here"),
        ({"plus": ["a"]}, "plus.0"),
        ({"plus": [{"text": "a"}] * 33}, "at most 32"),
        ({"text": "a", "order": "random"}, "'order'"),
        ({"text": "a", "order": "unusual"}, "takes no question"),
        ({"text": "a", "min_score": "high"}, "min_score"),
        ({"text": "a", "diversity": 1.5}, "less than or equal to 1"),
        ({"text": "a", "collapse": 0}, "greater than 0"),
        ({"text": "a", "after": "nonsense"}, "no cursor"),
        ({"text": "a", "after": ""}, "'after'"),
        ({"text": "a", "explain": "yes"}, "'explain'"),
        ({"key": "r-1", "plus": [{"text": "a"}]}, "goes with 'k' and 'where' alone"),
        ({"text": "soup", "minus": [{"text": "soup"}]}, "cancel out"),
        ({}, "either 'text' or 'key'"),
    ],
)
def test_a_wrong_question_is_refused_in_a_sentence(
    client: FlaskClient, asked: dict[str, Any], phrase: str
) -> None:
    assert phrase in problem(client.post(SEARCH, json=asked))


def test_a_number_beyond_all_is_refused(client: FlaskClient) -> None:
    body = b'{"text": "a", "diversity": 1e999}'
    answer = client.post(SEARCH, data=body, content_type="application/json")
    assert answer.status_code == 400


def test_an_unknown_term_is_not_found(client: FlaskClient) -> None:
    answer = client.post(SEARCH, json={"plus": [{"key": "none"}]})
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "key-not-found")


def test_a_wrong_field_to_count_names_those_there(client: FlaskClient) -> None:
    answer = client.post(SEARCH, json={"text": "soup", "facets": ["colour"]})
    assert answer.status_code == 400
    assert "source" in answer.json["error"]["remedy"]


# -- in an address --


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ([("q", "soup"), ("k", "3")], {"text": "soup", "k": 3}),
        (
            [("q", "shoes"), ("plus", "key:r-6*0.5"), ("plus", "film"), ("minus", "soup*2")],
            {
                "text": "shoes",
                "plus": [{"key": "r-6", "weight": 0.5}, {"text": "film"}],
                "minus": [{"text": "soup", "weight": 2}],
            },
        ),
        ([("like", "r-1"), ("where", "stars > 2")], {"key": "r-1", "where": "stars > 2"}),
        ([("order", "unusual"), ("k", "2")], {"order": "unusual", "k": 2}),
        (
            [("q", "soup"), ("diversity", "0.5"), ("collapse", ""), ("min_score", "-0.5")],
            {"text": "soup", "diversity": 0.5, "min_score": -0.5},
        ),
        ([("q", "soup"), ("facets", "source")], {"text": "soup", "facets": ["source"]}),
    ],
)
def test_an_address_asks_what_json_asks(
    client: FlaskClient, address: Sequence[tuple[str, str]], asked: dict[str, Any]
) -> None:
    found = client.get(SEARCH, query_string=list(address)).json
    expected = client.post(SEARCH, json=asked).json
    assert found["hits"]
    assert {**found, "seconds": 0} == {**expected, "seconds": 0}


def test_an_address_carries_a_cursor(client: FlaskClient) -> None:
    after = client.get(SEARCH, query_string={"q": "soup", "k": 8}).json["after"]
    assert len(keys(client.get(SEARCH, query_string={"q": "soup", "k": 8, "after": after}))) == 4


@pytest.mark.parametrize(
    ("address", "phrase"),
    [
        ({"q": "a", "plus": "key:"}, "is empty"),
        ({"like": "r-1", "plus": "a"}, "goes with 'k' and 'where' alone"),
        ({"q": "a", "colour": "red"}, "colour"),
        ({"q": "a", "diversity": "nan"}, "diversity"),
    ],
)
def test_a_wrong_address_is_refused_in_a_sentence(
    client: FlaskClient, address: dict[str, str], phrase: str
) -> None:
    assert phrase in problem(client.get(SEARCH, query_string=address))


# -- beside a picture --


def uploaded(client: FlaskClient, **form: str) -> Any:
    return client.post(
        PICTURES, data={"image": (io.BytesIO(picture("#d02222")), "mine.png"), **form}
    )


def test_options_stand_beside_a_picture(
    client: FlaskClient, pictures: semsearch.Collection
) -> None:
    options = {"order": "farthest", "minus": [{"key": "deep/sky.png"}]}
    found = keys(uploaded(client, k="2", options=json.dumps(options)))
    expected = pictures.search(image=picture("#d02222"), k=2, **options)  # type: ignore[arg-type]
    assert found == [hit.key for hit in expected]


@pytest.mark.parametrize(
    "options",
    ["{", "[]", '{"text": "red"}', '{"diversity": NaN}', '{"diversity": 1e999}', "[" * 600],
)
def test_wrong_options_beside_a_picture_are_refused(
    client: FlaskClient, pictures: semsearch.Collection, options: str
) -> None:
    assert "options" in problem(uploaded(client, options=options))


# -- as it is described --


def test_the_description_has_every_word_of_a_question(client: FlaskClient) -> None:
    described = client.get("/api/openapi.json").json
    schemas = described["components"]["schemas"]
    words = {"plus", "minus", "weight", "fusion", "min_score", "diversity", "collapse", "order"}
    words |= {"after", "facets", "explain", "mode", "k", "where"}
    assert words <= set(schemas["SearchRequest"]["properties"])
    asked = described["paths"]["/api/v1/collections/{name}/search"]["get"]["parameters"]
    assert words <= {parameter["name"] for parameter in asked}
