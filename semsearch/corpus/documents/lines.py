"""Join the lines of printed pages to paragraphs again."""

from __future__ import annotations

import re
from collections.abc import Iterable

ENDS = (".", "!", "?", ":", "。", "！", "？", '"', "”", ")")
MOST = 0.9
"""Of the lines of a page, so many are no wider than what is taken for its width."""
FULL = 0.75
"""Part of the width of a page that a line takes at least which the next one goes on from."""
DIVIDED = re.compile(r"[^\W\d_]-\Z")
WITHOUT_SPACES = re.compile("[\u3040-\u30ff\u3400-\u9fff]")


def flowing(pages: Iterable[str]) -> str:
    """Return pages as one text: a line as wide as the page goes on in the next one.

    A word divided at the end of a line becomes whole. After a shorter line a paragraph begins, if
    the line ends a sentence, and else a new line, as after a heading. A sentence may go on from one
    page to the next.
    """
    parts: list[str] = []
    last, is_full = "", False
    for page in pages:
        lines = [line.strip() for line in page.strip().split("\n")]
        width = width_of(lines)
        for number, line in enumerate(lines):
            if not line:
                is_full = is_full and number == 0  # an empty page is no gap
                continue
            if number == 0:  # of a page
                is_full = (is_full or line[0].islower()) and not last.endswith(ENDS)
            if is_full and DIVIDED.search(last) and line[0].islower():
                parts[-1] = parts[-1][:-1]
            elif parts:
                parts.append(between(last, line, goes_on=is_full))
            parts.append(line)
            last, is_full = line, len(line) >= FULL * width
    return "".join(parts)


def width_of(lines: Iterable[str]) -> int:
    """Return how wide the lines of a page are."""
    lengths = sorted(len(line) for line in lines if line)
    return lengths[int(MOST * (len(lengths) - 1) + 0.5)] if lengths else 0


def between(last: str, line: str, *, goes_on: bool) -> str:
    """Return what parts two lines."""
    if not goes_on:
        return "\n\n" if last.endswith(ENDS) else "\n"
    has_spaces = WITHOUT_SPACES.match(last[-1]) is None or WITHOUT_SPACES.match(line) is None
    return " " if has_spaces else ""
