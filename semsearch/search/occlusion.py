"""Which parts of a text carry its likeness to a query: each is left out, and the cosine falls."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from semsearch.terms import RUN, UNSPACED

MARKS = "\u0300-\u036f\u064b-\u0652"
"""Accents and vowel signs that stand as characters of their own inside a word."""

WORD = re.compile(f"[{UNSPACED}]+|(?:[^\\W{UNSPACED}]|[{MARKS}])+")

PIECE = 2
"""How many characters make a piece of a run without spaces."""

ENDS = re.compile(r"[.!?\n\u061f\u06d4\u3002\uff01\uff1f]")
"""What ends a sentence, in the scripts of our modules."""

FEWEST = 6
"""How many words a sentence has at least to stand alone."""


class Span(NamedTuple):
    """The characters start to stop of a text."""

    start: int
    stop: int


def word_spans(text: str) -> list[Span]:
    """Return where the words of a text stand; runs without spaces are cut into pairs."""
    return [
        Span(start, min(start + size, match.end()))
        for match in WORD.finditer(text)
        for size in (PIECE if RUN.match(match[0]) else len(match[0]),)
        for start in range(match.start(), match.end(), size)
    ]


def stretches(text: str, spans: Sequence[Span], most: int) -> list[list[Span]]:
    """Group words into stretches of at most `most`, which end where sentences do if they can."""
    found: list[list[Span]] = [[]]
    for span in spans:
        current = found[-1]
        is_new_sentence = bool(current) and ENDS.search(text, current[-1].stop, span.start)
        if len(current) >= most or (is_new_sentence and len(current) >= FEWEST):
            found.append([])
        found[-1].append(span)
    return [stretch for stretch in found if stretch]


def piece_of(text: str, spans: Sequence[Span]) -> str:
    """Return the text from the first to the last of some words."""
    return text[spans[0].start : spans[-1].stop]


def left_out(text: str, spans: Sequence[Span]) -> list[str]:
    """Return the text from the first to the last span, once without each; none of a single one."""
    if len(spans) <= 1:
        return []
    begin, end = spans[0].start, spans[-1].stop
    return [f"{text[begin:start]}{text[stop:end]}" for start, stop in spans]


def shares(whole: float, without: npt.ArrayLike) -> list[float]:
    """Return what each part carries of a cosine, from the cosines without it, shape (n,).

    The parts that carry share 1 between them, in proportion to what is lost without them; a part
    without which the cosine grows is below 0. A text of a single part, (0,), has [1.0].
    """
    drops = whole - np.asarray(without, dtype=np.float64)
    if not len(drops):
        return [1.0]
    total = drops[drops > 0].sum()
    scaled = drops / total if total > 0 else np.zeros(len(drops))
    return [round(float(share), 4) for share in np.maximum(scaled, -1)]


def plain(word: str) -> str:
    """Return a word as it is compared: without case and accents."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(one for one in decomposed if not unicodedata.combining(one))


def shared_words(text: str, query: str) -> list[Span]:
    """Return where a text has words of the query, case and accents apart.

    Of runs without spaces, those characters count that stand as a pair in the query.
    """
    wanted = {plain(match[0]) for match in WORD.finditer(query)}
    pairs = {run[at : at + PIECE] for run in RUN.findall(query) for at in range(len(run) - 1)}
    found: list[Span] = []
    for match in WORD.finditer(text):
        if plain(match[0]) in wanted:
            found.append(Span(*match.span()))
        elif RUN.match(match[0]):
            found += _shared_runs(match[0], match.start(), pairs)
    return found


def has_all_words(text: str, query: str) -> bool:
    """Say whether a text has every word of a query, of which there must be one at least.

    Case and accents do not matter. A run without spaces must stand in the text as it is.
    """
    there = {plain(match[0]) for match in WORD.finditer(text)}
    wanted = {plain(match[0]) for match in WORD.finditer(query)}
    return bool(wanted) and all(
        word in there or (RUN.match(word) is not None and word in text) for word in wanted
    )


def _shared_runs(run: str, begin: int, pairs: set[str]) -> list[Span]:
    """Return the longest stretches of a run all of whose pairs are wanted."""
    found: list[Span] = []
    for at in range(len(run) - 1):
        if run[at : at + PIECE] not in pairs:
            continue
        start = begin + at
        if found and found[-1].stop > start:
            found[-1] = Span(found[-1].start, start + PIECE)
        else:
            found.append(Span(start, start + PIECE))
    return found
