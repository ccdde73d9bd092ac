"""A wrong question is refused in one sentence before anything is searched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import semsearch
from semsearch.errors import CollectionError, ContentError, KeyNotFound, QueryError


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[semsearch.Collection]:
    with semsearch.create(tmp_path_factory.mktemp("q") / "texts", module="hashing") as made:
        made.add([{"id": "a", "text": "soup"}, {"id": "b", "text": "shoes"}], key="id")
        yield made


@pytest.mark.parametrize(
    ("options", "error", "phrase"),
    [
        ({}, ValueError, "needs a text, an image, plus, minus, or order='unusual'"),
        ({"text": " "}, ValueError, "the query is empty"),
        ({"text": 5}, TypeError, "a query is a text"),
        ({"text": "a", "k": 0}, ValueError, "k must lie between 1 and 10000"),
        ({"text": "a", "k": 10_001}, ValueError, "k must lie between 1 and 10000"),
        ({"text": "a", "plus": "b"}, TypeError, "plus must be a list"),
        ({"text": "a", "plus": {"text": "b"}}, TypeError, "plus must be a list"),
        ({"text": "a", "minus": [5]}, TypeError, "a term of minus is a text or a dict"),
        ({"text": "a", "plus": [{}]}, ValueError, "one of text, key and image, got none"),
        ({"text": "a", "plus": [{"text": "b", "key": "a"}]}, ValueError, "got text and key"),
        ({"text": "a", "plus": [{"txt": "b"}]}, ValueError, "has no 'txt'"),
        ({"text": "a", "plus": [""]}, ValueError, "the query is empty"),
        ({"text": "a", "plus": [{"key": 5}]}, TypeError, "a key is a text"),
        ({"text": "a", "plus": [{"text": "b", "weight": -1}]}, ValueError, "between 0 and 1000"),
        ({"text": "a", "plus": [{"text": "b", "weight": 0}]}, ValueError, "goes in minus"),
        ({"text": "a", "plus": [{"text": "b", "weight": "1"}]}, TypeError, "must be a number"),
        (
            {"text": "a", "plus": [{"text": "b", "weight": float("nan")}]},
            ValueError,
            "between 0 and 1000",
        ),
        ({"text": "a", "plus": ["b"] * 33}, ValueError, "holds 33 terms; at most 32"),
        ({"text": "a", "mode": "fuzzy"}, ValueError, "the mode 'fuzzy' does not exist"),
        ({"text": "a", "fusion": "sum"}, ValueError, "the fusion 'sum' does not exist"),
        ({"text": "a", "order": "best"}, ValueError, "the order 'best' does not exist"),
        ({"text": "a", "order": ["nearest"]}, ValueError, "does not exist"),
        ({"text": "a", "weight": 1.5}, ValueError, "weight, the share of meaning"),
        ({"text": "a", "diversity": 2}, ValueError, "diversity must lie between 0 and 1"),
        ({"text": "a", "diversity": True}, TypeError, "diversity must be a number"),
        ({"text": "a", "diversity": 0.5, "k": 1001}, ValueError, "at most 1,000 where diversity"),
        ({"text": "a", "collapse": 0}, ValueError, "collapse must be above 0"),
        ({"text": "a", "collapse": 1.01}, ValueError, "collapse, a cosine, must lie between"),
        ({"text": "a", "min_score": "high"}, ValueError, "min_score must be a number or 'auto'"),
        ({"text": "a", "min_score": 2}, ValueError, "min_score must lie between -1 and 1"),
        ({"text": "a", "after": 5}, TypeError, "after is a text"),
        ({"text": "a", "after": ""}, ValueError, "after is no cursor"),
        ({"text": "a", "after": "x" * 20_000}, ValueError, "after is no cursor"),
        ({"text": "a", "facets": "stars"}, TypeError, "facets must be a list"),
        ({"text": "a", "facets": [5]}, TypeError, "facets are names of fields"),
        ({"text": "a", "facets": ["stars"]}, QueryError, "unknown field 'stars'"),
        ({"text": "a", "order": "unusual"}, ValueError, "takes no question"),
        ({"order": "unusual", "minus": ["a"]}, ValueError, "takes no question"),
        ({"order": "unusual", "explain": True}, ValueError, "order='unusual' has none"),
        ({"order": "unusual", "mode": "hybrid"}, ValueError, "compares meanings, not words"),
        (
            {"text": "a", "order": "farthest", "mode": "lexical"},
            ValueError,
            "compares meanings, not words",
        ),
        ({"plus": [{"key": "a"}], "mode": "hybrid"}, ValueError, "needs words"),
        ({"text": "a", "minus": ["b"], "mode": "lexical"}, ValueError, "compares words alone"),
        ({"text": "a", "image": "b.png"}, ValueError, "a text or an image, not both"),
        ({"plus": [{"image": "b.png"}]}, CollectionError, "reads texts, not images"),
        ({"plus": [{"key": "none"}]}, KeyNotFound, "has the key 'none'"),
        ({"text": "soup", "minus": ["soup"]}, ValueError, "cancel out"),
        (
            {"text": "soup", "minus": [{"text": "soup", "weight": 0.9999}]},
            ValueError,
            "cancel out",
        ),
        ({"text": "\ud800"}, ContentError, ""),
    ],
)
def test_a_wrong_question_is_told_in_one_sentence(
    texts: semsearch.Collection, options: dict[str, Any], error: type[Exception], phrase: str
) -> None:
    with pytest.raises(error) as caught:
        texts.search(**options)
    assert phrase in str(caught.value)
    assert len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


def test_a_wrong_term_is_told_before_anything_is_encoded(
    texts: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def encode(*_: object) -> None:
        raise AssertionError("the query was encoded")

    monkeypatch.setattr(type(texts.module), "encode_prepared", encode)
    with pytest.raises(KeyNotFound):
        texts.search("soup", plus=[{"key": "none"}])
    with pytest.raises(QueryError):
        texts.search("soup", facets=["none"])
    with pytest.raises(ValueError, match="no cursor"):
        texts.search("soup", after="none")
