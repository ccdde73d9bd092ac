"""Which key a row gets when its source brings none."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable

KeyRule = Callable[[str, str], str]
"""Turns the key that an entry came with, and the digest of its content, into the stored key."""


def own_key(key: str, content: str) -> str:
    """Keep the key that the user named."""
    return key


def prefixed(prefix: str) -> KeyRule:
    """Put the name of a file before the number or path that its rows came with."""
    return lambda key, content: prefix + key


class NumberedRows:
    """Numbers for rows from memory, which have no name to be known by from one call to the next.

    A row of a content that is stored keeps the key of it; any other gets its own number, or the
    next free one, so that no call replaces what an earlier one brought.
    """

    def __init__(self, prefix: str, stored: Iterable[tuple[str, str]]) -> None:
        self._prefix = prefix
        self._keys_of: defaultdict[str, deque[str]] = defaultdict(deque)
        self._taken: set[int] = set()
        for key, content in stored:
            number = key.removeprefix(prefix)
            if key.startswith(prefix) and number.isdecimal():
                self._keys_of[content].append(key)
                self._taken.add(int(number))
        self._largest = max(self._taken, default=0)

    def __call__(self, key: str, content: str) -> str:
        """Return the key of a row with the number `key` and this content."""
        if waiting := self._keys_of[content]:
            return waiting.popleft()
        number = int(key)
        if number in self._taken:
            number = self._largest + 1
        self._taken.add(number)
        self._largest = max(self._largest, number)
        return f"{self._prefix}{number}"
