"""Errors have one shape and every request has limits: rows T7 and T8 of the threat model."""

from __future__ import annotations

import json
import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient

import semsearch
from semsearch import errors as engine
from webui.errors import status_of

MAX_TEXT_BYTES = 8192
MAX_BODY_BYTES = 16 * 1024 * 1024
REVIEWS = "/api/v1/collections/reviews"
SEARCH = f"{REVIEWS}/search"


def nested(levels: int) -> bytes:
    """A body whose lists stand `levels` deep inside its object."""
    return b'{"text": ' + b"[" * levels + b"]" * levels + b"}"


@pytest.mark.parametrize(
    ("accepted", "refused"),
    [
        ({"text": "soup", "k": 1000}, {"text": "soup", "k": 1001}),
        ({"text": "soup", "k": 1}, {"text": "soup", "k": 0}),
        ({"text": "soup"}, {"text": "soup", "k": -1}),
        ({"text": "soup"}, {"text": "soup", "k": 10**9}),
        ({"text": "soup"}, {"text": "soup", "k": "10"}),
        ({"text": "soup"}, {"text": "soup", "k": 2.5}),
        ({"text": "soup"}, {"text": "soup", "k": True}),
        ({"text": "a" * MAX_TEXT_BYTES}, {"text": "a" * (MAX_TEXT_BYTES + 1)}),
        ({"text": "é" * (MAX_TEXT_BYTES // 2)}, {"text": "é" * (MAX_TEXT_BYTES // 2 + 1)}),
        ({"text": "soup"}, {"text": "  \n "}),
        ({"text": "\ud83c\udf72 soup"}, {"text": "half a \ud83c pair"}),
        ({"text": "soup"}, {"text": "soup", "key": "r-1"}),
        ({"text": "soup"}, {}),
        ({"text": "soup"}, {"text": ["soup", "stew"]}),
        ({"text": "soup"}, {"text": "soup", "module": "file:///tmp/x"}),
        ({"text": "soup", "mode": "semantic"}, {"text": "soup", "mode": "psychic"}),
    ],
)
def test_search_takes_what_is_at_the_limit_and_refuses_what_is_over(
    client: FlaskClient, accepted: dict[str, object], refused: dict[str, object]
) -> None:
    # json.dumps writes half a surrogate pair as an escape, as a browser would.
    kind = "application/json"
    assert client.post(SEARCH, data=json.dumps(accepted), content_type=kind).status_code == 200
    answer = client.post(SEARCH, data=json.dumps(refused), content_type=kind)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid-request")


def test_a_mode_that_is_not_there_yet_is_told(client: FlaskClient) -> None:
    answer = client.post(SEARCH, json={"text": "soup", "mode": "lexical"})
    assert answer.status_code in {200, 422}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 422),
        (b'"soup"', 422),
        (nested(15), 422),
        (nested(16), 422),
        (nested(100_000), 422),
        (b'{"text": "so\xffup"}', 400),
        (b'{"text": NaN}', 400),
    ],
)
def test_a_body_that_is_no_object_is_refused(client: FlaskClient, body: bytes, status: int) -> None:
    answer = client.post(SEARCH, data=body, content_type="application/json")
    assert answer.status_code == status
    assert set(answer.json["error"]) == {"code", "message", "remedy"}
    assert ("deeper than 16" in answer.text) == (body.count(b"[") >= 16)


def test_an_upload_of_16_mb_is_taken_in_and_more_is_refused(
    client: FlaskClient, pictures: semsearch.Collection
) -> None:
    address = "/api/v1/collections/pictures/search"

    # Encoded by hand: the test client would leave its own temporary file open.
    head = b'--cut\r\nContent-Disposition: form-data; name="image"; filename="x.png"\r\n\r\n'
    tail = b"\r\n--cut--\r\n"

    def upload(size: int) -> tuple[int, str]:
        body = head + b"\0" * (size - len(head) - len(tail)) + tail
        kind = "multipart/form-data; boundary=cut"
        answer = client.post(address, data=body, content_type=kind)
        return answer.status_code, answer.json["error"]["code"]

    assert upload(MAX_BODY_BYTES) == (422, "content")
    assert upload(MAX_BODY_BYTES + 1) == (413, "request-entity-too-large")


@pytest.mark.parametrize("parts", [100, 101])
def test_a_form_has_at_most_a_hundred_parts(
    client: FlaskClient, pictures: semsearch.Collection, parts: int
) -> None:
    form = {f"part{number}": "x" for number in range(parts)}
    answer = client.post(
        "/api/v1/collections/pictures/search", data=form, content_type="multipart/form-data"
    )
    assert answer.status_code == (422 if parts <= 100 else 413)


def test_a_batch_has_at_most_64_texts(client: FlaskClient, writer: dict[str, str]) -> None:
    examples = {"a": ["soup", "stew"], "b": ["film", "plot"]}
    wanted = {"name": "x", "examples": examples}
    client.post(f"{REVIEWS}/classifiers", json=wanted, headers=writer)
    predict = f"{REVIEWS}/classifiers/x/predict"
    assert client.post(predict, json={"texts": ["soup"] * 64}).status_code == 200
    assert client.post(predict, json={"texts": ["soup"] * 65}).status_code == 422
    assert client.post(predict, json={"texts": []}).status_code == 422


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": "x", "examples": {"a": ["soup"]}},
        {"name": "x", "examples": {}},
        {"name": "x", "examples": {"a": ["soup"], "b": []}},
        {"name": "../x", "examples": {"a": ["soup"], "b": ["film"]}},
        {"name": "", "examples": {"a": ["soup"], "b": ["film"]}},
        {"name": "x", "examples": {"a": ["soup"], "b": ["film"] * 1001}},
        {"name": "x", "examples": {str(n): ["soup"] for n in range(51)}},
    ],
)
def test_training_has_limits(
    client: FlaskClient, writer: dict[str, str], wanted: dict[str, object]
) -> None:
    answer = client.post(f"{REVIEWS}/classifiers", json=wanted, headers=writer)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid-request")


def test_an_unknown_field_in_a_filter_names_the_fields(client: FlaskClient) -> None:
    answer = client.post(SEARCH, json={"text": "soup", "where": "price > 3"})
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "query")
    assert "stars" in answer.json["error"]["remedy"]


def test_an_unknown_collection_names_the_known_ones(client: FlaskClient) -> None:
    answer = client.post("/api/v1/collections/reviws/search", json={"text": "soup"})
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "collection-not-found")
    assert "reviews" in answer.json["error"]["remedy"]


@pytest.mark.parametrize("name", ["..", "%2e%2e", ".", "%00", "a" * 5000, "%5c..%5creviews"])
def test_a_collection_name_is_never_a_path(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/api/v1/collections/{name}")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/none", 404),
        ("GET", "/api/v1/none", 404),
        ("GET", "/static/../app.py", 404),
        ("DELETE", "/api/v1/collections", 405),
        ("PUT", SEARCH, 405),
        ("GET", SEARCH, 422),
        ("GET", f"{REVIEWS}/items/none", 404),
        ("GET", f"{REVIEWS}/thumbnails?key=r-1&size=513", 422),
        ("GET", f"{REVIEWS}/thumbnails", 422),
        ("GET", f"{REVIEWS}/thumbnails?key=r-1", 409),
    ],
)
def test_every_error_has_the_one_shape(
    client: FlaskClient, method: str, path: str, status: int
) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert answer.mimetype == "application/json"
    assert list(answer.json) == ["error"]
    assert set(answer.json["error"]) == {"code", "message", "remedy"}
    assert answer.json["error"]["message"]


def test_another_kind_of_body_is_refused(client: FlaskClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = client.post(SEARCH, data="text=soup", content_type=kind)
        assert answer.status_code == 415


def test_a_defect_tells_a_reference_and_no_traceback(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/defect")
    def defect() -> str:
        raise RuntimeError("a secret of the inside")

    with caplog.at_level(logging.ERROR, "webui"):
        answer = client.get("/defect")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    reference = answer.json["error"]["message"].split("reference ")[1].rstrip(")")
    assert reference in caplog.text


def test_a_body_that_is_no_json_is_told_as_that(client: FlaskClient) -> None:
    answer = client.post(SEARCH, data="{text: 'soup'}", content_type="application/json")
    assert answer.status_code == 400
    assert answer.json["error"]["message"] == "the body cannot be read as JSON"
    assert "double quotes" in answer.json["error"]["remedy"]


def test_a_name_that_is_not_known_is_told_as_that(client: FlaskClient) -> None:
    answer = client.post(SEARCH, json={"txt": "soup"})
    assert answer.json["error"]["message"] == "'txt': it is not known here"


def test_every_error_of_the_engine_has_a_status() -> None:
    for name in dir(engine):
        kind = getattr(engine, name)
        if isinstance(kind, type) and issubclass(kind, engine.SemsearchError):
            assert 400 <= status_of(kind("a problem", "a remedy")) < 600
    assert status_of(engine.KeyNotFound("x")) == 404
    assert status_of(engine.CollectionLocked("x")) == 409


def test_the_api_describes_itself(client: FlaskClient) -> None:
    described = json.loads(client.get("/api/openapi.json").text)
    paths = {path.removeprefix("/api/v1") for path in described["paths"]}
    assert paths >= {
        "/collections",
        "/collections/{name}",
        "/collections/{name}/search",
        "/collections/{name}/items/{key}",
        "/collections/{name}/clusters",
        "/collections/{name}/map",
        "/collections/{name}/classifiers/{label}/predict",
    }
    body = described["paths"]["/api/v1/collections/{name}/search"]["post"]["requestBody"]
    assert set(body["content"]) == {"application/json", "multipart/form-data"}
