"""Which column is encoded when none is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from semsearch.corpus import Item, Skipped, read_corpus
from semsearch.errors import SourceError


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def entries(source: object) -> list[Item | Skipped]:
    return list(read_corpus(source).entries)


def complaint(source: object) -> str:
    with pytest.raises(SourceError) as caught:
        read_corpus(source)
    assert caught.value.remedy
    return str(caught.value)


@pytest.mark.parametrize(
    ("row", "guess"),
    [
        ({"note": "a longer text than the other", "Review": "short"}, "Review"),
        ({"description": "a longer text", "body": "soup"}, "body"),
        ({"title": "Soup for everyone", "review_body": "It was cold"}, "review_body"),
        ({"title": "Soup for everyone", "reviewBody": "It was cold"}, "reviewBody"),
        ({"story": "It was a very cold soup", "Full text 2": "the soup"}, "Full text 2"),
        ({"text_short": "the soup", "text_long": "the soup of the day"}, "text_long"),
        ({"review_id": "R1HBSVV", "story": "a cold soup"}, "story"),
        ({"context": "a very cold soup", "text": "soup"}, "text"),
        ({"context": "soup in winter", "story": "a cold soup in winter"}, "story"),
        ({"title": "Soup", "story": "It was cold"}, "story"),
        ({"title": "Soup for everyone", "colour": "red"}, "title"),
        ({"name": "Soup for one", "url": "https://example.org/soup/for/one"}, "name"),
        ({"colour": "red", "words": "a pair of red shoes", "n": 7}, "words"),
        ({"colour": "red", "word": "scarlet"}, "word"),
        ({"\u540d": "\u7d05\u3044\u9774", "sha": "0b1f2e77"}, "\u540d"),
        ({"text": None, "review": "soup"}, "review"),
        ({"text": 2024, "review": "soup"}, "text"),
    ],
)
def test_the_text_column_is_guessed_and_told(row: dict[str, object], guess: str) -> None:
    assert read_corpus([row]).text_columns == (guess,)


def test_texts_that_look_like_numbers_are_texts(tmp_path: Path) -> None:
    assert [entry.text for entry in entries(["2024", "1999"])] == ["2024", "1999"]
    path = write(tmp_path / "a.csv", "text,n\n2024,1\n007,2\n")
    assert [entry.text for entry in entries(path)] == ["2024", "007"]
    assert [entry.text for entry in entries([{"text": 2024}, {"text": 1.5}])] == ["2024", "1.5"]


def test_a_list_of_empty_texts_is_a_list_of_skipped_rows() -> None:
    assert entries(["", " "]) == [
        Skipped(1, "1", "its text ('text') is empty"),
        Skipped(2, "2", "its text ('text') is empty"),
    ]
    assert len(entries(["", ""])) == 2


def test_a_table_whose_text_is_empty_throughout_has_no_text(tmp_path: Path) -> None:
    assert "no column of texts" in complaint(write(tmp_path / "a.csv", "text,n\n,1\n,2\n"))


def test_a_table_of_numbers_has_no_text_to_guess(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "x,y\n1,2.5\n3,4.5\n")
    assert "no column of texts" in complaint(path)
