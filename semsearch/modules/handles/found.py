"""What every resolver is, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from semsearch.modules.handles.cache import Cache
from semsearch.modules.handles.contents import FileFact, below
from semsearch.modules.handles.entries import Entry
from semsearch.modules.handles.handle import Handle
from semsearch.modules.handles.policy import Policy


@dataclass(frozen=True)
class Found:
    """Say where a module lies, the name it is pinned under, where it came from, and its files."""

    path: Path
    name: str
    source: str
    files: tuple[FileFact, ...]


class Resolver(Protocol):
    """Turn the handles of one kind into files.

    `what` says which kind, and `missing` why a handle is not of it, in a few words for people.
    """

    @property
    def what(self) -> str:
        """Say what handles look like."""

    @property
    def missing(self) -> str:
        """Say what other handles lack."""

    def accepts(self, handle: Handle) -> bool:
        """Tell whether a handle is of this kind, by its form and by what lies on the disk."""

    def find(self, handle: Handle, policy: Policy) -> Found:
        """Return the module, pinned by its digest, fetching it once where needed.

        Raises:
            NotObtained: it cannot be had now.
            ModuleError: what is there is unfit.
            StorageError: the cache cannot be written.
        """


def found_in(cache: Cache, entry: Entry, folder: str) -> Found:
    """Return the module in a folder, given relative, of an entry of the cache."""
    path = cache.content(entry) / folder
    return Found(path, entry.handle, entry.source, below(entry.files, folder))
