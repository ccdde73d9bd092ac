"""Every error that semsearch raises on purpose, drawn as one tree.

    SemsearchError
    ├── SourceError              a source cannot be read as items
    ├── ModuleError              a handle is unknown, or a module cannot be loaded
    │   └── ContentError         a module refuses one text or one image
    ├── CollectionError          something about a stored collection
    │   ├── CollectionNotFound
    │   ├── CollectionExists
    │   ├── CollectionDamaged
    │   │   └── IndexDamaged     the file of an index is not what was written
    │   ├── CollectionLocked     another process is writing
    │   ├── CollectionSwitched   vectors of another module are searched by now
    │   ├── FormatTooNew         written by a newer semsearch
    │   ├── IndexBuildFailed     the process that builds an index ended without one
    │   │   └── IndexBuildStopped    it was told to
    │   ├── KeyNotFound          no stored item has this key
    │   └── ResultNotFound       no stored clustering or classifier has this name
    ├── QueryError               a filter or query cannot be understood
    └── StorageError             the disk or the file system refused a write
        └── StorageFull          it has no room for more bytes

A caller's slip (k=0, an array of the wrong shape) is a ValueError or a TypeError instead.
"""

from __future__ import annotations

from typing import Any, ClassVar


def shortened(value: Any, width: int = 60) -> str:
    """Return how `value` is written, for a message: cut in the middle where it is longer."""
    text = repr(value)
    half = (width - 3) // 2
    return text if len(text) <= width else f"{text[:half]}...{text[-half:]}"


class SemsearchError(Exception):
    """Tell in one sentence what went wrong with what, and what to do.

    `problem` names the thing and the reason, `remedy` the next step; `code` is stable and meant
    for programs.
    """

    code: ClassVar[str] = "error"

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(f"{problem}; {remedy}" if remedy else problem)
        self.problem = problem
        self.remedy = remedy


class SourceError(SemsearchError):
    """Raised when a file, folder or object cannot be read as items."""

    code = "source"


class ModuleError(SemsearchError):
    """Raised when a handle is unknown or its module cannot be loaded."""

    code = "module"


class ContentError(ModuleError):
    """Raised when a module refuses one text or one image."""

    code = "content"


class CollectionError(SemsearchError):
    """Raised when a collection cannot do what was asked."""

    code = "collection"


class CollectionNotFound(CollectionError):
    """Raised when no collection stands under a name or path."""

    code = "collection-not-found"


class CollectionExists(CollectionError):
    """Raised when a collection would be created over an existing one."""

    code = "collection-exists"


class CollectionDamaged(CollectionError):
    """Raised when stored bytes are missing or are not what was written."""

    code = "collection-damaged"


class IndexDamaged(CollectionDamaged):
    """Raised when an index file is missing or is not what was written; it can be rebuilt."""

    code = "index-damaged"


class CollectionLocked(CollectionError):
    """Raised when another process holds the writer's lock."""

    code = "collection-locked"


class CollectionSwitched(CollectionError):
    """Raised when a collection was switched to the vectors of another module meanwhile."""

    code = "collection-switched"


class FormatTooNew(CollectionError):
    """Raised when a collection was written by a newer semsearch."""

    code = "format-too-new"


class IndexBuildFailed(CollectionError):
    """Raised when the process that builds an index ended without one; search goes on without."""

    code = "index-build"


class IndexBuildStopped(IndexBuildFailed):
    """Raised when the process that builds an index was told to stop."""

    code = "index-build-stopped"


class KeyNotFound(CollectionError):
    """Raised when no stored item has the key."""

    code = "key-not-found"


class ResultNotFound(CollectionError):
    """Raised when no clustering or classifier of this name is stored."""

    code = "result-not-found"


class QueryError(SemsearchError):
    """Raised when a filter or a query cannot be understood.

    Where one place of it is wrong, `query` is what was asked and `position` the index there, from
    0, of the first character at fault; its length where something is missing at the end.
    """

    code = "query"

    def __init__(
        self,
        problem: str,
        remedy: str = "",
        *,
        query: str | None = None,
        position: int | None = None,
    ) -> None:
        super().__init__(problem, remedy)
        self.query = query
        self.position = position


class StorageError(SemsearchError):
    """Raised when a file cannot be written; nothing of the batch was stored."""

    code = "storage"


class StorageFull(StorageError):
    """Raised when the disk is full; nothing of the batch was stored."""

    code = "storage-full"
