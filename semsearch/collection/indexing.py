"""Which FAISS index a search uses: the file that belongs to the current space, checked."""

from __future__ import annotations

from semsearch.collection.searching import LoadedIndex
from semsearch.store import Snapshot, Store


class IndexFiles:
    """The index of a collection as the catalogue names it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def index_for(self, snapshot: Snapshot, held: LoadedIndex | None) -> LoadedIndex | None:
        """Return the index to search `snapshot` with, None for an exact search."""
        return None
