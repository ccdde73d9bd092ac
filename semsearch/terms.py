"""How texts are written for the index of words: scripts without spaces become pairs of characters.

A tokenizer that splits at spaces takes a Chinese sentence for one word. Written as overlapping
pairs with the last character alone, a run is found by any part of it, words of one character
included, which SQLite's trigrams (three at least) cannot do.
"""

from __future__ import annotations

import re

UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Myanmar, Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"  # Han
)
"""Characters of scripts that put no space between words, as ranges of a regular expression."""

RUN = re.compile(f"[{UNSPACED}]+")


def indexed_text(text: str) -> str:
    """Return a text as its words are indexed."""
    if text.isascii():
        return text
    return RUN.sub(lambda run: f" {' '.join(pairs_of(run[0]))} ", text)


def pairs_of(run: str) -> list[str]:
    """Return the overlapping pairs of a run of characters, and its last one alone."""
    return [run[start : start + 2] for start in range(len(run))]


def asked_text(text: str) -> str:
    """Return a text as its words are looked up: runs as their pairs alone.

    Their last characters would find whatever ends with them; for runs of one character see
    `single_characters`.
    """
    if text.isascii():
        return text
    return RUN.sub(lambda run: f" {' '.join(pairs_of(run[0])[:-1])} ", text)


def single_characters(text: str) -> list[str]:
    """Return the runs of one character, with which any of the indexed pairs may begin."""
    return [run for run in RUN.findall(text) if len(run) == 1]
