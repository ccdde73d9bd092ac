"""What was promised, written down by the one who changes a collection, for all who look at it.

The one who writes says before each change that it begins and after it that it is done, so an
answer given in between is judged by what was done before it was asked and begun before it came.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

BEGUN, ADDED, ENDING, GONE, STOP = "begun", "added", "ending", "gone", "stop"


class Ledger:
    """Writes lines that every process sees at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, kind: str, keys: Sequence[str] = ()) -> None:
        """Write one line whole."""
        descriptor = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        os.write(descriptor, json.dumps([kind, list(keys)]).encode() + b"\n")
        os.close(descriptor)


class Reader:
    """What the lines say up to now; each thread has one of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self.keys: dict[str, set[str]] = {BEGUN: set(), ADDED: set(), ENDING: set(), GONE: set()}
        self.order: list[str] = []
        """The keys that were added, in their order."""
        self.changes: list[tuple[str, list[str]]] = []
        """Every change that was begun, in their order: BEGUN or ENDING, and its keys."""
        self.n_done = 0
        """How many of these were acknowledged."""
        self.is_over = False

    def read(self) -> None:
        """Take in the lines that have come."""
        with self._path.open("rb") as file:
            file.seek(self._read)
            lines = file.read()
        self._read += len(lines)
        for line in lines.splitlines():
            kind, keys = json.loads(line)
            if kind == STOP:
                self.is_over = True
                continue
            self.keys[kind].update(keys)
            if kind == ADDED:
                self.order.extend(keys)
            if kind in (BEGUN, ENDING):
                self.changes.append((kind, keys))
            else:
                self.n_done += 1
