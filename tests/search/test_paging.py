"""Cursors: where a page ended, as a text that only the same question takes."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from semsearch.search import paging
from semsearch.search.paging import MAX_CARRIED, carries_ids, first_page, most_shown, read_cursor
from semsearch.search.question import Question, Term
from semsearch.search.ranked import Ranked, ranked

SOUP = Question(text="soup")
FOLDED = Question(text="soup", collapse=0.9)


def found(*pairs: tuple[int, float]) -> Ranked:
    ids, scores = zip(*pairs, strict=True)
    return ranked(np.array(ids, np.int64), np.array(scores, np.float32))


def after(question: Question, page: Ranked) -> Question:
    cursor = first_page(question).next(page.ids, page.scores)
    return replace(question, after=cursor.as_text())


def packed(values: Any) -> str:
    written = values if isinstance(values, str) else json.dumps(values)
    return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")


def unpacked(text: str) -> list[Any]:
    return list(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))


def test_the_next_page_begins_behind_the_last_hit() -> None:
    everything = found((1, 0.9), (2, 0.8), (3, 0.8), (4, 0.8), (5, 0.7))
    cursor = read_cursor(after(SOUP, everything.take(slice(3))))
    assert cursor.rest(everything, 1).ids.tolist() == [4, 5]


def test_a_score_is_carried_to_its_last_digit() -> None:
    third = float(np.float32(1) / np.float32(3))
    everything = found((7, third), (9, third), (8, float(np.nextafter(np.float32(third), 1))))
    cursor = read_cursor(after(SOUP, everything.take(slice(2))))
    assert cursor.rest(everything, 1).ids.tolist() == [9]


def test_where_low_scores_come_first_the_next_ones_are_higher() -> None:
    rising = found((1, 0.1), (2, 0.2), (3, 0.2), (4, 0.3)).take(np.array([3, 1, 2, 0]))
    cursor = read_cursor(after(SOUP, rising.take(slice(2))))
    assert cursor.rest(rising, -1).ids.tolist() == [3, 4]


def test_ids_that_were_shown_do_not_come_again() -> None:
    page = found((11, 0.9), (2, 0.1), (2_000_000_000, 0.5))
    cursor = read_cursor(after(FOLDED, page))
    assert cursor.shown.tolist() == [2, 11, 2_000_000_000]
    changed = found((11, 0.05), (3, 0.95), (2, 0.99))
    assert cursor.rest(changed, 1).ids.tolist() == [3]


def test_pages_add_up() -> None:
    first = read_cursor(after(FOLDED, found((1, 0.9), (2, 0.8))))
    page = found((5, 0.7))
    second = first.next(page.ids, page.scores)
    assert (second.n, second.shown.tolist()) == (3, [1, 2, 5])


@pytest.mark.parametrize("seed", range(20))
def test_scores_that_tremble_neither_lose_nor_repeat_hits(seed: int) -> None:
    random = np.random.default_rng(seed)
    ids = np.arange(1, 201)
    scores = (random.integers(0, 12, 200) / 12 + random.random(200) * 4e-6).astype(np.float32)
    cursor, shown = first_page(SOUP), list[int]()
    while len(shown) < 200:
        moved = scores + random.uniform(-4e-7, 4e-7, 200).astype(np.float32)
        page = cursor.rest(ranked(ids, moved), 1).take(slice(7))
        assert len(page)
        shown += page.ids.tolist()
        cursor = cursor.next(page.ids, page.scores)
    assert sorted(shown) == ids.tolist()
    assert not len(cursor.rest(ranked(ids, scores), 1))


@pytest.mark.parametrize("size", [7, 40])
def test_more_equal_hits_than_are_carried_are_told_apart_by_id(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(paging, "MAX_NEAR", 20)
    everything = ranked(np.arange(1, 201), np.repeat(np.float32([0.5, 0.3]), 100))
    cursor, shown = first_page(SOUP), list[int]()
    while len(page := cursor.rest(everything, 1).take(slice(size))):
        shown += page.ids.tolist()
        cursor = cursor.next(page.ids, page.scores)
    assert shown == list(range(1, 201))


def test_a_cursor_is_short_and_stands_in_an_address_as_it_is() -> None:
    page = found((10_000_000, 0.123456789))
    text = after(SOUP, page).after or ""
    assert len(text) < 100
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    ids = np.arange(0, 1000 * MAX_CARRIED, 1000) + 10**9
    longest = first_page(FOLDED).next(ids, np.ones(len(ids), np.float32)).as_text()
    assert len(longest) < 8000


@pytest.mark.parametrize(
    "change",
    [
        {"text": "shoes"},
        {"where": "stars > 2"},
        {"mode": "hybrid"},
        {"weight": 0.3},
        {"fusion": "reciprocal"},
        {"plus": (Term(1, text="shoes"),)},
        {"minus": (Term(1, text="shoes"),)},
        {"min_score": 0.5},
        {"diversity": 0.5},
        {"collapse": 0.9},
        {"order": "farthest"},
        {"text": None, "image": b"soup"},
    ],
)
def test_a_cursor_of_another_question_is_refused(change: dict[str, Any]) -> None:
    asked = after(SOUP, found((1, 0.9)))
    with pytest.raises(ValueError, match="belongs to another question"):
        read_cursor(replace(asked, **change))


@pytest.mark.parametrize("change", [{"k": 50}, {"facets": ("stars",)}, {"explain": True}])
def test_what_changes_no_order_may_change_between_pages(change: dict[str, Any]) -> None:
    asked = after(SOUP, found((1, 0.9)))
    assert read_cursor(replace(asked, **change)).n == 1


def test_a_weight_moves_a_term_to_another_question() -> None:
    question = Question(plus=(Term(1, text="soup"),))
    asked = after(question, found((1, 0.9)))
    with pytest.raises(ValueError, match="belongs to another question"):
        read_cursor(replace(asked, plus=(Term(0.5, text="soup"),)))


NAME = first_page(SOUP).question


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "é",
        "not base64!",
        packed("{"),
        packed("[" * 900),
        packed({}),
        packed([]),
        packed([1, NAME, 1, 1, 0.5, 1]),
        packed([2, NAME, 1, 1, 0.5, 1, []]),
        packed([1, NAME, 1, 0, 0.5, 1, []]),
        packed([1, NAME, 1, -1, 0.5, 1, []]),
        packed([1, NAME, True, 1, 0.5, 1, []]),
        packed([1, NAME, 1, 1, "0.5", 1, []]),
        packed([1, NAME, 1, 1, float("nan"), 1, []]),
        packed([1, NAME, 1, 1, 0.5, 2**70, []]),
        packed([1, NAME, 1, 2, 0.5, 1, [1] * 501]),
        packed([1, NAME, 1, 1, 0.5, 1, ["1"]]),
        packed([1, NAME, 1, 1, 0.5, 1, 5]),
        packed([1, 5, 1, 1, 0.5, 1, []]),
        packed([1, NAME, 1, 10_000, 0.5, 1, []]),
        packed([1, NAME, 1, 2**50, 0.5, 1, []]),
        packed([1, NAME, 1, 1, 1e308, 1, []]),
        packed([1, NAME, 1, 2, 0.5, 1, [2**61, 2**61]]),
    ],
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="after is no cursor of a search"):
        read_cursor(replace(SOUP, after=text))


def test_a_cursor_that_misses_ids_is_refused() -> None:
    name = first_page(FOLDED).question
    with pytest.raises(ValueError, match="after is no cursor of a search"):
        read_cursor(replace(FOLDED, after=packed([1, name, 1, 2, 0.5, 1, [1]])))
    assert read_cursor(replace(FOLDED, after=packed([1, name, 1, 2, 0.5, 1, [1, 1]]))).n == 2


def test_a_sound_cursor_is_taken_as_it_is_written() -> None:
    assert read_cursor(replace(SOUP, after=packed([1, NAME, 1, 1, 0.5, 1, []]))).last == 1
    assert unpacked(after(SOUP, found((1, 0.5))).after or "")[:2] == [1, NAME]


@pytest.mark.parametrize(
    ("question", "carries"),
    [
        (SOUP, False),
        (replace(SOUP, order="farthest"), False),
        (Question(order="unusual"), True),
        (replace(SOUP, mode="lexical"), True),
        (replace(SOUP, mode="hybrid"), True),
        (replace(SOUP, collapse=0.9), True),
        (replace(SOUP, diversity=0.1), True),
    ],
)
def test_ids_are_carried_where_scores_may_change(question: Question, carries: bool) -> None:
    assert carries_ids(question) is carries
    assert most_shown(question) == (1_000 if carries else 10_000)
