"""The API of clusters, the map and classes."""

from __future__ import annotations

import io
from pathlib import Path

from flask.testing import FlaskClient

import semsearch
from tests.webui.conftest import picture

REVIEWS = "/api/v1/collections/reviews"
EXAMPLES = {
    "food": ["cold soup and a rude waiter", "a bowl of soup", "the waiter brought the soup"],
    "film": ["a film with great actors", "the plot of the film", "boring film and bad acting"],
}


def test_clusters_are_made_stored_and_listed(client: FlaskClient, writer: dict[str, str]) -> None:
    assert client.get(f"{REVIEWS}/clusters").json["error"]["code"] == "result-not-found"
    made = client.post(f"{REVIEWS}/clusters", json={"n_clusters": 3}, headers=writer).json
    assert len(made["clusters"]) == made["n_clusters"] == 3
    assert sum(cluster["size"] for cluster in made["clusters"]) == made["rows"] == 12
    first = made["clusters"][0]
    assert first["name"]
    assert first["representatives"][0]["text"]
    stored = client.get(f"{REVIEWS}/clusters").json
    assert stored["clusters"] == made["clusters"]
    assert client.get(REVIEWS).json["clusterings"] == ["default"]


def test_members_come_in_pages(client: FlaskClient, writer: dict[str, str]) -> None:
    made = client.post(f"{REVIEWS}/clusters", json={"n_clusters": 2}, headers=writer).json
    big = made["clusters"][0]
    pages = [
        client.get(f"{REVIEWS}/clusters/{big['id']}?offset={offset}&limit=2").json
        for offset in range(0, big["size"], 2)
    ]
    keys = [hit["key"] for page in pages for hit in page["hits"]]
    assert len(set(keys)) == len(keys) == pages[0]["total"] == big["size"]
    assert client.get(f"{REVIEWS}/clusters/99").status_code == 404


def test_more_clusters_than_items_is_told_in_a_sentence(
    client: FlaskClient, writer: dict[str, str]
) -> None:
    answer = client.post(f"{REVIEWS}/clusters", json={"n_clusters": 500}, headers=writer)
    assert answer.status_code == 422
    assert "12" in answer.json["error"]["message"]


def test_the_map_places_every_item(client: FlaskClient, writer: dict[str, str]) -> None:
    plain = client.get(f"{REVIEWS}/map")
    assert set(plain.json["clusters"]) == {-1}
    client.post(f"{REVIEWS}/clusters", json={"n_clusters": 3}, headers=writer)
    answer = client.get(f"{REVIEWS}/map")
    layout = answer.json
    assert {len(layout[name]) for name in ("keys", "x", "y", "clusters", "texts")} == {12}
    assert set(map(str, layout["clusters"])) == set(layout["names"])
    again = client.get(f"{REVIEWS}/map", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_cluster_whose_representatives_are_deleted_shows_members(
    client: FlaskClient, indexes: Path, writer: dict[str, str]
) -> None:
    made = client.post(f"{REVIEWS}/clusters", json={"n_clusters": 2}, headers=writer).json
    big = max(made["clusters"], key=lambda cluster: cluster["size"])
    with semsearch.open(indexes / "reviews") as collection:
        collection.delete([hit["key"] for hit in big["representatives"]])
    clusters = client.get(f"{REVIEWS}/clusters").json["clusters"]
    left = next(cluster for cluster in clusters if cluster["id"] == big["id"])
    assert 0 < left["size"] < big["size"]
    assert left["representatives"][0]["text"]


def test_a_text_that_is_cut_for_the_map_says_so(client: FlaskClient, indexes: Path) -> None:
    with semsearch.open(indexes / "reviews") as collection:
        collection.add([{"id": "long", "review": "soup " * 90}], text="review", key="id")
    layout = client.get(f"{REVIEWS}/map").json
    told = dict(zip(layout["keys"], layout["texts"], strict=True))
    assert told["long"].endswith("…")
    assert len(told["long"]) <= 140
    assert not told["r-1"].endswith("…")


def test_a_classifier_is_trained_measured_and_predicts(
    client: FlaskClient, writer: dict[str, str]
) -> None:
    wanted = {"name": "topic", "examples": EXAMPLES}
    made = client.post(f"{REVIEWS}/classifiers", json=wanted, headers=writer).json
    assert made["labels"] == ["film", "food"]
    assert made["report"]["n_examples"] == 6
    listed = client.get(f"{REVIEWS}/classifiers").json["classifiers"]
    assert [each["name"] for each in listed] == ["topic"]
    told = client.post(f"{REVIEWS}/classifiers/topic/predict", json={"texts": ["soup"]}).json
    assert told["predictions"][0]["text"] == "soup"
    every = client.post(f"{REVIEWS}/classifiers/topic/predict", json={"k": 2}).json
    assert sum(every["counts"].values()) + every["abstained"] == 12
    assert all(0 <= each["probability"] <= 1 for each in every["predictions"])
    asked = {"keys": ["r-2", "r-10"]}
    some = client.post(f"{REVIEWS}/classifiers/topic/predict", json=asked).json["predictions"]
    assert [each["key"] for each in some] == ["r-2", "r-10"]


def test_pictures_are_taught_by_key(
    client: FlaskClient, pictures: semsearch.Collection, writer: dict[str, str]
) -> None:
    pictures_api = "/api/v1/collections/pictures"
    examples = {
        "warm": ["deep/red.png", "deep/rose.png"],
        "cool": ["deep/blue.png", "deep/sky.png"],
    }
    wanted = {"name": "warmth", "examples": examples, "keys": True}
    assert client.post(f"{pictures_api}/classifiers", json=wanted, headers=writer).json["labels"]
    found = client.post(
        f"{pictures_api}/search", data={"image": (io.BytesIO(picture("#2133d3")), "x.png")}
    )
    assert found.json["hits"][0]["key"] == "deep/blue.png"


def test_an_unknown_example_key_is_told(client: FlaskClient, writer: dict[str, str]) -> None:
    wanted = {"name": "x", "examples": {"a": ["r-1", "r-2"], "b": ["r-3", "none"]}, "keys": True}
    answer = client.post(f"{REVIEWS}/classifiers", json=wanted, headers=writer)
    assert answer.json["error"]["code"] == "key-not-found"
    assert "'none'" in answer.json["error"]["message"]


def test_an_unknown_classifier_is_told(client: FlaskClient) -> None:
    answer = client.post(f"{REVIEWS}/classifiers/none/predict", json={})
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "result-not-found")
