"""Which words of a hit carried the match, by leaving them out; with the hashing module."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import semsearch
from semsearch.collection.explaining import explained, explained_by_words, matched, query_weights
from semsearch.collection.records import Hit, Passage
from semsearch.modules import Module, load_module

SOUP = "The soup was cold and the waiter was rude"


@pytest.fixture
def module() -> Module:
    return load_module("hashing")


def explain(module: Module, query: str, *texts: str) -> list[Hit]:
    hits = [Hit(str(number), 0.5, text, {}) for number, text in enumerate(texts)]
    return explained(module, module.encode([query])[0], hits, query)


def weights(hit: Hit) -> dict[str, float]:
    return {word.word: word.weight for word in hit.words or []}


def test_the_words_that_the_query_shares_carry_the_match(module: Module) -> None:
    [hit] = explain(module, "cold soup", SOUP)
    carried = weights(hit)
    assert set(sorted(carried, key=lambda word: -carried[word])[:2]) == {"cold", "soup"}
    assert carried["waiter"] <= 0


def test_weights_above_zero_sum_to_one(module: Module) -> None:
    [hit] = explain(module, "cold soup", SOUP)
    assert sum(weight for weight in weights(hit).values() if weight > 0) == pytest.approx(
        1, abs=1e-3
    )


def test_words_stand_in_their_order_where_they_say(module: Module) -> None:
    [hit] = explain(module, "cold soup", SOUP)
    assert hit.words is not None
    assert [word.word for word in hit.words] == SOUP.split()
    assert all(SOUP[word.start : word.stop] == word.word for word in hit.words)


def test_words_of_the_query_are_marked(module: Module) -> None:
    [hit] = explain(module, "COLD soups", SOUP)
    assert [word.word for word in hit.words or [] if word.is_in_query] == ["cold"]


def test_of_a_long_text_the_likest_stretch_is_explained(module: Module) -> None:
    filler = "Nothing of any weight is said in this long sentence about other things. " * 40
    text = f"{filler}The zorbex valve was cold and broken that day. {filler}"
    [hit] = explain(module, "zorbex valve broken", text)
    assert {"zorbex", "valve", "broken"} <= set(weights(hit))
    assert len(hit.words or []) <= 40
    assert all(text[word.start : word.stop] == word.word for word in hit.words or [])


def test_a_passage_is_explained_where_it_stands_in_the_text(module: Module) -> None:
    text = f"{SOUP}. A wonderful bowl of tomato soup."
    start = len(SOUP) + 2
    hit = Hit("1", 0.5, text, {}, passage=Passage(start, len(text), text[start:]))
    [found] = explained(module, module.encode(["tomato"])[0], [hit], "tomato")
    assert matched(hit).text == text[start:]
    assert [text[word.start : word.stop] for word in found.words or []] == text[start:-1].split()
    assert max(found.words or [], key=lambda word: word.weight).word == "tomato"


def test_all_hits_are_encoded_together(module: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    query = module.encode(["cold soup"])[0]
    calls: list[int] = []
    encode = module.encode_prepared

    def counted(prepared: Sequence[Any]) -> np.ndarray:
        calls.append(len(prepared))
        return encode(prepared)

    monkeypatch.setattr(
        type(module), "encode_prepared", lambda _self, prepared, _told=None: counted(prepared)
    )
    hits = [Hit(str(number), 0.5, f"{SOUP} {number}", {}) for number in range(10)]
    explained(module, query, hits, "cold soup")
    assert [n for n in calls if n] == [10 * 11]


@pytest.mark.parametrize("text", ["", "...", "x" * 60_000])
def test_what_cannot_be_explained_has_no_words(module: Module, text: str) -> None:
    hits = explain(module, "cold soup", text, SOUP)
    assert hits[0].words is None
    assert hits[1].words


def test_a_single_word_carries_all(module: Module) -> None:
    [hit] = explain(module, "soup", "Soup!")
    assert weights(hit) == {"Soup": 1.0}


def test_chinese_is_explained_in_pieces(module: Module) -> None:
    [hit] = explain(module, "快递", "我的快递迟到了")
    assert [word.word for word in hit.words or []] == ["我的", "快递", "迟到", "了"]
    assert [word.word for word in hit.words or [] if word.is_in_query] == ["快递"]


def test_shared_words_are_found_without_encoding() -> None:
    [hit] = explained_by_words([Hit("1", 0.5, SOUP, {})], "was it cold?")
    assert [word.word for word in hit.words or []] == ["was", "cold", "was"]
    assert all(word.is_in_query for word in hit.words or [])
    assert sum(weights(hit).values()) <= 1


def test_the_words_of_a_query_have_weights_too(module: Module) -> None:
    carried = {
        word.word: word.weight
        for word in query_weights(module, "cold soup tomorrow", module.encode([SOUP])[0])
    }
    assert carried["tomorrow"] < min(carried["cold"], carried["soup"])


def test_search_explains_on_request(collection: semsearch.Collection) -> None:
    assert all(hit.words is None for hit in collection.search("cold soup"))
    best = collection.search("cold soup", k=3, explain=True)[0]
    carried = weights(best)
    assert best.text == SOUP
    assert max(carried, key=lambda word: carried[word]) in ("cold", "soup")


def test_explanations_are_json_ready(collection: semsearch.Collection) -> None:
    shown = collection.search("cold soup", k=1, explain=True)[0].as_dict()
    assert {"word", "weight", "start", "stop", "is_in_query"} == set(shown["words"][0])


def test_pictures_have_no_words(tmp_path: Path) -> None:
    rows = np.eye(4, dtype=np.float32)
    with semsearch.create(tmp_path / "own", module=None, dim=4) as own:
        own.add(vectors=rows, keys=list("abcd"))
        hits = own.search(plus=[{"key": "a"}], explain=True)
        assert all(hit.words is None for hit in hits)
