"""Texts checked, told apart, cut into stretches and laid end to end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semsearch.errors import ContentError
from semsearch.modules.text import (
    checked_text,
    each_text_once,
    in_budgets,
    in_vocabularies,
    stretches,
    strip,
)


@pytest.mark.parametrize("text", ["", " \n\t", "a\0b", "👍🏽🇩🇪", "\ufeffsoup", "x" * 1_000_000])
def test_strange_but_whole_texts_pass_unchanged(text: str) -> None:
    assert checked_text(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("soup \ud83d", r"'\\ud83d'.* at position 5"),
        ("\udc00soup", r"'\\udc00'.* at position 0"),
        ("x" * 1_000_001, "1,000,001 characters, more than 1,000,000"),
    ],
)
def test_a_text_that_cannot_be_encoded_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ContentError, match=reason) as info:
        checked_text(text)
    str(info.value).encode()  # the sentence itself can be printed


@pytest.mark.parametrize("content", [None, 5, b"soup", ["soup"], float("nan")])
def test_what_is_not_a_str_is_a_slip(content) -> None:
    with pytest.raises(TypeError, match="takes str"):
        checked_text(content)


def test_repeated_texts_are_encoded_once_and_progress_still_counts_items() -> None:
    seen: list[list[str]] = []
    told: list[tuple[int, int]] = []

    def encode(texts, on_progress):
        seen.append(list(texts))
        on_progress(1, len(texts))
        on_progress(len(texts), len(texts))
        return np.array([[len(text)] for text in texts], np.float32)

    texts = ["soup", "soup", "bread", "soup", "tea"]
    vectors = each_text_once(encode)(texts, lambda done, total: told.append((done, total)))
    assert seen == [["soup", "bread", "tea"]]
    assert vectors[:, 0].tolist() == [4, 4, 5, 4, 3]
    assert told == [(2, 5), (5, 5)]


def test_groups_keep_the_order_and_the_budget() -> None:
    assert list(in_budgets(["aa", "b", "cc", "dddddd", "e"], 4)) == [
        ["aa", "b"],
        ["cc"],
        ["dddddd"],
        ["e"],
    ]
    assert list(in_budgets([], 4)) == []


def test_vocabularies_are_bounded_by_distinct_tokens_not_by_their_number() -> None:
    cut = list(stretches([[1, 2], [2, 1, 2], [3], [4, 1], [5, 6, 7, 8, 9], [1]], 10, 0))
    groups = list(in_vocabularies(cut, 3))
    assert [[stretch.row for stretch in group] for group in groups] == [[0, 1, 2], [3], [4], [5]]


@given(length=st.integers(1, 60), longest=st.integers(5, 20), context=st.integers(0, 2))
def test_stretches_count_every_token_once_and_carry_their_context(length, longest, context):
    tokens = list(range(1, length + 1))
    cut = list(stretches([tokens], longest, context))
    counted = [token for each in cut for token in each.tokens[each.start : each.stop]]
    assert counted == tokens
    for each in cut:
        assert len(each) <= longest
        first, last = each.tokens[each.start], each.tokens[each.stop - 1]
        assert each.tokens[0] == max(1, first - context)
        assert each.tokens[-1] == min(length, last + context)


def test_a_strip_lays_stretches_end_to_end_with_gaps_of_zeros() -> None:
    laid = strip(list(stretches([[7, 8], [9]], 10, 0)), gap=2)
    assert laid.ids.tolist() == [0, 0, 7, 8, 0, 0, 9, 0, 0]
    assert laid.positions.tolist() == [0, 1, 4]
    assert laid.owners.tolist() == [0, 0, 1]
    assert laid.n == 2
