"""A trial of adding: without the module only what it would refuse is unknown, and told."""

from __future__ import annotations

from pathlib import Path

import pytest

import semsearch
from semsearch.collection.trial import NOT_HERE, trial
from semsearch.corpus import read_corpus
from semsearch.errors import CollectionError


def test_without_its_module_a_trial_says_what_it_does_not_know(tmp_path: Path) -> None:
    card = semsearch.load_module("hashing").card
    with trial(tmp_path / "c", card, None) as tried:
        report = tried.add(read_corpus(["soup", " "]))
    assert (report.added, len(report.skipped), report.notes) == (1, 1, [NOT_HERE])
    assert list(tmp_path.iterdir()) == []


def test_a_source_of_another_kind_is_refused(tmp_path: Path) -> None:
    card = semsearch.load_module("colours").card
    with trial(tmp_path / "c", card, None) as tried, pytest.raises(CollectionError, match="texts"):
        tried.add(read_corpus(["soup"]))


def test_a_key_that_cannot_be_looked_up_is_counted_like_any_other(tmp_path: Path) -> None:
    module = semsearch.load_module("hashing")
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        collection.add([{"id": "a", "text": "soup"}], key="id")
    rows = [{"id": "a", "text": "soup"}, {"id": "b\0", "text": "x"}, {"id": "c", "text": "y"}]
    with trial(tmp_path / "c", module.card, module) as tried:
        report = tried.add(read_corpus(rows, key="id"))
    assert (report.unchanged, report.added) == (1, 1)
    assert [skip.reason for skip in report.skipped] == ["the key holds a NUL character"]
