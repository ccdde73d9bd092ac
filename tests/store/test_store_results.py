"""Clusterings and classifiers, stored beside the rows."""

from __future__ import annotations

import numpy as np
import pytest

from semsearch.errors import (
    CollectionDamaged,
    ResultNotFound,
)
from semsearch.store import Store


def test_a_result_comes_back_as_it_was_saved(store: Store) -> None:
    labels = np.array([0, 1, 1])
    with store.writing() as writer:
        writer.save_result("clustering", "default", {"labels": labels}, {"seed": 3})
    arrays, detail = store.load_result("clustering", "default")
    assert np.array_equal(arrays["labels"], labels)
    assert detail == {"seed": 3}
    assert store.result_names("clustering") == ["default"]


def test_a_replaced_result_leaves_no_file_behind(store: Store) -> None:
    for seed in range(3):
        with store.writing() as writer:
            writer.save_result("clustering", "default", {"labels": np.arange(seed)}, {})
    assert len(list(store.folder.heads.iterdir())) == 1


def test_an_unknown_result_names_those_there_are(store: Store) -> None:
    with store.writing() as writer:
        writer.save_result("classifier", "sentiment", {}, {})
    with pytest.raises(ResultNotFound, match="no classifier named 'mood' .* there are: sentiment"):
        store.load_result("classifier", "mood")


def test_a_damaged_result_is_told_and_not_loaded(store: Store) -> None:
    with store.writing() as writer:
        writer.save_result("classifier", "sentiment", {"w": np.ones(3)}, {})
    [head] = store.folder.heads.iterdir()
    data = bytearray(head.read_bytes())
    data[len(data) // 2] ^= 1
    head.write_bytes(data)
    with pytest.raises(CollectionDamaged, match="make it again"):
        store.load_result("classifier", "sentiment")
