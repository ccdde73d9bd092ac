"""One batch encoded in a thread of its own, while the next is read and decoded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from semsearch.collection.encoders import Encoder
from semsearch.vectors import Vectors

Progress = Callable[[int, int], None]


class Background:
    """A thread that encodes one batch at a time; leaving the `with` block gives the rest up."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._thread = ThreadPoolExecutor(1)
        self._given_up = threading.Event()

    def __enter__(self) -> Background:
        return self

    def __exit__(self, *_: object) -> None:
        # Somebody who presses Ctrl-C does not want to wait for the end of a batch.
        self._given_up.set()
        self._thread.shutdown(cancel_futures=True)

    def encode(self, prepared: Sequence[Any], on_progress: Progress) -> Future[Vectors]:
        """Begin with a batch; `on_progress` is called from the thread."""

        def told(done: int, total: int) -> None:
            if self._given_up.is_set():
                raise _GivenUp
            on_progress(done, total)

        return self._thread.submit(self._encoder.encode_prepared, prepared, told)


class _GivenUp(Exception):
    """Ends the thread between two steps of the network; nobody sees it."""
