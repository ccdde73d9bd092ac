"""From a handle to the files of its module, by a chain of small resolvers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from semsearch.errors import ModuleError
from semsearch.modules.handles.handle import Handle
from semsearch.modules.handles.policy import Policy


@dataclass(frozen=True)
class Resolved:
    """Say where the files of a module lie, and what they are.

    `path` is the module's folder or its `.keras` file, `source` where it came from, for the card.
    `digest` is the SHA-256 (hex) over its files, `size` their bytes. `is_trusted` tells whether
    the user has agreed to this very content.
    """

    handle: Handle
    path: Path
    source: str
    digest: str
    size: int
    is_trusted: bool


def resolve(handle: Handle, policy: Policy) -> Resolved:
    """Find the files of a single module, fetching them once where needed.

    Raises:
        ModuleError: it cannot be had, is damaged, or is not what was pinned.
        StorageError: the cache cannot be written.
    """
    raise ModuleError(f"the module {handle.text!r} cannot be resolved yet", "")
