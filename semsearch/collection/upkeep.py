"""The verbs of a collection that look after it: what it holds, its index, its files."""

from __future__ import annotations

from typing import Any

from semsearch.collection import classifier as classifiers
from semsearch.collection import clustering as clusterings
from semsearch.collection.reencodable import Reencodable
from semsearch.store import CompactReport


class Upkeep(Reencodable):
    """What there is to know about a collection, and what keeps it in order."""

    def info(self) -> dict[str, Any]:
        """Return what there is to know about the collection, JSON-ready."""
        return {
            "name": self.name,
            "path": str(self.path),
            "rows": len(self),
            "modality": self.modality,
            "fields": self.fields,
            "dim": self.dim,
            "handle": self.handle,
            "module": self._store.space.card,
            "index": "exact",
            "recall": 1.0,
            "bytes": self._store.bytes_on_disk(),
            "clusterings": self._store.result_names(clusterings.KIND),
            "classifiers": self._store.result_names(classifiers.KIND),
        }

    def compact(self) -> CompactReport:
        """Drop what deleted items hold, join small files and shrink the database.

        Searches go on meanwhile; nothing else can be written.

        Raises:
            CollectionLocked: another process is writing, or reads and would not let go.
            StorageFull: there is no room to write the files anew; nothing was changed.
            CollectionDamaged: a file is not what was written.
        """
        with self._store.writing() as writer:
            return writer.compact()
