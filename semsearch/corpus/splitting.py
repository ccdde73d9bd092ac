"""Long texts cut into passages: between paragraphs, else sentences, else words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Span = tuple[int, int]
Count = Callable[[str], int]

BLOCK = 50_000
"""Characters that are cut at a time: what is counted and searched for borders stays small."""

BALANCE = 1.1
"""How much larger than their mean passages may be, so that the last one is no small rest."""

REST = 6
"""What has at most this part of the tokens of a passage hardly says anything by itself."""

AS_LATIN = str.maketrans("。！？；，：｡．", ".!?;,:..")
"""Ends of sentences and clauses where no space follows them, as the library looks for them."""

BORDERS = (re.compile(r"\n\s*\n\s*"), re.compile(r"\n\s*"), re.compile(r"\s+"))


def split(text: str, size: int, count: Count, fits: int | None = None) -> list[Span]:
    """Return where the passages of a text begin and end, in order.

    None where it has `fits` tokens or fewer, which is `size` if not given. `count` says how many a
    text has; no passage has more than `size`, unless one character has. Passages do not overlap,
    and nothing but white space stands between them.
    """
    if _is_short(text, size if fits is None else fits, count):
        return []
    spans = [
        (start + first, start + last)
        for start, stop in _blocks(text)
        for first, last in _split_block(text[start:stop], size, count)
    ]
    return spans if len(spans) > 1 else []


def _is_short(text: str, fits: int, count: Count) -> bool:
    # No token is shorter than a character, and few are longer than a dozen.
    return len(text) <= fits or (len(text) <= BLOCK and count(text) <= fits)


def _blocks(text: str) -> Iterator[Span]:
    """Cut a text into stretches of about `BLOCK` characters, between paragraphs where it can be."""
    start = 0
    while len(text) - start > BLOCK:
        stop = _border(text, start + BLOCK // 2, start + BLOCK)
        yield start, stop
        start = stop
    yield start, len(text)


def _border(text: str, low: int, high: int) -> int:
    for border in BORDERS:
        found = [match.end() for match in border.finditer(text, low, high)]
        if found:
            return found[-1]
    return high


def _split_block(text: str, size: int, count: Count) -> list[Span]:
    from semchunk.semchunk import chunk

    total = count(text)
    if not text.strip():
        return []
    if total <= size:
        return [_trimmed(text, 0, len(text))]
    even = max(1, min(size - 1, int(total / -(-total // size) * BALANCE)))
    try:
        # Kept counts would stay in memory for good.
        _, spans = chunk(text.translate(AS_LATIN), even, count, memoize=False, offsets=True)
    except RecursionError:  # a text that was made for it, with runs of blanks of every length
        spans = [(start, min(start + size, len(text))) for start in range(0, len(text), size)]
    kept = _with_marks([_trimmed(text, *span) for span in spans if text[slice(*span)].strip()])
    return _with_rests(text, kept, size, count)


def _with_marks(spans: list[Span]) -> list[Span]:
    """Put a mark that ended a sentence, and for which there was no room, at the end of it."""
    joined: list[Span] = []
    for start, stop in spans:
        if joined and stop - start == 1 and joined[-1][1] == start and start > joined[-1][0] + 1:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    return joined


def _with_rests(text: str, spans: list[Span], size: int, count: Count) -> list[Span]:
    """Join what says next to nothing, a brace or half a line, to a neighbour that has room."""
    joined: list[Span] = []
    is_rest = False
    for start, stop in spans:
        was_rest, is_rest = is_rest, count(text[start:stop]) * REST <= size
        first = joined[-1][0] if joined else start
        if joined and (is_rest or was_rest) and count(text[first:stop]) <= size:
            joined[-1] = (first, stop)
            is_rest = count(text[first:stop]) * REST <= size
        else:
            joined.append((start, stop))
    return joined


def _trimmed(text: str, start: int, stop: int) -> Span:
    part = text[start:stop]
    return start + len(part) - len(part.lstrip()), stop - len(part) + len(part.rstrip())
