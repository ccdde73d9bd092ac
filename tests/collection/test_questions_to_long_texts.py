"""Terms, orders, folding and pages over texts that are found by their passages."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import semsearch

WORDS = ("soup", "shoe", "film", "plot", "cold", "red", "fast", "loud", "salt", "week")
ROWS = 60


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Iterator[semsearch.Collection]:
    random = np.random.default_rng(0)
    rows = []
    for row in range(ROWS):
        sentences = [
            " ".join(random.choice(WORDS[row % 5 : row % 5 + 4], size=8)).capitalize() + "."
            for _ in range(1 if row % 3 == 0 else 120)
        ]
        rows.append({"id": f"t{row}", "text": " ".join(sentences)})
    with semsearch.create(tmp_path_factory.mktemp("l") / "c", module="hashing") as made:
        made.add(rows, key="id")
        yield made


def keys(hits: list[semsearch.Hit]) -> list[str]:
    return [hit.key for hit in hits]


def test_pages_group_passages_by_text(long: semsearch.Collection) -> None:
    everything = long.search("cold soup", k=ROWS)
    assert len(set(keys(everything))) == ROWS
    assert sum(hit.passage is not None for hit in everything) == 40
    together: list[str] = []
    after = None
    while True:
        hits = long.search("cold soup", k=7, after=after)
        together += keys(hits)
        after = hits.after
        if after is None:
            break
    assert together == keys(everything)


def test_the_farthest_text_is_that_whose_best_passage_is_farthest(
    long: semsearch.Collection,
) -> None:
    nearest = long.search("cold soup", k=ROWS)
    farthest = long.search("cold soup", k=ROWS, order="farthest")
    assert [hit.score for hit in farthest] == [hit.score for hit in nearest][::-1]
    assert farthest[0].score == min(hit.score or 0 for hit in nearest)


def test_a_long_text_among_the_terms_is_left_out_with_all_its_passages(
    long: semsearch.Collection,
) -> None:
    hits = long.search("cold soup", plus=[{"key": "t1"}], minus=[{"key": "t2"}], k=ROWS)
    assert set(keys(hits)) == {f"t{row}" for row in range(ROWS)} - {"t1", "t2"}


def test_long_texts_are_folded_and_spread_as_wholes(long: semsearch.Collection) -> None:
    hits = long.search("cold soup", k=5, collapse=0.9, diversity=0.3)
    assert len(set(keys(hits))) == 5
    names, vectors = long.vectors(keys(hits))
    likeness = vectors @ vectors.T - np.eye(len(names))
    assert likeness.max() < 0.9


def test_unusual_texts_are_texts(long: semsearch.Collection) -> None:
    hits = long.search(order="unusual", k=ROWS + 5)
    assert set(keys(hits)) == {f"t{row}" for row in range(ROWS)}
