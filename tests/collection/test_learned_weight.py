"""The weight of meaning in hybrid search is learned from judged queries, or stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

import semsearch
from semsearch import Collection
from semsearch.errors import CollectionError

WORDS = [f"{a}{b}" for a in "bcdfghjklmnp" for b in ("ato", "ole", "une", "iri")]
"""Forty-eight words that share no piece longer than three letters with most others."""


@pytest.fixture
def notes(tmp_path: Path) -> Collection:
    """One item a word, all with one common word, and one that says nothing but this."""
    collection = semsearch.create(tmp_path / "notes", "hashing")
    rows = [{"key": word, "text": f"{word} x{word} y{word} z{word} and"} for word in WORDS]
    rows.append({"key": "common", "text": "and and and"})
    collection.add(rows, key="key", text="text")
    return collection


def test_fewer_than_ten_judged_queries_teach_nothing(notes: Collection) -> None:
    for word in WORDS[:9]:
        notes.judge(word, word, 1)
    with pytest.raises(CollectionError, match="'notes' has 9 judged queries"):
        notes.learn_weight()


def test_what_was_learned_is_what_hybrid_search_uses(notes: Collection) -> None:
    # BM25 knows which of both words is rare; judged good is what meaning finds.
    queries = [f"and {word}" for word in WORDS[:30]]
    assert {notes.search(text, k=1)[0].key for text in queries} == {"common"}
    for text in queries:
        notes.judge(text, "common", 1)
    found = notes.learn_weight()
    assert found.is_kept
    assert found.queries == len(notes.judgements()) >= 10
    assert found.ndcg > found.ndcg_before
    assert found.weight > found.before == 0.4
    hit = notes.search(queries[0], mode="hybrid")[0]
    assert hit.parts is not None
    assert hit.parts["weight"] == pytest.approx(found.weight)
    again = semsearch.open(notes.path).search(queries[0], mode="hybrid", k=1)
    assert [(one.key, one.score) for one in again] == [(hit.key, hit.score)]


def test_a_weight_that_is_given_stands_above_the_learned_one(notes: Collection) -> None:
    hit = notes.search(WORDS[0], mode="hybrid", weight=0.9)[0]
    assert hit.parts is not None
    assert hit.parts["weight"] == 0.9


def test_a_weight_that_does_no_better_is_not_kept(notes: Collection) -> None:
    queries = {word: word for word in WORDS}
    qrels = {word: {"nothing": 1} for word in WORDS}
    found = notes.learn_weight(queries, qrels)
    assert not found.is_kept
    assert float(found) == found.before == 0.4
    assert "0.4 stays" in found.notes[-1]
    hit = notes.search(WORDS[0], mode="hybrid")[0]
    assert hit.parts is not None
    assert hit.parts["weight"] == pytest.approx(0.4)
