"""Pages: no item comes twice, and none that stands all the while is lost, whatever changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import semsearch
from semsearch.collection import Hits, arranging
from semsearch.errors import CollectionSwitched
from semsearch.search import paging
from semsearch.search.question import Question
from tests.collection.live_rows import DIM, around
from tests.collection.live_rows import keys as numbered

ROWS = 240
QUERY = [{"key": "query"}]


def stored(path: Path, vectors: np.ndarray) -> semsearch.Collection:
    made = semsearch.create(path, module=None, dim=DIM, auto_index=False)
    made.add(vectors=vectors, keys=numbered(0, len(vectors)))
    made.add(vectors=around(1, 99), keys=["query"])
    return made


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[semsearch.Collection]:
    with stored(tmp_path / "rows", around(ROWS, 0)) as made:
        yield made


@pytest.fixture
def equal(tmp_path: Path) -> Iterator[semsearch.Collection]:
    """Rows of which forty at a time are the same: most scores stand at several items."""
    with stored(tmp_path / "equal", np.repeat(around(ROWS // 40, 0), 40, axis=0)) as made:
        yield made


def pages(
    collection: semsearch.Collection,
    change: Callable[[int], None] = lambda _: None,
    **asked: Any,
) -> Iterator[Hits]:
    """Yield all pages of a question; the collection changes after each."""
    after = None
    for number in range(500):
        hits = collection.search(**asked, after=after)
        yield hits
        after = hits.after
        if after is None:
            return
        change(number)
    raise AssertionError("the pages do not end")


def shown(found: Iterator[Hits]) -> list[str]:
    return [hit.key for hits in found for hit in hits]


def changing(collection: semsearch.Collection) -> tuple[Callable[[int], None], set[str]]:
    """Return what deletes, adds and changes rows between pages, and the keys that it touches."""
    touched: set[str] = set()

    def change(number: int) -> None:
        if number >= 6:
            return
        gone = [f"k{row}" for row in range(number, ROWS, 31)]
        there = sorted(collection.known(gone))
        collection.delete(there)
        moved = f"k{number * 7 + 3}"
        fresh = [f"new{number}-{row}" for row in range(9)]
        collection.add(vectors=around(10, 100 + number), keys=[moved, *fresh])
        touched.update(there, fresh, [moved])
        if number == 3:
            collection.compact()

    return change, touched


QUESTIONS: list[dict[str, Any]] = [
    {"plus": QUERY},
    {"plus": QUERY, "where": "key like 'k1%'"},
    {"plus": QUERY, "order": "farthest"},
    {"plus": QUERY, "order": "farthest", "where": "key like 'k1%'"},
    {"order": "unusual"},
    {"plus": QUERY, "diversity": 0.4},
    {"plus": QUERY, "diversity": 0.4, "where": "key like 'k1%'"},
]


@pytest.mark.parametrize("name", ["rows", "equal"])
@pytest.mark.parametrize("asked", QUESTIONS)
def test_pages_together_are_the_whole_answer(
    request: pytest.FixtureRequest, name: str, asked: dict[str, Any]
) -> None:
    collection = request.getfixturevalue(name)
    together = shown(pages(collection, k=16, **asked))
    if not asked.get("diversity"):
        assert together == [hit.key for hit in collection.search(k=1000, **asked)]
    there = {key for key in collection.vectors()[0] if "where" not in asked or key[:2] == "k1"}
    assert set(together) == there - ({"query"} if "plus" in asked else set())
    assert len(together) == len(set(together))


@pytest.mark.parametrize("name", ["rows", "equal"])
@pytest.mark.parametrize("asked", QUESTIONS)
def test_no_item_comes_twice_and_none_is_lost_while_rows_come_and_go(
    request: pytest.FixtureRequest, name: str, asked: dict[str, Any]
) -> None:
    collection = request.getfixturevalue(name)
    first = {hit.key for hit in collection.search(k=1000, **asked)}
    change, touched = changing(collection)
    together = shown(pages(collection, change, k=9, **asked))
    still = [key for key in together if key not in touched]
    assert len(touched) > 20
    assert set(still) == first - touched
    assert len(still) == len(first - touched)


@pytest.mark.parametrize("name", ["rows", "equal"])
def test_folded_pages_lose_nothing_but_near_duplicates_of_what_was_shown(
    request: pytest.FixtureRequest, name: str
) -> None:
    collection = request.getfixturevalue(name)
    keys, vectors = collection.vectors()
    change, touched = changing(collection)
    seen: dict[str, np.ndarray] = {}
    before = np.empty((0, DIM), np.float32)
    for hits in pages(collection, change, plus=QUERY, k=5, collapse=0.8):
        names, mine = collection.vectors([hit.key for hit in hits])
        assert not set(names) & (set(seen) - touched)
        alive = np.array([seen[key] for key in collection.known(list(seen))]).reshape(-1, DIM)
        assert (alive @ mine.T < 0.8).all()
        seen |= dict(zip(names, mine, strict=True))
        before = np.vstack([before, mine])
    still = set(keys) - touched - set(seen) - {"query"}
    assert len(still) > 20
    for key in still:
        assert (before @ vectors[keys.index(key)]).max() >= 0.8 - 1e-5


def test_a_page_may_have_another_size(rows: semsearch.Collection) -> None:
    first = rows.search(plus=QUERY, k=3)
    rest = rows.search(plus=QUERY, k=500, after=first.after)
    assert len(rest) == ROWS - 3
    assert rest.after is None


def test_where_all_fit_on_a_page_none_follows(rows: semsearch.Collection) -> None:
    assert rows.search(plus=QUERY, k=ROWS).after is None
    assert rows.search(plus=QUERY, k=ROWS - 1).after is not None


def test_many_rows_before_the_border_leave_room_for_the_page(rows: semsearch.Collection) -> None:
    first = rows.search(plus=QUERY, k=5)
    query = rows.vectors(["query"])[1]
    rows.add(vectors=np.repeat(query, 100, axis=0), keys=[f"new{row}" for row in range(100)])
    second = rows.search(plus=QUERY, k=5, after=first.after)
    assert len(second) == 5
    assert not any(hit.key.startswith("new") for hit in second)


def test_pages_go_through_an_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semsearch.index.view.FEW_ROWS", 0)
    monkeypatch.setattr("semsearch.index.view.SCANNED_SHARE", 10**9)
    with stored(tmp_path / "large", around(3000, 0)) as large:
        large.build_index(kind="flat", recall_target=0.99)
        together = shown(pages(large, plus=QUERY, k=400))
        assert len(together) == len(set(together)) == 3000


def test_pages_end_after_a_number_of_hits_and_say_so(
    rows: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MAX_SHOWN", 25)
    found = list(pages(rows, plus=QUERY, k=10))
    assert [len(hits) for hits in found] == [10, 10, 5]
    assert found[-1].notes == [
        "the pages of this question end here, after 25 hits; narrow it by a filter"
    ]
    assert found[0].notes == []


def test_pages_of_carried_ids_end_earlier(
    rows: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MAX_CARRIED", 15)
    found = list(pages(rows, plus=QUERY, k=10, diversity=0.2))
    assert [len(hits) for hits in found] == [10, 5]
    assert "after 15 hits" in found[-1].notes[0]
    assert len(rows.search(plus=QUERY, k=20, diversity=0.2)) == 20


def test_a_cursor_of_another_question_is_refused(rows: semsearch.Collection) -> None:
    after = rows.search(plus=QUERY, k=5).after
    with pytest.raises(ValueError, match="another question"):
        rows.search(plus=QUERY, k=5, where="key < 'k5'", after=after)


def test_a_cursor_of_another_module_is_refused(collection: semsearch.Collection) -> None:
    after = collection.search("soup", k=5).after
    cursor = paging.read_cursor(Question(text="soup", after=after))
    moved = replace(cursor, space=cursor.space + 1)
    with pytest.raises(CollectionSwitched, match="another module"):
        collection.search("soup", k=5, after=moved.as_text())


def test_a_page_of_many_questions_goes_on_alone(collection: semsearch.Collection) -> None:
    _, first = collection.search_many(["film", "soup"], k=5)
    rest = collection.search("soup", k=12, after=first.after)
    expected = [hit.key for hit in collection.search("soup", k=12)]
    assert [hit.key for hit in [*first, *rest]] == expected


def test_a_least_score_holds_on_every_page(collection: semsearch.Collection) -> None:
    expected = [hit.key for hit in collection.search("soup film", k=12, min_score=0.0)]
    assert 3 < len(expected) < 12
    assert shown(pages(collection, text="soup film", k=2, min_score=0.0)) == expected


def test_pages_of_copies_end_where_nothing_new_is_left(
    equal: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arranging, "SMALLEST_POOL", 1)
    found = list(pages(equal, plus=QUERY, k=2, collapse=0.9999))
    assert [len(hits) for hits in found] == [2, 2, 2]


# -- pages of words, whose scores change with every row --


WORDS = ("soup", "shoe", "film", "plot", "cold", "red", "fast", "loud", "salt", "week")


def sentences(first: int, n: int) -> list[dict[str, str]]:
    random = np.random.default_rng(first)
    return [
        {"id": f"t{row}", "text": " ".join(random.choice(WORDS, size=random.integers(2, 9)))}
        for row in range(first, first + n)
    ]


@pytest.mark.parametrize(
    "asked",
    [
        {"mode": "lexical"},
        {"mode": "lexical", "where": "key < 't2'"},
        {"mode": "hybrid"},
        {"mode": "hybrid", "fusion": "reciprocal", "where": "key < 't2'"},
        {"mode": "hybrid", "diversity": 0.3},
    ],
)
def test_pages_of_words_lose_and_repeat_nothing_while_rows_come_and_go(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    with semsearch.create(tmp_path / "texts", module="hashing", auto_index=False) as texts:
        texts.add(sentences(0, 200), key="id")
        first = [hit.key for hit in texts.search("cold soup", k=500, **asked)]
        found = pages(texts, text="cold soup", k=9, **asked)
        assert set(shown(found)) == set(first)
        touched: set[str] = set()

        def change(number: int) -> None:
            if number < 5:
                gone = sorted(texts.known([f"t{row}" for row in range(number, 200, 31)]))
                texts.delete(gone)
                texts.add(sentences(1000 + 20 * number, 20), key="id")
                touched.update(gone, (f"t{1000 + 20 * number + row}" for row in range(20)))

        together = shown(pages(texts, change, text="cold soup", k=9, **asked))
        assert len(together) == len(set(together))
        assert len(set(first) - touched) > 40
        assert set(first) - touched <= set(together)


def test_a_least_score_of_words_may_be_above_one(collection: semsearch.Collection) -> None:
    everything = collection.search("tomato soup", mode="lexical")
    best = everything[0].score or 0
    assert best > 1
    assert collection.search("tomato soup", mode="lexical", min_score=best) == everything[:1]
