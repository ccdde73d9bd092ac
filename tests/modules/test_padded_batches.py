"""Batches for networks that pad their input to the longest item."""

from __future__ import annotations

import numpy as np
import pytest

from semsearch.modules.batches import encode_in_batches

WORDS = ["soup", "a", "noodles", "tea", "marmalade", "oat"]
LENGTHS = [len(word) for word in WORDS]


def lengths_of(batch: list[str]) -> np.ndarray:
    return np.array([[len(word)] for word in batch], np.float32)


def test_vectors_come_back_in_input_order() -> None:
    vectors = encode_in_batches(WORDS, LENGTHS, 12, lengths_of, lambda done, total: None)
    assert vectors[:, 0].tolist() == LENGTHS


def test_the_longest_come_first_and_no_batch_pads_beyond_the_budget() -> None:
    batches: list[list[str]] = []

    def run(batch: list[str]) -> np.ndarray:
        batches.append(batch)
        return lengths_of(batch)

    encode_in_batches(WORDS, LENGTHS, 12, run, lambda done, total: None)
    assert batches == [["marmalade"], ["noodles"], ["soup", "tea", "oat"], ["a"]]


def test_progress_ends_at_the_number_of_items() -> None:
    told: list[tuple[int, int]] = []
    encode_in_batches(WORDS, LENGTHS, 12, lengths_of, lambda *news: told.append(news))
    assert told == [(1, 6), (2, 6), (5, 6), (6, 6)]


def test_a_batch_that_runs_out_of_memory_is_tried_in_halves() -> None:
    tried: list[int] = []

    def run(batch: list[str]) -> np.ndarray:
        tried.append(len(batch))
        if len(batch) > 2:
            raise MemoryError
        return lengths_of(batch)

    vectors = encode_in_batches(WORDS, LENGTHS, 1000, run, lambda done, total: None)
    assert vectors[:, 0].tolist() == LENGTHS
    assert tried == [6, 3, 1, 2, 3, 1, 2]


def test_a_single_item_that_does_not_fit_and_other_errors_are_told() -> None:
    def full(batch: list[str]) -> np.ndarray:
        raise MemoryError

    def broken(batch: list[str]) -> np.ndarray:
        raise RuntimeError("soup")

    with pytest.raises(MemoryError):
        encode_in_batches(["a"], [1], 10, full, lambda done, total: None)
    with pytest.raises(RuntimeError, match="soup"):
        encode_in_batches(WORDS, LENGTHS, 1000, broken, lambda done, total: None)
