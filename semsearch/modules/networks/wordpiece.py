"""Texts to the token ids of BERT: words, their pieces, and a mark at either end.

Source: Devlin et al., BERT (2019), and Wu et al., Google's Neural Machine Translation System
(2016) for the greedy longest-match of pieces. Words that look like marks, such as "[SEP]", are
plain text here: what a user writes never steers the network.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from semsearch.errors import ModuleError

UNKNOWN, START, END = "[UNK]", "[CLS]", "[SEP]"
LONGEST_WORD = 100
CACHED_CHUNKS = 65_536
CAPITAL_SIGMA = "Σ"
IDEOGRAPHS = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


def read_vocabulary(data: bytes) -> dict[str, int]:
    """Return the piece of every line of a `vocab.txt` with its id.

    Raises:
        ModuleError: not UTF-8, or one of the marks that BERT needs is missing.
    """
    try:
        lines = data.decode().split("\n")
    except UnicodeDecodeError as error:
        raise ModuleError(f"the vocabulary is not UTF-8 ({error})", "get the file again") from error
    vocabulary = {line.rstrip("\r"): number for number, line in enumerate(lines) if line}
    missing = [mark for mark in (UNKNOWN, START, END) if mark not in vocabulary]
    if missing:
        raise ModuleError(
            f"the vocabulary has no {', '.join(missing)}", "use the vocab.txt of a BERT model"
        )
    return vocabulary


class WordPieces:
    """The tokeniser of one vocabulary."""

    def __init__(self, vocabulary: Mapping[str, int], *, is_uncased: bool) -> None:
        self._vocabulary = vocabulary
        self._is_uncased = is_uncased
        self._start, self._end = vocabulary[START], vocabulary[END]
        # Words repeat, so that nearly all the work of a large corpus is looking them up here.
        self._ids_of_chunk = lru_cache(CACHED_CHUNKS)(self._tokenise_chunk)

    def encode(self, texts: Iterable[str], max_tokens: int) -> list[list[int]]:
        """Return the ids of each text with the marks, cut to `max_tokens` in all."""
        return [self._encode_one(text, max_tokens) for text in texts]

    def count(self, texts: Iterable[str]) -> list[int]:
        """Return how many ids each text has, without the marks."""
        return [sum(map(len, map(self._ids_of_chunk, _printable(text).split()))) for text in texts]

    def _encode_one(self, text: str, max_tokens: int) -> list[int]:
        room = max_tokens - 2
        ids = [self._start]
        for chunk in _printable(text).split():
            ids += self._ids_of_chunk(chunk)
            if len(ids) > room:
                break
        del ids[room + 1 :]
        ids.append(self._end)
        return ids

    def _tokenise_chunk(self, chunk: str) -> tuple[int, ...]:
        ids: list[int] = []
        for part in _ideographs_apart(chunk):
            for word in _words(self._normalised(part)):
                ids += self._pieces(word)
        return tuple(ids)

    def _normalised(self, chunk: str) -> str:
        if not self._is_uncased:
            return chunk
        if not chunk.isascii():
            letters = unicodedata.normalize("NFD", chunk)
            chunk = "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")
        # Python lowers a sigma at the end of a word to its own letter, which BERT never saw.
        return chunk.replace(CAPITAL_SIGMA, "σ").lower()

    def _pieces(self, word: str) -> Sequence[int]:
        """Return the longest pieces that make up a word, from left to right."""
        unknown = [self._vocabulary[UNKNOWN]]
        if len(word) > LONGEST_WORD:
            return unknown
        ids: list[int] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            stops = range(len(word), start, -1)
            stop = next((s for s in stops if mark + word[start:s] in self._vocabulary), None)
            if stop is None:
                return unknown
            ids.append(self._vocabulary[mark + word[start:stop]])
            start = stop
        return ids


def _printable(text: str) -> str:
    """Return a text without control characters and what no character is."""
    if text.isprintable():
        return text if "\ufffd" not in text else text.replace("\ufffd", "")
    return "".join(
        letter
        for letter in text
        if letter in "\t\n\r" or (letter != "\ufffd" and unicodedata.category(letter)[0] != "C")
    )


def _ideographs_apart(chunk: str) -> Iterator[str]:
    if chunk.isascii():
        yield chunk
        return
    start = 0
    for place, letter in enumerate(chunk):
        if _is_ideograph(letter):
            yield from filter(None, (chunk[start:place], letter))
            start = place + 1
    if start < len(chunk):
        yield chunk[start:]


def _words(chunk: str) -> Iterator[str]:
    """Split at whitespace and around each punctuation mark, which is a word of its own."""
    start = 0
    for place, letter in enumerate(chunk):
        if _is_punctuation(letter) or letter.isspace():
            yield from filter(None, (chunk[start:place], letter.strip()))
            start = place + 1
    if start < len(chunk):
        yield chunk[start:]


def _is_ideograph(letter: str) -> bool:
    point = ord(letter)
    return any(first <= point <= last for first, last in IDEOGRAPHS)


def _is_punctuation(letter: str) -> bool:
    if letter.isascii():
        return letter.isprintable() and not letter.isalnum() and letter != " "
    return unicodedata.category(letter)[0] == "P"
