"""The verbs of a collection that look after it: what it holds, its index, its files."""

from __future__ import annotations

from typing import Any

from semsearch.collection import classifier as classifiers
from semsearch.collection import clustering as clusterings
from semsearch.collection.facts import files_by_kind, index_facts
from semsearch.collection.indexed import Indexed
from semsearch.collection.reencodable import Reencodable
from semsearch.store import CompactReport


class Upkeep(Reencodable, Indexed):
    """What there is to know about a collection, and what keeps it in order."""

    def info(self) -> dict[str, Any]:
        """Return what there is to know about the collection, JSON-ready."""
        seen = self._view.now()
        space = seen.snapshot.space
        files = files_by_kind(self._store.folder)
        return {
            "name": self.name,
            "path": str(self.path),
            "rows": seen.view.n_live,
            "deleted_rows": len(seen.snapshot.every) - seen.view.n_live,
            "modality": self.modality,
            "fields": self.fields,
            "dim": space.dim,
            "handle": space.handle,
            "module": space.card,
            **index_facts(seen, self._indexes.record(space.id)),
            "bytes": sum(kind["bytes"] for kind in files.values()),
            "files": files,
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
