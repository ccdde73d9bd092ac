"""The warnings of decoders held back, from any number of threads at once."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image


class _Quiet:
    """The filters of all who decode: set by the first to come, taken away by the last to leave.

    `warnings.catch_warnings` alone swaps the filters of the whole process: of two threads that
    hold it, the first to leave takes the filters away from the other, whose leaving then sets
    them for good.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._decoders = 0
        self._filters = warnings.catch_warnings()

    def enter(self) -> None:
        with self._lock:
            if not self._decoders:
                self._filters = warnings.catch_warnings()
                self._filters.__enter__()
                warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
                warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")
                warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
            self._decoders += 1

    def leave(self) -> None:
        with self._lock:
            self._decoders -= 1
            if not self._decoders:
                self._filters.__exit__(None, None, None)


_quiet = _Quiet()


@contextmanager
def quiet_decoders() -> Iterator[None]:
    """Silence what Pillow and openpyxl warn of: odd metadata is no news, and we count pixels."""
    _quiet.enter()
    try:
        yield
    finally:
        _quiet.leave()
