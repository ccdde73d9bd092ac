"""Which key a row gets when its source brings none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from semsearch.corpus import DigestMap
from semsearch.errors import ContentError
from semsearch.store.writer import Writer

MAX_KEY = 1000

KeyRule = Callable[[Sequence[tuple[str, str]]], list[str]]
"""Turns the keys that entries came with, and the digests of their contents, into stored keys."""


def check_key(key: str) -> None:
    """Refuse a key that cannot be stored or shown; texts and fields come clean from the corpus."""
    if not key:
        raise ContentError("the key is empty")
    if len(key) > MAX_KEY:
        raise ContentError(f"the key is longer than {MAX_KEY} characters")
    if "\0" in key:
        raise ContentError("the key holds a NUL character")
    try:
        key.encode()
    except UnicodeEncodeError as error:
        raise ContentError(f"the key {key!r} holds half a character") from error


def own_keys(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Keep the keys that the user named."""
    return [key for key, _ in rows]


def prefixed(prefix: str) -> KeyRule:
    """Put the name of a file before the numbers or paths that its rows came with."""
    return lambda rows: [prefix + key for key, _ in rows]


class NumberedRows:
    """Numbers for rows from memory, which have no name to be known by from one call to the next.

    A row of a content that is stored keeps the key of it; any other gets its own number, or the
    next free one, so that no call replaces what an earlier one brought. Rows come in the order of
    their numbers.
    """

    def __init__(self, prefix: str, writer: Writer) -> None:
        self._prefix = prefix
        self._writer = writer
        self._stored, self._last_id = writer.earlier.numbers(prefix)
        self._largest = self._stored
        self._met = DigestMap()  # the last id whose key was given away, by content

    def __call__(self, rows: Sequence[tuple[str, str]]) -> list[str]:
        """Return the keys of rows with these numbers and contents."""
        if not self._stored:
            return [self._free(int(number), set()) for number, _ in rows]
        left = Counter(content for _, content in rows)
        kept = self._kept(left)
        own = [self._prefix + number for number, _ in rows if int(number) <= self._stored]
        taken = set(self._writer.known(own))
        keys = []
        for number, content in rows:
            left[content] -= 1
            if (found := kept.pop(content, None)) is None:
                keys.append(self._free(int(number), taken))
                continue
            id_, key = found
            self._met[content] = id_
            keys.append(key)
            if left[content]:
                kept |= self._kept([content])
        return keys

    def _kept(self, contents: Sequence[str] | Counter[str]) -> dict[str, tuple[int, str]]:
        after = {content: self._met.get(content) or 0 for content in contents}
        return self._writer.earlier.numbered_keys(self._prefix, after, self._last_id)

    def _free(self, number: int, taken: set[str]) -> str:
        # Beyond the stored numbers those up to the largest are all given away or passed by.
        is_stored = f"{self._prefix}{number}" in taken
        if is_stored or self._stored < number <= self._largest:
            number = self._largest + 1
        self._largest = max(self._largest, number)
        return f"{self._prefix}{number}"
