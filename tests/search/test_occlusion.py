"""Words of a text, in any script, and what each carries of a likeness."""

from __future__ import annotations

import pytest

from semsearch.search.occlusion import (
    Span,
    has_all_words,
    left_out,
    piece_of,
    shared_words,
    shares,
    stretches,
    word_spans,
)


def words(text: str) -> list[str]:
    return [text[start:stop] for start, stop in word_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The soup, was cold!", ["The", "soup", "was", "cold"]),
        ("Ça n'était pas 3.5", ["Ça", "n", "était", "pas", "3", "5"]),
        ("холодный суп", ["холодный", "суп"]),
        ("快递迟到", ["快递", "迟到"]),
        ("快递迟到了", ["快递", "迟到", "了"]),
        ("iPhone很好", ["iPhone", "很好"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        (" ... !", []),
        ("", []),
    ],
)
def test_words_of_all_scripts_are_found(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_stretch_ends_with_a_sentence() -> None:
    text = "One two three four five six. Seven eight nine ten eleven twelve. Then."
    parts = stretches(text, word_spans(text), 40)
    assert [piece_of(text, part) for part in parts] == [
        "One two three four five six",
        "Seven eight nine ten eleven twelve",
        "Then",
    ]


def test_short_sentences_stay_together_and_long_ones_are_cut() -> None:
    assert len(stretches("No. No. No.", word_spans("No. No. No."), 40)) == 1
    text = " ".join(["word"] * 100)
    assert [len(part) for part in stretches(text, word_spans(text), 40)] == [40, 40, 20]


def test_no_word_is_lost_between_stretches() -> None:
    text = (
        "A first sentence of seven words here. 快递迟到了三天。 And some more to come, of course!"
    )
    spans = word_spans(text)
    assert [span for part in stretches(text, spans, 5) for span in part] == spans


def test_each_word_is_left_out_once() -> None:
    text = "It: the cold soup."
    assert left_out(text, word_spans(text)[1:]) == [" cold soup", "the  soup", "the cold "]


def test_of_a_single_word_nothing_is_left() -> None:
    assert left_out("soup", word_spans("soup")) == []
    assert shares(0.8, []) == [1.0]


def test_shares_follow_what_is_lost_and_sum_to_one() -> None:
    assert shares(0.8, [0.5, 0.7, 0.8]) == [0.75, 0.25, 0.0]


def test_a_word_without_which_the_match_is_better_is_below_zero() -> None:
    assert shares(0.5, [0.3, 0.6]) == [1.0, -0.5]
    assert min(shares(0.5, [0.49, 0.9])) == -1.0


def test_where_nothing_is_lost_nothing_carries() -> None:
    assert shares(0.5, [0.5, 0.5]) == [0.0, 0.0]


def test_words_of_the_query_are_found_whatever_their_case_and_accents() -> None:
    text = "The CAFÉ was closed"
    assert [text[a:b] for a, b in shared_words(text, "a cafe, closed?")] == ["CAFÉ", "closed"]
    assert shared_words(text, "cafeteria") == []


def test_in_runs_without_spaces_pairs_of_the_query_are_found() -> None:
    text = "我的快递迟到了"
    assert [text[a:b] for a, b in shared_words(text, "快递迟")] == ["快递迟"]
    assert shared_words(text, "递快") == []
    assert shared_words("汉字", "字") == []


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("Manual of the pump X-4711", "x-4711", True),
        ("Manual of the pump X-4712", "x-4711", False),
        ("Le café fermé", "cafe", True),
        ("我的快递迟到了", "快递迟到", True),
        ("我的快递迟到了", "迟到快递", False),
        ("anything", "...", False),
    ],
)
def test_a_text_has_all_words_of_a_query_or_not(text: str, query: str, expected: bool) -> None:
    assert has_all_words(text, query) is expected


def test_spans_are_characters_of_the_text() -> None:
    assert word_spans("ab cd") == [Span(0, 2), Span(3, 5)]
