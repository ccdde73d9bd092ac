"""Give extracted text its plain form: lines, and blank lines between paragraphs."""

from __future__ import annotations

import re

from semsearch.corpus.values import whole_characters

NEW_PAGE = re.compile(r"[\f\v\x1c-\x1e\u2029]")
NEW_LINE = re.compile(r"\r\n?|[\x85\u2028]")
NO_CHARACTER = re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f\ufeff]")
ENDS = re.compile(r"[^\S\n]+(?=\n|\Z)")
BLANK = re.compile(r"\n{3,}")
SPACES = re.compile(r"\s+")


def tidy(text: str) -> str:
    """Return the text without control characters, blank ends of lines and repeated blank lines."""
    text = NEW_LINE.sub("\n", whole_characters(text))
    text = NO_CHARACTER.sub("", NEW_PAGE.sub("\n\n", text))
    return BLANK.sub("\n\n", ENDS.sub("", text)).strip("\n")


def one_line(text: str) -> str:
    """Return the text on one line, for a title."""
    return SPACES.sub(" ", tidy(text)).strip()
