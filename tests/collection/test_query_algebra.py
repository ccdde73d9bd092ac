"""Questions of several parts: texts and stored items, for and against, with weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch.search import Term
from semsearch.vectors import Vectors
from tests.webui.conftest import COLOURS, picture

EYE = np.eye(4, dtype=np.float32)


@pytest.fixture
def own(tmp_path: Path) -> semsearch.Collection:
    """Four axes, and between the first two and the second two one item each."""
    made = semsearch.create(tmp_path / "own", module=None, dim=4)
    made.add(vectors=[*EYE, EYE[0] + EYE[1], EYE[2] + EYE[3]], keys=[*"abcd", "ab", "cd"])
    return made


def scores(hits: semsearch.collection.Hits) -> dict[str, float]:
    return {hit.key: pytest.approx(hit.score, abs=1e-5) for hit in hits}


def cosines(collection: semsearch.Collection, query: Vectors) -> dict[str, float]:
    keys, vectors = collection.vectors()
    query = query / np.linalg.norm(query)
    return dict(zip(keys, (vectors @ query).tolist(), strict=True))


def test_a_stored_item_alone_is_a_question(own: semsearch.Collection) -> None:
    hits = own.search(plus=[{"key": "a"}], k=2)
    assert [hit.key for hit in hits] == ["ab", "b"]
    assert hits == own.similar("a", k=2)


def test_parts_are_added_with_their_weights_and_taken_off(own: semsearch.Collection) -> None:
    hits = own.search(
        plus=[{"key": "a", "weight": 2}, {"key": "c"}], minus=[{"key": "d", "weight": 0.5}]
    )
    expected = cosines(own, 2 * EYE[0] + EYE[2] - 0.5 * EYE[3])
    assert scores(hits) == {key: expected[key] for key in ("b", "ab", "cd")}
    assert hits[0].key == "ab"


def test_what_is_against_alone_is_a_question(own: semsearch.Collection) -> None:
    hits = own.search(minus=[{"key": "a"}])
    assert hits[-1].key == "ab"
    assert hits[-1].score == pytest.approx(-(0.5**0.5))


def test_stored_items_among_the_terms_are_left_out_and_k_others_come(
    own: semsearch.Collection,
) -> None:
    hits = own.search(plus=[{"key": "a"}, {"key": "b"}], minus=[{"key": "c"}], k=3)
    assert [hit.key for hit in hits] == ["ab", "d", "cd"]


def test_a_term_may_be_given_as_a_term(own: semsearch.Collection) -> None:
    assert own.search(plus=[Term(0.5, key="a")]) == own.search(plus=[{"key": "a"}])


def test_the_same_item_twice_counts_twice(own: semsearch.Collection) -> None:
    twice = own.search(plus=[{"key": "a"}, {"key": "a"}, {"key": "c"}])
    assert twice == own.search(plus=[{"key": "a", "weight": 2}, {"key": "c"}])


def test_texts_and_stored_items_mix(collection: semsearch.Collection) -> None:
    hits = collection.search(
        "film", plus=["shoes", {"key": "r-2", "weight": 0.5}], minus=["plot"], k=12
    )
    film, shoes, plot = collection.encode(["film", "shoes", "plot"])
    stored = collection.vectors(["r-2"])[1][0]
    expected = cosines(collection, film + shoes + 0.5 * stored - plot)
    assert len(hits) == 11
    assert scores(hits) == {key: expected[key] for key in expected if key != "r-2"}


def test_a_text_as_a_term_is_a_text(collection: semsearch.Collection) -> None:
    assert collection.search(plus=["tomato soup"]) == collection.search("tomato soup")


def test_a_text_without_terms_scores_as_it_always_did(collection: semsearch.Collection) -> None:
    [query] = collection.encode(["tomato soup"])
    ids, expected = collection.neighbors(query[None], k=5)
    hits = collection.search("tomato soup", k=5)
    assert [hit.key for hit in hits] == collection.keys(ids)
    assert [hit.score for hit in hits] == expected[0].tolist()


def test_a_filter_holds_for_a_question_of_parts(collection: semsearch.Collection) -> None:
    hits = collection.search(plus=[{"key": "r-1"}], where="source = 'yelp'")
    assert {hit.key for hit in hits} == {"r-2", "r-3", "r-4"}


def test_pictures_are_terms_too(tmp_path: Path) -> None:
    for name, colour in COLOURS.items():
        (tmp_path / f"{name}.png").write_bytes(picture(colour))
    with semsearch.create(tmp_path / "c", module="colours") as made:
        made.add(tmp_path)
        hits = made.search(image=picture("#d02020"), minus=[{"image": tmp_path / "rose.png"}])
        red, rose = made.encode([picture("#d02020"), picture(COLOURS["rose"])])
        assert scores(hits) == cosines(made, red - rose)
        assert made.search(plus=[{"image": picture("#d02020")}])[0].key == "red.png"
