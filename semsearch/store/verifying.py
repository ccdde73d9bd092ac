"""Each process compares the vector files it maps with their digests, large ones while it searches.

A wrong byte in a vector would only give another ranking, and nobody would notice.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterable

import apsw

from semsearch import fsio
from semsearch.errors import CollectionDamaged
from semsearch.store.folder import Folder
from semsearch.store.schema import Space
from semsearch.store.segments import Segment, map_verified, read_entries

logger = logging.getLogger(__name__)

AT_ONCE = 64 * 2**20
"""Bytes that are compared before they are used; they take 45 ms. What is more is compared by a
thread meanwhile, so that opening a collection of any size stays quick."""


class Verification:
    """Which vector files have shown their digest to this process, and which one did not."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._seen: set[str] = set()
        self._waiting: deque[str] = deque()
        self._wrong: CollectionDamaged | None = None
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def check(self) -> None:
        """Raise `CollectionDamaged` once a file was found not to have its digest."""
        if self._wrong is not None:
            raise CollectionDamaged(self._wrong.problem, self._wrong.remedy)

    def look_at(self, segments: Iterable[Segment]) -> None:
        """Compare the files that were not seen before, at once or in a thread.

        Raises:
            CollectionDamaged: a file does not have its digest.
        """
        with self._guard:
            new = [segment for segment in segments if segment.sha256 not in self._seen]
            self._seen.update(segment.sha256 for segment in new)
            if sum(segment.vectors.nbytes for segment in new) > AT_ONCE:
                self._waiting.extend(segment.sha256 for segment in new)
                self._start()
                return
        for segment in new:
            self._compare(segment.sha256)
        self.check()

    def close(self) -> None:
        """Let the thread end after the file it is at."""
        self._is_closed = True
        self._waiting.clear()

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(
                target=self._compare_waiting, name="semsearch-verification", daemon=True
            )
            self._thread.start()

    def _compare_waiting(self) -> None:
        while not self._is_closed:
            with self._guard:
                if not self._waiting:
                    self._thread = None
                    return
                sha256 = self._waiting.popleft()
            self._compare(sha256)

    def _compare(self, sha256: str) -> None:
        path = self._folder.segment(sha256)
        try:
            is_right = fsio.digest_of(path) == sha256
        except FileNotFoundError:
            return  # merged away meanwhile; its rows stand in another file
        except OSError as error:
            logger.warning("%s cannot be read: %s", path, error)
            is_right = False
        if not is_right:
            self._wrong = CollectionDamaged(
                f"the vector segment {path.name[:12]} in {str(self._folder.path)!r} does not hold"
                " what was written",
                "run `semsearch check --full`, and restore the collection from a backup",
            )
            logger.error(self._wrong.problem)


def verify_space(folder: Folder, connection: apsw.Connection, space: Space) -> None:
    """Compare every file of a vector space that is not searched yet, before it is switched to.

    Raises:
        CollectionDamaged: one does not hold what was written.
    """
    for entry in read_entries(connection, space.id):
        try:
            map_verified(folder, entry, space.dim)
        except CollectionDamaged as error:
            if entry in read_entries(connection, space.id):  # else it was merged away meanwhile
                raise CollectionDamaged(
                    error.problem,
                    "nothing was switched: drop those vectors with `semsearch reencode NAME"
                    " --drop-old` or --abandon, or restore a backup",
                ) from error
