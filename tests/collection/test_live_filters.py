"""Filters over a collection with an index give k items whenever so many pass."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import semsearch
from semsearch.index import view as views

ROWS = 3000
WORDS = ("soup", "shoe", "film", "plot", "cold", "red", "fast", "loud", "salt", "week")


@pytest.fixture(autouse=True)
def _few_rows_go_through_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "FEW_ROWS", 0)
    monkeypatch.setattr(views, "SCANNED_SHARE", 10**9)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[semsearch.Collection]:
    random = np.random.default_rng(0)
    rows = [
        {
            "id": f"r{number}",
            "text": " ".join(random.choice(WORDS, size=4)),
            "number": number,
            "group": "rare" if number % 100 == 0 else "usual",
        }
        for number in range(ROWS)
    ]
    with semsearch.create(tmp_path_factory.mktemp("f") / "c", module="hashing") as collection:
        collection.add(rows, text="text", key="id")
        collection.build_index(kind="ivf")
        yield collection


@pytest.mark.parametrize(
    ("where", "n"),
    [
        ("group = 'rare'", 30),
        ("number < 7", 7),
        ("number = 1234", 1),
        ("number >= 10", 100),
        ("group = 'usual' and number < 2000", 100),
        ("number < 0", 0),
    ],
)
def test_a_filter_gives_all_that_pass_up_to_k(
    made: semsearch.Collection, where: str, n: int
) -> None:
    hits = made.search("cold soup", k=100, where=where)
    assert len(hits) == n
    assert len({hit.key for hit in hits}) == n
    numbers = [int(hit.fields["number"]) for hit in hits]  # type: ignore[arg-type]
    expected = made.get([f"r{number}" for number in numbers])
    assert [hit.text for hit in hits] == [hit.text for hit in expected]


def test_a_filter_gives_what_an_exact_search_gives(made: semsearch.Collection) -> None:
    query = made.encode(["red plot"])
    seen = made._view.now()
    allowed = np.zeros(ROWS, dtype=np.bool_)
    allowed[::100] = True
    expected, scores = seen.view.search_exactly(query, 30, allowed)
    ids, found = made.neighbors(query, k=30, where="group = 'rare'")
    assert ids.tolist() == seen.snapshot.every[expected].tolist()
    assert found == pytest.approx(scores)


def test_similar_under_a_filter_leaves_the_item_out(made: semsearch.Collection) -> None:
    hits = made.similar("r100", k=40, where="group = 'rare'")
    assert len(hits) == 29
    assert "r100" not in [hit.key for hit in hits]


def test_many_queries_share_a_filter(made: semsearch.Collection) -> None:
    found = made.search_many(["cold soup", "loud film", "red shoe"], k=50, where="group = 'rare'")
    assert [len(hits) for hits in found] == [30, 30, 30]


def test_a_mistake_in_a_filter_is_told_before_anything_is_encoded(
    made: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def encode(_: object) -> None:
        raise AssertionError("the query was encoded")

    monkeypatch.setattr(type(made.module), "encode_prepared", encode)
    with pytest.raises(semsearch.SemsearchError, match="colour"):
        made.search("soup", where="colour = 'red'")
