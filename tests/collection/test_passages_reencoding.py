"""Another module splits long texts in its own way; the former passages come back with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import semsearch
from semsearch import Collection
from semsearch.modules.card import card_digest
from semsearch.modules.catalogue import BUILT_IN, BuiltIn
from semsearch.modules.module import Module
from semsearch.modules.text import checked_text
from tests import words_module

LONG = "Nothing of note was decided on that day. " * 40 + "Zebras drink turquoise lemonade."
CARD = replace(
    words_module.CARD, name="split", digest=card_digest("split words"), passage_tokens=100
)


@pytest.fixture
def collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collection:
    def splitting() -> Module:
        return Module(CARD, checked_text, lambda: words_module.encode)

    monkeypatch.setitem(BUILT_IN, "split", BuiltIn(CARD, splitting))
    made = semsearch.create(tmp_path / "c", "hashing")
    texts = {"long": LONG, "short": "A short text.", "longer": LONG * 2}
    made.add([{"id": key, "text": text} for key, text in texts.items()], text="text", key="id")
    return made


def passages(collection: Collection) -> int:
    return int(collection.info()["passages"])


def test_the_new_module_has_passages_of_its_own_size(collection: Collection) -> None:
    before = passages(collection)
    report = collection.reencode("split")
    assert (report.rows, report.encoded, report.switched) == (3, 3, True)
    assert 0 < passages(collection) < before
    hit = collection.search("zebras drink turquoise lemonade.", k=1)[0]
    assert hit.passage is not None
    assert "Zebras" in hit.passage.text
    assert collection.check(full=True).level == "ok"


def test_a_rollback_brings_the_former_passages_back(collection: Collection) -> None:
    before = passages(collection)
    collection.reencode("split")
    collection.add([{"id": "new", "text": LONG * 3}], text="text", key="id")
    collection.rollback()
    assert collection.handle == "hashing"
    assert passages(collection) > before
    assert {hit.key for hit in collection.search("zebras", k=4)} == {
        "long",
        "longer",
        "new",
        "short",
    }
    assert collection.check(full=True).level == "ok"


def test_a_module_that_splits_nothing_has_items_only(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = replace(CARD, name="whole", digest=card_digest("whole"), passage_tokens=None)

    def whole() -> Module:
        return Module(card, checked_text, lambda: words_module.encode)

    monkeypatch.setitem(BUILT_IN, "whole", BuiltIn(card, whole))
    collection.reencode("whole")
    assert passages(collection) == 0
    assert collection.search("zebras", k=1)[0].passage is None
    collection.drop_space("previous")
    assert collection.check(full=True).level == "ok"
