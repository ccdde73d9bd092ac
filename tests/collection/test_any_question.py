"""Any question is answered or refused in a sentence, and its pages neither lose nor repeat hits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

import semsearch
from tests.conftest import REVIEWS

COPIES = [{**review, "id": f"{review['id']}-again"} for review in REVIEWS[:6]]
LONG = {"id": "long", "review": " ".join(review["review"] + "." for review in REVIEWS * 12)}


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[semsearch.Collection]:
    with semsearch.create(tmp_path_factory.mktemp("any") / "c", module="hashing") as made:
        made.add([*REVIEWS, *COPIES, LONG], text="review", key="id")
        yield made


texts = some.sampled_from(["soup", "the film", "shoes and laces", "料理", "!?", "waiter"])
keys = some.sampled_from(["r-1", "r-2", "r-7", "r-1-again", "long", "none"])
weights = some.sampled_from([0.25, 1, 3])
terms = some.lists(
    some.one_of(
        texts,
        some.builds(lambda text, weight: {"text": text, "weight": weight}, texts, weights),
        some.builds(lambda key, weight: {"key": key, "weight": weight}, keys, weights),
    ),
    max_size=3,
)
questions = some.fixed_dictionaries(
    {"k": some.integers(1, 9)},
    optional={
        "text": texts,
        "plus": terms,
        "minus": terms,
        "mode": some.sampled_from(["semantic", "lexical", "hybrid"]),
        "fusion": some.sampled_from(["convex", "reciprocal"]),
        "weight": some.sampled_from([0, 0.5, 1]),
        "where": some.sampled_from(["stars > 2", "source = 'yelp'", "stars > 99", "stars is null"]),
        "min_score": some.sampled_from([-1, 0, 0.2, 1]),
        "diversity": some.sampled_from([0, 0.3, 1]),
        "collapse": some.sampled_from([0.2, 0.9, 1]),
        "order": some.sampled_from(["nearest", "farthest", "unusual"]),
        "facets": some.sampled_from([[], ["source", "stars"]]),
        "explain": some.booleans(),
    },
)


def pages(collection: semsearch.Collection, asked: dict[str, Any]) -> list[semsearch.Hit]:
    found: list[semsearch.Hit] = []
    after = None
    for _ in range(40):
        hits = collection.search(**asked, after=after)
        assert len(hits) <= asked["k"]
        found += hits
        after = hits.after
        if after is None:
            return found
        assert len(hits) == asked["k"]
    raise AssertionError("the pages do not end")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(asked=questions)
def test_any_question_is_answered_or_refused(
    reviewed: semsearch.Collection, asked: dict[str, Any]
) -> None:
    try:
        found = pages(reviewed, asked)
    except (ValueError, semsearch.SemsearchError) as error:
        assert str(error)
        return
    shown = [hit.key for hit in found]
    folded = [key for hit in found for key in hit.folded or []]
    named = {term["key"] for side in ("plus", "minus") for term in asked.get(side, [])
             if "key" in term and not isinstance(term, str)}  # fmt: skip
    assert len(shown) == len(set(shown))
    assert not named & {*shown, *folded}
    if not asked.get("diversity"):
        scores = [hit.score or 0 for hit in found]
        assert scores == sorted(scores, reverse=asked.get("order", "nearest") == "nearest")
    whole = reviewed.search(**{**asked, "k": 100})
    if "collapse" not in asked:
        assert set(shown) == {hit.key for hit in whole}
    elif not asked.get("diversity"):
        assert shown == [hit.key for hit in whole]
