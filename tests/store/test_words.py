"""Items are found by their words, whatever is typed, and only as long as they live."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from semsearch.store import Batch, Refresh, Store, bm25
from tests.store.rows import item, vectors

SOUPS = {"a": "The soup was hot", "b": "Two soups, and soup again", "c": "Shoes that fit"}


def put_texts(store: Store, texts: dict[str, str]) -> None:
    with store.writing() as writer:
        batch = [item(key, text) for key, text in texts.items()]
        writer.commit(Batch(batch, vectors(len(texts))))


def found(store: Store, text: str) -> list[str]:
    """The keys of what is found, best first."""
    ids, scores = store.word_scores(text)
    items = store.items(ids.tolist())
    return [items[int(ids[place])].key for place in np.lexsort((ids, -scores))]


def test_items_are_found_by_any_of_their_words_the_best_first(store: Store) -> None:
    put_texts(store, SOUPS)
    assert found(store, "soup") == ["b", "a"]
    assert found(store, "soup shoes") == ["c", "b", "a"]
    assert found(store, "trousers") == []


def test_words_are_compared_by_their_stems_and_without_accents(store: Store) -> None:
    put_texts(store, {"a": "Crème brûlée", "b": "walking"})
    assert found(store, "CREME") == ["a"]
    assert found(store, "walks") == ["b"]


def test_scores_are_bm25_as_computed_by_hand(store: Store) -> None:
    put_texts(store, {"a": "red red shoe", "b": "shoe", "c": "hat", "d": "hat and coat"})
    ids, scores = store.word_scores("red shoe")
    red, shoe = np.log(1 + 3.5 / 1.5), np.log(1 + 2.5 / 2.5)
    drag = {n: 1.2 * (1 - 0.75 + 0.75 * n / 2) for n in (1, 3)}
    first = red * 2.2 * 2 / (2 + drag[3]) + shoe * 2.2 / (1 + drag[3])
    assert ids.tolist() == [1, 2]
    assert scores == pytest.approx([first, shoe * 2.2 / (1 + drag[1])], rel=1e-6)


def test_a_phrase_in_quotes_must_stand_as_it_is(store: Store) -> None:
    put_texts(store, {"a": "hot soup here", "b": "soup, not hot"})
    assert found(store, '"hot soup" here') == ["a"]
    assert sorted(found(store, 'hot soup "..."')) == ["a", "b"]


def test_a_phrase_as_long_as_a_book_is_looked_for_by_its_beginning(store: Store) -> None:
    put_texts(store, {"a": "hot soup " * 1_000, "b": "soup hot"})
    started = time.perf_counter()
    assert found(store, f'"{"hot soup " * 50_000}"') == ["a"]
    assert found(store, '"hot soup" ' * 100_000) == ["a"]
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("東京都は水力発電を使う", "水力"),
        ("東京都は水力発電を使う", "水"),
        ("東京都は水力発電を使う", "電"),
        ("東京都は水力発電を使う", "発電所"),
        ("東京都は水力発電を使う", '"水力発電"'),
        ("ฉันกินข้าวทุกวัน", "ข้าว"),
        ("서울은 크다", "서울은"),
    ],
)
def test_words_of_scripts_without_spaces_are_found(store: Store, text: str, query: str) -> None:
    put_texts(store, {"a": text, "b": "天気がいい", "c": "soup"})
    assert found(store, query)[:1] == ["a"]
    assert "c" not in found(store, query)


@pytest.mark.parametrize(
    "query",
    [
        '"', '""', '"soup', 'soup"', "soup AND", "NOT soup", "soup NEAR(hot, 2)", "soup*", "-soup",
        "text: soup", "^soup", "(soup", "soup + ", "soup\0hot", '"soup\0"', "'; DROP TABLE words",
        "{soup}", "soup " * 50_000, " ".join(map(str, range(20_000))) + " soup",
    ],
)  # fmt: skip
def test_no_text_is_a_mistake(store: Store, query: str) -> None:
    put_texts(store, SOUPS)
    store.word_scores(query)
    assert set(found(store, query)) <= set(SOUPS)


def test_a_text_without_a_word_finds_nothing(store: Store) -> None:
    assert found(store, "soup") == []
    put_texts(store, SOUPS)
    assert found(store, "?! ...") == []


def test_deleted_items_are_found_no_more(store: Store) -> None:
    put_texts(store, SOUPS)
    with store.writing() as writer:
        writer.delete([2])
    assert found(store, "soup") == ["a"]


def test_a_changed_text_is_found_by_its_new_words_only(store: Store) -> None:
    put_texts(store, SOUPS)
    with store.writing() as writer:
        new = replace(item("a", "A coat"), content="digest of soup")
        writer.commit(Batch([], vectors(0), refreshed=[Refresh(1, new)]))
    assert found(store, "soup") == ["b"]
    assert found(store, "coat") == ["a"]


def test_a_replaced_item_counts_once(store: Store) -> None:
    put_texts(store, SOUPS)
    with store.writing() as writer:
        writer.commit(Batch([item("a", "The soup was cold")], vectors(1), replaced=[1]))
    assert found(store, "soup") == ["b", "a"]
    assert found(store, "hot") == []
    assert store.word_scores("cold").ids.tolist() == [4]


def test_the_rarest_words_are_read_first_where_all_cost_too_much(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_texts(store, {f"k{n}": "common" + " rare" * (n == 7) for n in range(20)})
    monkeypatch.setattr(bm25, "MOST_OCCURRENCES", 10)
    assert found(store, "common rare") == ["k7"]
    assert len(found(store, "common")) == 10


def test_a_word_of_nearly_all_items_counts_only_where_no_other_is_there(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_texts(store, {f"k{n}": "the" + " rare" * (n == 7) for n in range(20)})
    assert len(found(store, "the rare")) == 20  # few items cost nothing
    monkeypatch.setattr(bm25, "FEW", 10)
    assert found(store, "the rare") == ["k7"]
    assert len(found(store, "the trousers")) == 20


def test_lengths_of_every_size_are_read(store: Store) -> None:
    sizes = [1, 127, 128, 300, 20_000]
    put_texts(store, {f"k{n}": "soup " * n for n in sizes})
    with store.writing() as writer:
        lengths = bm25.read_lengths(writer._connection, 0)
    assert lengths.counts.tolist() == sizes
