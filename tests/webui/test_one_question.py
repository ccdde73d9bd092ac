"""One question in Python, on the command line, over HTTP and in an address finds the same."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

import semsearch
from semsearch.cli.main import main

ROOT = Path(__file__).parent.parent.parent
ASKING = (ROOT / "docs" / "searching.md").read_text()
HTTP = (ROOT / "docs" / "http.md").read_text()
SEARCH = "/api/v1/collections/reviews/search"
TERMS = ["film", {"key": "r-4", "weight": 0.5}]
AS_JSON = [{"text": "film"}, {"key": "r-4", "weight": 0.5}]


def by_command(indexes: Path, *words: str) -> Any:
    command = ["--indexes", str(indexes), "search", "reviews", *words, "--json", "--page"]
    asked = CliRunner().invoke(main, command)
    assert asked.exit_code == 0, asked.output
    return json.loads(asked.stdout)


def keys(hits: Any) -> list[str]:
    return [hit["key"] for hit in hits]


@pytest.mark.parametrize(
    ("options", "command", "body", "address"),
    [
        ({"text": "soup", "k": 4}, "soup -k 4", {"text": "soup", "k": 4}, "q=soup&k=4"),
        (
            {"plus": TERMS, "minus": ["plot"]},
            "--plus film --plus key:r-4*0.5 --minus plot",
            {"plus": AS_JSON, "minus": [{"text": "plot"}]},
            "plus=film&plus=key:r-4*0.5&minus=plot",
        ),
        (
            {"text": "shoes", "where": "stars > 1", "order": "farthest", "k": 3},
            "shoes --where 'stars > 1' --order farthest -k 3",
            {"text": "shoes", "where": "stars > 1", "order": "farthest", "k": 3},
            "q=shoes&where=stars+>+1&order=farthest&k=3",
        ),
        (
            {"order": "unusual", "facets": ["source"]},
            "--order unusual --facets source",
            {"order": "unusual", "facets": ["source"]},
            "order=unusual&facets=source",
        ),
        (
            {"text": "shoes", "diversity": 0.6, "collapse": 0.3, "min_score": -0.5, "k": 5},
            "shoes --diversity 0.6 --collapse 0.3 --min-score -0.5 -k 5",
            {"text": "shoes", "diversity": 0.6, "collapse": 0.3, "min_score": -0.5, "k": 5},
            "q=shoes&diversity=0.6&collapse=0.3&min_score=-0.5&k=5",
        ),
    ],
)
def test_one_question_has_one_answer(
    collection: semsearch.Collection,
    client: FlaskClient,
    options: dict[str, Any],
    command: str,
    body: dict[str, Any],
    address: str,
) -> None:
    hits = collection.search(**options)
    expected = [hit.key for hit in hits]
    facets = {field: facet.as_dict() for field, facet in hits.facets.items()}
    answers = [
        by_command(collection.path.parent, *shlex.split(command)),
        client.post(SEARCH, json=body).json,
        client.get(f"{SEARCH}?{address}").json,
    ]
    assert expected
    for answer in answers:
        assert keys(answer["hits"]) == expected
        assert answer["after"] == hits.after
        assert answer["facets"] == facets
        assert answer["notes"] == hits.notes


def test_a_cursor_goes_from_one_way_of_asking_to_another(
    collection: semsearch.Collection, client: FlaskClient
) -> None:
    first = collection.search("soup", k=5)
    second = by_command(collection.path.parent, "soup", "-k", "5", "--after", first.after or "")
    third = client.get(SEARCH, query_string={"q": "soup", "k": 5, "after": second["after"]}).json
    shown = [hit.key for hit in first] + keys(second["hits"]) + keys(third["hits"])
    assert shown == [hit.key for hit in collection.search("soup", k=12)]
    assert third["after"] is None


# -- as the page says --


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", ASKING, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_four_lines_of_the_page_ask_the_same(
    collection: semsearch.Collection, client: FlaskClient
) -> None:
    script = (
        f"import semsearch\ncollection = semsearch.open({str(collection.path)!r})\n"
        f"{block('python')}\nprint(*[hit.key for hit in hits])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT
    )
    expected = done.stdout.split()
    assert len(expected) == 3
    program, verb, name, *words = shlex.split(block("sh"))
    assert (program, verb, name) == ("semsearch", "search", "reviews")
    assert keys(by_command(collection.path.parent, *words)["hits"]) == expected
    assert keys(client.post(SEARCH, json=json.loads(block("json"))).json["hits"]) == expected
    page, question = block("text").strip().split("?")
    assert page == "/c/reviews/search"
    assert keys(client.get(f"{SEARCH}?{question}").json["hits"]) == expected


def test_the_pages_name_every_word_of_a_question(client: FlaskClient) -> None:
    words = client.get("/api/openapi.json").json["components"]["schemas"]["SearchRequest"]
    for name in words["properties"]:
        assert f"`{name}`" in HTTP, name
        assert f"`{name}`" in ASKING or name == "key", name
    search = main.get_command(click.Context(main), "search")
    assert search is not None
    for option in search.params:
        if option.name not in ("name", "query", "as_json", "page"):
            assert f"`{option.opts[-1]}" in ASKING, option.name


@pytest.mark.parametrize("page", [ASKING, HTTP])
def test_links_lead_to_pages(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page):
        assert (ROOT / "docs" / target).exists(), target


def test_an_answer_has_what_the_page_says(client: FlaskClient) -> None:
    answer = client.post(SEARCH, json={"text": "soup", "explain": True, "collapse": 0.9}).json
    assert "{" + ", ".join(f'"{name}"' for name in answer) + "}" in HTTP
    for name in answer["hits"][0]:
        assert f"`{name}`" in HTTP, name
