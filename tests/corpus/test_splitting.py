"""Long texts are cut between paragraphs, sentences or words, and nothing of them is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semsearch.corpus import split
from semsearch.corpus.splitting import BLOCK

SENTENCE = "The seventh wave carried the small boat beyond the reef. "


def words(text: str) -> int:
    return len(text.split())


def pieces(text: str, size: int) -> list[str]:
    return [text[start:stop] for start, stop in split(text, size, words)]


def test_a_text_that_fits_is_not_split() -> None:
    assert split(SENTENCE * 3, 30, words) == []


def test_a_text_may_be_longer_than_a_passage_and_stay_whole() -> None:
    assert split(SENTENCE * 5, 30, words, fits=60) == []
    assert len(split(SENTENCE * 5, 30, words, fits=40)) > 1


def test_a_passage_ends_where_a_sentence_does() -> None:
    found = pieces(SENTENCE * 20, 30)
    assert len(found) > 1
    assert all(each.endswith("reef.") for each in found)


def test_paragraphs_are_kept_together_where_they_fit() -> None:
    paragraphs = [SENTENCE.strip() * 2, "A word. " * 8, SENTENCE.strip()]
    assert pieces("\n\n".join(paragraphs * 2), 21)[0] == paragraphs[0]


def test_the_last_passage_is_no_small_rest() -> None:
    sizes = [words(each) for each in pieces("word " * 101, 50)]
    assert min(sizes) > 20


def test_what_says_next_to_nothing_is_no_passage_of_its_own() -> None:
    text = (SENTENCE * 2 + "\n}\n\n\n____\n\n") * 12
    found = pieces(text, 40)
    assert len(found) > 5
    assert min(map(words, found)) > 20
    assert max(map(words, found)) <= 40


def test_sentences_of_chinese_and_japanese_end_at_their_own_full_stop() -> None:
    text = "今日は天気がいいです。明日は雨が降るでしょう。" * 40
    found = [text[start:stop] for start, stop in split(text, 60, len)]
    assert len(found) > 10
    assert all(each.endswith("。") for each in found)


def test_a_text_without_any_border_is_cut_all_the_same() -> None:
    text = "a" * 1000
    found = [text[start:stop] for start, stop in split(text, 100, len)]
    assert "".join(found) == text
    assert max(map(len, found)) <= 100


def test_blanks_of_every_length_do_not_exhaust_the_stack() -> None:
    text = "".join("word" + "\n" * n + "word" + " " * n for n in range(1, 600))
    assert "".join("".join(pieces(text, 16)).split()) == "word" * 2 * 599


def test_a_text_of_many_blocks_is_cut_where_paragraphs_end() -> None:
    text = (SENTENCE * 5 + "\n\n") * 500
    assert len(text) > 2 * BLOCK
    assert all(each.startswith("The") for each in pieces(text, 50))


@pytest.mark.parametrize("text", ["", " ", "\n" * 200_000, " \u3000" * 60_000])
def test_blanks_are_no_passages(text: str) -> None:
    assert split(text, 4, words) == []


@given(st.text(max_size=400), st.integers(1, 40))
def test_nothing_is_lost_but_white_space_and_no_passage_is_too_long(text: str, size: int) -> None:
    spans = split(text, size, len)
    if not spans:
        return
    borders = [0, *(place for span in spans for place in span), len(text)]
    assert borders == sorted(borders)
    gaps = [text[stop:start] for stop, start in zip(borders[::2], borders[1::2], strict=True)]
    assert not "".join(gaps).strip()
    assert all(0 < stop - start <= max(size, 2) for start, stop in spans)
