"""Patterns of SQL's `like`, matched as SQLite matches them."""

from __future__ import annotations

import re
from collections.abc import Callable


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return a function that says whether a whole text matches: % any characters, _ just one.

    A-Z and a-z are the same letter, as in SQLite; other letters are not folded. The time is that
    of the text's length times the pattern's at worst: each piece between two % takes its first
    place for good, which loses no match.
    """
    first, *others = (_piece(piece) for piece in pattern.split("%"))
    if not others:
        expression = first
    else:
        *between, last = others
        expression = first + "".join(f"(?>.*?{piece})" for piece in between) + f".*{last}"
    match = re.compile(expression, re.ASCII | re.IGNORECASE | re.DOTALL).fullmatch
    return lambda text: match(text) is not None


def _piece(piece: str) -> str:
    return "".join("." if character == "_" else re.escape(character) for character in piece)
