"""The API that reads: collections, search, items, thumbnails."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

import semsearch
from tests.webui.conftest import picture

REVIEWS = "/api/v1/collections/reviews"
PICTURES = "/api/v1/collections/pictures"


def test_collections_are_listed(client: FlaskClient, pictures: semsearch.Collection) -> None:
    listed = client.get("/api/v1/collections").json["collections"]
    assert [(each["name"], each["modality"], each["rows"]) for each in listed] == [
        ("pictures", "image", 4),
        ("reviews", "text", 12),
    ]


def test_a_damaged_collection_does_not_hide_the_others(client: FlaskClient, indexes: Path) -> None:
    with semsearch.create(indexes / "broken", module="hashing") as broken:
        database = next(broken.path.glob("*.db"), None) or next(broken.path.glob("*.sqlite*"))
    for path in indexes.glob(f"broken/{database.name}*"):
        path.write_bytes(b"no database" * 1000)
    listed = {each["name"]: each for each in client.get("/api/v1/collections").json["collections"]}
    assert listed["broken"]["error"]["message"]
    assert listed["reviews"]["rows"] == 12


def test_a_collection_tells_what_it_is_but_not_where(client: FlaskClient, indexes: Path) -> None:
    answer = client.get(REVIEWS)
    assert answer.json["module"]["name"] == "hashing"
    assert answer.json["fields"] == {"stars": "number", "source": "text"}
    assert answer.json["clusterings"] == answer.json["classifiers"] == []
    assert str(indexes) not in answer.text


def test_search_answers_with_hits_and_seconds(client: FlaskClient) -> None:
    answer = client.post(f"{REVIEWS}/search", json={"text": "cold soup", "k": 3}).json
    assert set(answer) == {"hits", "after", "facets", "notes", "seconds"}
    assert len(answer["hits"]) == 3
    best = answer["hits"][0]
    assert set(best) == {"key", "score", "text", "fields"}
    assert "soup" in best["text"]
    assert -1 <= best["score"] <= 1


def test_search_takes_a_filter(client: FlaskClient) -> None:
    wanted = {"text": "soup", "k": 10, "where": "source = 'imdb' and stars < 3"}
    hits = client.post(f"{REVIEWS}/search", json=wanted).json["hits"]
    assert {hit["key"] for hit in hits} == {"r-9", "r-11"}


def test_similar_leaves_the_item_itself_out(client: FlaskClient) -> None:
    hits = client.post(f"{REVIEWS}/search", json={"key": "r-1", "k": 20}).json["hits"]
    assert len(hits) == 11
    assert "r-1" not in {hit["key"] for hit in hits}


def test_a_missing_field_value_is_null(client: FlaskClient) -> None:
    assert client.get(f"{REVIEWS}/items/r-12").json["fields"]["stars"] is None


def test_pictures_are_found_by_an_upload(
    client: FlaskClient, pictures: semsearch.Collection
) -> None:
    form = {"image": (io.BytesIO(picture("#d02222")), "mine.png"), "k": "2"}
    hits = client.post(f"{PICTURES}/search", data=form).json["hits"]
    assert [hit["key"] for hit in hits] == ["deep/red.png", "deep/rose.png"]


def test_an_upload_that_is_no_picture_is_refused(
    client: FlaskClient, pictures: semsearch.Collection
) -> None:
    form = {"image": (io.BytesIO(b"%PDF-1.7 not a picture"), "mine.png")}
    answer = client.post(f"{PICTURES}/search", data=form)
    assert answer.status_code == 422
    assert answer.json["error"]["code"] == "content"


def test_a_key_may_hold_slashes(client: FlaskClient, pictures: semsearch.Collection) -> None:
    for address in ("items/deep/red.png", "items/deep%2Fred.png", "items?key=deep/red.png"):
        assert client.get(f"{PICTURES}/{address}").json["key"] == "deep/red.png"


def test_a_thumbnail_is_a_small_webp_that_browsers_may_keep(
    client: FlaskClient, pictures: semsearch.Collection
) -> None:
    address = f"{PICTURES}/thumbnails?key=deep/red.png&size=32"
    answer = client.get(address)
    assert answer.mimetype == "image/webp"
    assert max(Image.open(io.BytesIO(answer.data)).size) == 32
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    "key", ["../../reviews", "/etc/passwd", "deep/../deep/red.png", "..", "\0"]
)
def test_a_thumbnail_is_found_by_key_never_by_path(
    client: FlaskClient, pictures: semsearch.Collection, key: str
) -> None:
    answer = client.get(f"{PICTURES}/thumbnails", query_string={"key": key})
    assert answer.status_code == 404
    assert answer.json["error"]["code"] == "key-not-found"


def test_a_sample_is_spread_over_the_collection(client: FlaskClient) -> None:
    hits = client.get(f"{REVIEWS}/sample?n=4").json["hits"]
    assert [hit["key"] for hit in hits] == ["r-1", "r-4", "r-7", "r-10"]


def test_collections_that_come_and_go_are_noticed(
    app: Flask, client: FlaskClient, indexes: Path, tmp_path: Path
) -> None:
    assert client.get("/api/v1/collections/new").status_code == 404
    with semsearch.create(indexes / "new", module="hashing") as new:
        new.add(["one", "two"])
    assert client.get("/api/v1/collections/new").json["rows"] == 2
    (indexes / "new").rename(tmp_path / "gone")
    assert client.get("/api/v1/collections/new").status_code == 404
    with semsearch.create(indexes / "new", module="hashing") as new:
        new.add(["one", "two", "three"])
    assert client.get("/api/v1/collections/new").json["rows"] == 3
    # Replaced between two requests: nobody asked while it was away.
    (indexes / "new").rename(tmp_path / "gone too")
    with semsearch.create(indexes / "new", module="hashing") as new:
        new.add(["one"])
    assert client.get("/api/v1/collections/new").json["rows"] == 1


def test_rows_added_by_another_handle_are_found(
    client: FlaskClient, collection: semsearch.Collection
) -> None:
    wanted = {"text": "zebra", "k": 1}
    assert client.post(f"{REVIEWS}/search", json=wanted).json["hits"][0]["score"] < 0.9
    collection.add([{"id": "r-13", "review": "zebra"}], text="review", key="id")
    assert client.post(f"{REVIEWS}/search", json=wanted).json["hits"][0]["key"] == "r-13"
