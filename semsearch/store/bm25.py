"""BM25 of the live items for a text, computed from the occurrences of words that FTS5 tells.

FTS5's own bm25() looks up the length of the item at every match. All occurrences of a word read at
once, and counted by numpy, take a fraction of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import apsw
import numpy as np
import numpy.typing as npt

from semsearch.errors import CollectionDamaged
from semsearch.store.database import transaction
from semsearch.store.reader import read_version
from semsearch.store.segments import Ids
from semsearch.terms import asked_text, single_characters

Scores = npt.NDArray[np.float32]

K1, B = 1.2, 0.75
"""How soon a repeated word counts no more, and how much a long text is held against it."""

MOST_WORDS = 512
"""Different words of one text that are looked up; a text of more is as long as a page."""

MOST_OCCURRENCES = 120_000
"""Occurrences that one text may cost. Rare words come first; a commoner one is left out where what
is left does not suffice for it: it would hardly change the order of what the others find."""

MOST_COUNTED = 100_000
"""Words whose counts are kept at a time: counting a common one takes milliseconds."""

EVERYWHERE, FEW = 0.9, 1_000
"""A word of more than this share of the items, and of more than so few, is read only where no other
word is asked for: it says next to nothing, and has half of all occurrences."""

TOKENIZER = ("porter", ["unicode61", "remove_diacritics", "2"])
"""What the table of words is made with, see `schema`."""

LONGEST_PHRASE = 4_096
"""Characters of a phrase that are looked for; where so many stand, the rest stands too, or the same
was pasted from elsewhere."""

PHRASE = re.compile(r'"([^"]+)"')

LAST = "\U0010ffff"
"""Stands behind every character that a word can go on with."""


class WordScores(NamedTuple):
    """Items by id, ascending (n,), and how well they match the words of a text (n,), above 0."""

    ids: Ids
    scores: Scores


class Word(NamedTuple):
    """A word as it is indexed, or what indexed words begin with."""

    text: str
    is_start: bool = False

    @property
    def condition(self) -> str:
        """The condition under which a row of the vocabulary belongs to it."""
        return "term >= ? AND term < ?" if self.is_start else "term = ?"

    @property
    def values(self) -> tuple[str, ...]:
        """What the condition asks for."""
        return (self.text, self.text + LAST) if self.is_start else (self.text,)


class Lengths(NamedTuple):
    """How many words each item has, by id ascending (n,), at one version of the collection.

    `counted` keeps what was asked of single words: how often they stand there, in how many items.
    """

    version: int
    ids: Ids
    counts: npt.NDArray[np.float32]
    counted: dict[Word, tuple[int, int]]


class Lexicon:
    """Scores items by their words; keeps the lengths of texts from one commit to the next."""

    def __init__(self) -> None:
        self._held: Lengths | None = None

    def scores(self, connection: apsw.Connection, text: str) -> WordScores:
        """Return the items that have a word of `text`, and every "quoted phrase" of it.

        Raises:
            CollectionDamaged: the index of words is not what was written; `check` mends it.
        """
        words = asked_words(connection, text)
        try:
            with transaction(connection, "DEFERRED"):
                found = _summed(connection, self._lengths(connection), words)
                for phrase in dict.fromkeys(PHRASE.findall(text)):
                    found = _having(connection, found, phrase)
        except (apsw.CorruptError, IndexError) as error:
            path = Path(connection.db_filename("main")).parent
            raise CollectionDamaged(
                f"the index of words of {str(path)!r} is damaged",
                "make it again with `semsearch check NAME --repair`",
            ) from error
        return found

    def clear(self) -> None:
        """Let go of what is kept."""
        self._held = None

    def _lengths(self, connection: apsw.Connection) -> Lengths:
        version, held = read_version(connection), self._held
        if held is None or held.version != version:
            held = self._held = read_lengths(connection, version)
        return held


def asked_words(connection: apsw.Connection, text: str) -> list[Word]:
    """Return the different words of a text, as they are indexed."""
    tokenizer = connection.fts5_tokenizer(*TOKENIZER)
    found = tokenizer(
        asked_text(text).encode(),
        apsw.FTS5_TOKENIZE_QUERY,
        None,
        include_offsets=False,
        include_colocated=False,
    )
    words = [Word(str(one)) for one in found]
    words += (Word(one, is_start=True) for one in single_characters(text))
    return list(dict.fromkeys(words))[:MOST_WORDS]


def read_lengths(connection: apsw.Connection, version: int) -> Lengths:
    """Read how many words each item has."""
    rows = list(connection.execute("SELECT id, sz FROM words_docsize ORDER BY id"))
    ids = np.array([id_ for id_, _ in rows], dtype=np.int64)
    return Lengths(version, ids, numbers_of(b"".join(size for _, size in rows)), {})


def numbers_of(data: bytes) -> npt.NDArray[np.float32]:
    """Return the numbers of SQLite's form that stand one after the other: 7 bits a byte."""
    parts = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(parts < 0x80)  # noqa: PLR2004 - the eighth bit says that more follow
    widths = np.diff(ends, prepend=-1)
    numbers = parts[ends].astype(np.int64)
    for back in range(1, int(widths.max(initial=1))):
        wide = widths > back
        numbers[wide] += (parts[ends[wide] - back] & 0x7F).astype(np.int64) << 7 * back
    return numbers.astype(np.float32)


def _summed(connection: apsw.Connection, lengths: Lengths, words: Sequence[Word]) -> WordScores:
    """Return the sum of the BM25 of words, of the items that have one of them at least."""
    n = len(lengths.ids)
    total = np.zeros(n, dtype=np.float32)
    if n:
        drag = K1 * (1 - B + B * lengths.counts / max(1.0, float(lengths.counts.mean())))
        for word, most in _affordable(connection, words, lengths):
            ids, times = _occurrences(connection, word, most)
            rarity = np.log1p((n - len(ids) + 0.5) / (len(ids) + 0.5))
            places = np.searchsorted(lengths.ids, ids)
            if not np.array_equal(lengths.ids[places], ids):
                raise IndexError("words of an item without a length")
            total[places] += rarity * (K1 + 1) * times / (times + drag[places])
    found = np.flatnonzero(total)
    return WordScores(lengths.ids[found], total[found])


def _affordable(
    connection: apsw.Connection, words: Sequence[Word], lengths: Lengths
) -> Iterator[tuple[Word, int]]:
    """Yield the rarest of the words, each with how many of its occurrences may be read."""
    n, known = len(lengths.ids), lengths.counted
    if len(known) > MOST_COUNTED:
        known.clear()
    counts = [known.get(one) or known.setdefault(one, _counts(connection, one)) for one in words]
    counted = sorted((*count, word) for count, word in zip(counts, words, strict=True))
    there = [one for one in counted if one[0]]
    telling = [one for one in there if one[1] <= max(FEW, EVERYWHERE * n)] or there[:1]
    left = MOST_OCCURRENCES
    for times, _, word in telling:
        if times <= left or left == MOST_OCCURRENCES:
            yield word, left
            left -= times


def _counts(connection: apsw.Connection, word: Word) -> tuple[int, int]:
    """Return how often a word stands in all items together, and in how many it does."""
    [(times, items)] = connection.execute(
        "SELECT coalesce(sum(cnt), 0), coalesce(max(doc), 0) FROM vocabulary"
        f" WHERE {word.condition}",
        word.values,
    )
    return int(times), int(items)


def _occurrences(
    connection: apsw.Connection, word: Word, most: int
) -> tuple[Ids, npt.NDArray[np.float32]]:
    """Return the items that have a word, by id ascending, and how often each has it.

    One text of JSON costs a fifth of as many rows.
    """
    sql = (
        "SELECT json_group_array(doc) FROM"
        f" (SELECT doc FROM occurrence WHERE {word.condition} LIMIT ?)"
    )
    ids = _numbers(connection.execute(sql, (*word.values, most)).get)
    if word.is_start:
        ids.sort()  # those of one word ascend
    firsts = np.flatnonzero(np.diff(ids, prepend=-1))
    return ids[firsts], np.diff(firsts, append=len(ids)).astype(np.float32)


def _having(connection: apsw.Connection, found: WordScores, phrase: str) -> WordScores:
    """Return those of the items that have a phrase; one without any word is no condition."""
    wanted = asked_text(shorter(phrase)).replace("\0", " ")
    if not len(found.ids) or not asked_words(connection, wanted):
        return found
    sql = "SELECT json_group_array(rowid) FROM words WHERE words MATCH ?"
    ids = _numbers(connection.execute(sql, (f'"{wanted}"',)).get)
    stays = np.isin(found.ids, ids, assume_unique=True)
    return WordScores(found.ids[stays], found.scores[stays])


def shorter(phrase: str) -> str:
    """Return a phrase without the words behind its first 4,096 characters."""
    if len(phrase) <= LONGEST_PHRASE:
        return phrase
    return re.sub(r"\w+$", "", phrase[:LONGEST_PHRASE]) or phrase[:LONGEST_PHRASE]


def _numbers(listed: str) -> Ids:
    """Return a list in JSON as an array; numpy reads it six times as fast as `json`."""
    return np.fromstring(listed[1:-1], dtype=np.int64, sep=",")
