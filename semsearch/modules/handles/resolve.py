"""From a handle to the files of its module, by a chain of small resolvers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from semsearch.errors import ModuleError
from semsearch.modules.handles.archives import ArchiveResolver
from semsearch.modules.handles.attempts import NotObtained, failure
from semsearch.modules.handles.cache import cache_root
from semsearch.modules.handles.contents import digest_over, facts_of, size_of
from semsearch.modules.handles.found import Found, Resolver
from semsearch.modules.handles.handle import Handle
from semsearch.modules.handles.hub import HubResolver
from semsearch.modules.handles.local import FolderResolver
from semsearch.modules.handles.packages import NPM, PYPI
from semsearch.modules.handles.pins import Pins
from semsearch.modules.handles.policy import Policy
from semsearch.modules.handles.web import AddressResolver

RESOLVERS: tuple[Resolver, ...] = (
    FolderResolver(),
    ArchiveResolver(),
    PYPI,
    NPM,
    HubResolver(),
    AddressResolver(),
)

PATHS = ("/", "./", "../", "~")


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


def resolve(
    handle: Handle, policy: Policy, *, resolvers: Sequence[Resolver] = RESOLVERS
) -> Resolved:
    """Find the files of a single module, fetching them once where needed.

    Every file is verified against what was fetched, and the content against what the handle gave
    at its first use. `policy.trust` remembers that this content may do what it wants.

    Raises:
        ModuleError: it cannot be had, is damaged, or is not what was pinned.
        StorageError: the cache cannot be written.
    """
    found = _found(handle, policy, resolvers)
    digest = digest_over(found.files)
    pins = Pins(cache_root())
    if policy.trust:
        pins.trust(digest, found.name)
    return Resolved(
        handle, found.path, found.source, digest, size_of(found.files), pins.is_trusted(digest)
    )


def check_unchanged(parts: Iterable[Resolved]) -> None:
    """Raise a ModuleError unless the files are still those that were resolved."""
    for part in parts:
        if digest_over(facts_of(part.path)) != part.digest:
            raise ModuleError(
                f"the files of the module {part.handle.text!r} have changed since they were"
                " checked",
                "load the module again",
            )


def _found(handle: Handle, policy: Policy, resolvers: Sequence[Resolver]) -> Found:
    for resolver in resolvers:
        if resolver.accepts(handle):
            return resolver.find(handle, policy)
    # The first two look at paths, and what begins like one can be nothing else.
    meant = resolvers[:2] if handle.source.startswith(PATHS) else resolvers
    kinds = [(resolver.what, NotObtained(resolver.missing)) for resolver in meant]
    raise failure(f"the module {handle.text!r}", kinds, "write it in one of these ways")
