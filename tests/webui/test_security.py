"""Hosts, tokens, other origins, headers: rows T5, T10-T13 and T16 of the threat model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.webui.conftest import TOKEN
from webui.app import create_app

REVIEWS = "/api/v1/collections/reviews"
GROUP = {"n_clusters": 2}
EVERY_KIND = ["/", "/static/app.js", "/api/v1/collections", "/healthz", "/plot"]


@pytest.mark.parametrize("path", EVERY_KIND)
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "0.0.0.0", "127.0.0.2"]
)
def test_only_known_host_names_are_answered(client: FlaskClient, path: str, host: str) -> None:
    answer = client.get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert set(answer.json["error"]) == {"code", "message", "remedy"}


@pytest.mark.parametrize("host", ["localhost", "localhost:8765", "127.0.0.1:80", "[::1]:8765"])
def test_names_of_this_machine_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_a_host_name_can_be_added(indexes: Path) -> None:
    client = create_app(indexes, token=TOKEN, host_names=["search.lan"]).test_client()
    assert client.get("/healthz", headers={"Host": "search.lan"}).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"X-Semsearch-Token": "wrong"}, {"Cookie": TOKEN}])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("clusters", GROUP),
        ("classifiers", {"name": "x", "examples": {"a": ["1", "2"], "b": ["3", "4"]}}),
    ],
)
def test_writing_needs_the_token_in_a_header(
    client: FlaskClient, path: str, body: dict[str, object], headers: dict[str, str]
) -> None:
    answer = client.post(f"{REVIEWS}/{path}", json=body, headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "token")
    assert client.get(REVIEWS).json["clusterings"] == []


def test_a_bearer_token_is_taken_too(client: FlaskClient) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert client.post(f"{REVIEWS}/clusters", json=GROUP, headers=bearer).status_code == 200


@pytest.mark.parametrize(
    "foreign",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_no_other_origin_may_post(
    client: FlaskClient, writer: dict[str, str], foreign: dict[str, str]
) -> None:
    for path, body in (("clusters", GROUP), ("search", {"text": "soup"})):
        answer = client.post(f"{REVIEWS}/{path}", json=body, headers=writer | foreign)
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "cross-origin")
    assert client.get(REVIEWS).json["clusterings"] == []


def test_no_get_writes_and_nothing_is_shared_with_other_origins(client: FlaskClient) -> None:
    answer = client.get(REVIEWS, headers={"Origin": "http://evil.example"})
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_every_answer_is_sealed(client: FlaskClient) -> None:
    for path in ["/", "/api/v1/collections", "/static/app.js", "/none", "/api/v1/none"]:
        with client.get(path) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self'; img-src 'self' blob: data:;")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_only_the_plot_may_compile_and_only_we_may_frame_it(client: FlaskClient) -> None:
    answer = client.get("/plot")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "frame-ancestors 'self'" in policy
    assert TOKEN not in answer.text


def test_the_page_carries_the_token_and_is_not_kept(client: FlaskClient) -> None:
    answer = client.get("/c/reviews/search")
    assert f'<meta name="semsearch-token" content="{TOKEN}">' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_pages_hold_no_inline_script_style_or_handler(client: FlaskClient) -> None:
    for path in ("/", "/plot"):
        page = client.get(path).text
        assert "<style" not in page
        assert " style=" not in page
        assert " on" not in page.replace(" only", "")
        assert all("src=" in script for script in page.split("<script")[1:])


def test_no_debugger_is_there(app: Flask, client: FlaskClient) -> None:
    assert not app.debug
    assert client.get("/console").status_code == 404
    assert client.get("/?__debugger__=yes&cmd=resource&f=style.css").mimetype == "text/html"


@pytest.fixture
def exposed(indexes: Path) -> Iterator[FlaskClient]:
    """A client of an app that the network can reach."""
    app = create_app(indexes, token=TOKEN, loopback=False, host_names=["search.lan"])
    yield app.test_client()
    app.extensions["semsearch-library"].close()


@pytest.mark.parametrize(
    "path", ["/", "/static/app.js", "/api/v1/collections", "/api/openapi.json"]
)
def test_in_a_network_reading_needs_the_token_too(exposed: FlaskClient, path: str) -> None:
    answer = exposed.get(path)
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "token")
    assert TOKEN not in answer.text
    with exposed.get(path, headers={"X-Semsearch-Token": TOKEN}) as allowed:
        assert allowed.status_code == 200
    assert exposed.get("/healthz").status_code == 200


def test_the_printed_address_is_exchanged_for_a_cookie(exposed: FlaskClient) -> None:
    answer = exposed.get(f"/?token={TOKEN}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "SameSite=Strict" in answer.headers["Set-Cookie"]
    assert exposed.get("/").status_code == 200
    # The cookie alone reads; to write, a page must send the header.
    assert exposed.post(f"{REVIEWS}/clusters", json=GROUP).status_code == 403


def test_a_wrong_token_in_the_address_is_refused(exposed: FlaskClient) -> None:
    assert exposed.get("/?token=wrong").status_code == 401
    assert exposed.get("/?token=%ff%00é").status_code == 401


def test_without_a_token_one_is_drawn(indexes: Path) -> None:
    tokens = {create_app(indexes, token=None).extensions["semsearch-guard"].token for _ in range(2)}
    assert len(tokens) == 2
    assert all(len(token) >= 43 for token in tokens)
