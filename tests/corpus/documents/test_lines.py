"""The lines of printed pages become paragraphs again."""

from __future__ import annotations

import pytest

from semsearch.corpus.documents.lines import flowing

WIDE = "a line that is as wide as the page"


@pytest.mark.parametrize(
    ("pages", "text"),
    [
        ([f"{WIDE}\nand goes on."], f"{WIDE} and goes on."),
        ([f"Soups\n{WIDE}\nends.\n{WIDE}"], f"Soups\n{WIDE} ends.\n\n{WIDE}"),
        ([f"{WIDE}s ex-\nample of it"], f"{WIDE}s example of it"),
        ([f"{WIDE} by Smith-\nJones"], f"{WIDE} by Smith- Jones"),
        ([WIDE, "goes on here"], f"{WIDE} goes on here"),
        ([f"{WIDE}\nshort", "goes on here"], f"{WIDE} short goes on here"),
        ([f"{WIDE}\nThe end.", "Next page"], f"{WIDE} The end.\n\nNext page"),
        ([f"{WIDE}\n\nA gap"], f"{WIDE}\nA gap"),
        (["これは日本語の文です\nここから続きます"], "これは日本語の文ですここから続きます"),
        (["", "\n\n", "a"], "a"),
        ([], ""),
    ],
)
def test_lines_become_paragraphs(pages: list[str], text: str) -> None:
    assert flowing(pages) == text
