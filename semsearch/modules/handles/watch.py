"""Connections are cut when next to nothing arrives: a byte now and then would keep one for ever."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self

LEAST = 64 << 10
"""Bytes that must arrive in each window of time; anything slower is given up."""


class Watch:
    """Shut the connections of one download down as soon as a window brings too little.

    A timeout of the socket alone ends only complete silence. `window` is in seconds.
    """

    def __init__(self, window: float) -> None:
        self.has_cut = False
        self._arrived = 0
        self._window = window
        self._sockets: list[socket.socket] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def add(self, connection: socket.socket) -> None:
        """Watch one more connection."""
        self._sockets.append(connection)
        if self.has_cut:
            self._cut()

    def saw_answer(self) -> None:
        """Note that a server has answered, which is worth a window of its own."""
        self._arrived += LEAST

    def saw(self, size: int) -> None:
        """Note that so many bytes of content have arrived."""
        self._arrived += size

    def _look(self) -> None:
        before = 0
        while not self._ended.wait(self._window):
            if self._arrived - before < LEAST:
                self.has_cut = True
                self._cut()
                return
            before = self._arrived

    def _cut(self) -> None:
        for connection in list(self._sockets):
            with suppress(OSError):
                # Whoever reads from it in another thread wakes up, even within TLS.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
