"""The collections of one folder, opened once and kept: the only door from the web to the engine."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from PIL import Image

from semsearch.collection import Collection, shelf
from semsearch.errors import CollectionNotFound, SemsearchError

logger = logging.getLogger(__name__)

Made = TypeVar("Made")
Identity = tuple[int, int]


@dataclass
class _Open:
    collection: Collection
    identity: Identity
    writing: threading.Lock = field(default_factory=threading.Lock)
    made: dict[str, tuple[int, object]] = field(default_factory=dict)


class Library:
    """Opens collections by name, keeps them open, and notices folders that come, go or change.

    Every method may be called from any thread.
    """

    def __init__(self, indexes: Path) -> None:
        self.indexes = indexes
        self.models: dict[str, str] = {}
        self._open: dict[str, _Open] = {}
        self._lock = threading.Lock()
        self._warmed = threading.Event()
        self._closed = threading.Event()

    def names(self) -> list[str]:
        """Return the names of the collections that stand in the folder now, sorted."""
        return sorted(shelf.collection_names(self.indexes))

    def get(self, name: str) -> Collection:
        """Return the open collection of this name; CollectionNotFound names those there are."""
        return self._entry(name).collection

    @contextmanager
    def writing(self, name: str) -> Iterator[Collection]:
        """Let one request of this server at a time write to a collection; others wait."""
        entry = self._entry(name)
        with entry.writing:
            yield entry.collection

    def made(self, name: str, what: str, make: Callable[[Collection], Made]) -> tuple[int, Made]:
        """Return the collection's version and `make(collection)`, kept until it changes."""
        entry = self._entry(name)
        version = entry.collection.version
        known = entry.made.get(what)
        if known is None or known[0] != version:
            known = (version, make(entry.collection))
            entry.made[what] = known
        return known  # type: ignore[return-value] # what was kept under `what` was made by `make`

    def close(self) -> None:
        """Close every collection, and let what is warming up end there."""
        self._closed.set()
        with self._lock:
            for entry in self._open.values():
                entry.collection.close()
            self._open.clear()

    def _entry(self, name: str) -> _Open:
        # A name from a request reaches the file system only when it is one of the names there.
        if name not in self.names():
            self._forget(name)
            raise self._not_found(name)
        identity = self._identity(name)
        with self._lock:
            entry = self._open.get(name)
            if entry is None or entry.identity != identity:
                # One that was replaced is left to requests that still read it, and then collected.
                entry = _Open(shelf.open_collection(self.indexes, name), identity)
                self._open[name] = entry
            return entry

    def _identity(self, name: str) -> Identity:
        try:
            found = (self.indexes / name).stat()
        except FileNotFoundError:
            raise self._not_found(name) from None
        return found.st_dev, found.st_ino

    def _forget(self, name: str) -> None:
        with self._lock:
            self._open.pop(name, None)

    def _not_found(self, name: str) -> CollectionNotFound:
        known = ", ".join(self.names())
        return CollectionNotFound(
            f"no collection named {name!r}",
            f"there are: {known}" if known else "make one with: semsearch demo --no-serve",
        )

    # -- warming up: the first search of the day should not wait for TensorFlow --

    @property
    def is_warm(self) -> bool:
        """Tell whether every module that was there at the start is loaded, or has failed to."""
        return self._warmed.is_set()

    def warm_up(self) -> None:
        """Search each collection once, so that its module is loaded; end early where it closes."""
        for name in self.names():
            if self._closed.is_set():
                return
            try:
                self._warm(name)
            except (SemsearchError, ValueError) as error:
                if self._closed.is_set():  # under way, and no fault of the collection
                    return
                self.models[name] = "failed"
                logger.warning("cannot warm up %s: %s", name, error)
        self._warmed.set()

    def start_warming(self) -> threading.Thread:
        """Warm up in a thread of its own."""
        thread = threading.Thread(target=self.warm_up, name="warm-up", daemon=True)
        thread.start()
        return thread

    def _warm(self, name: str) -> None:
        self.models[name] = "loading"
        collection = self.get(name)
        if collection.modality == "text":
            collection.search("warming up", k=1)
        elif collection.modality == "image":
            collection.search(image=Image.new("RGB", (64, 64), "white"), k=1)
        self.models[name] = "loaded"
