"""Opening a collection in a process that dies on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from semsearch import fsio
from semsearch.store import Store


def dies_opening(path: Path, monkeypatch: pytest.MonkeyPatch, stop: int) -> bool:
    """Open a collection and die after `stop` operations on the disk; False where all were done."""
    left = iter(range(stop))

    def die(operation: str, path: Path) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(fsio, "checkpoint", die)
        try:
            Store(path)
        except KeyboardInterrupt:
            return True
    return False
