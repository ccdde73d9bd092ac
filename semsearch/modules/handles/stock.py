"""What is in the cache of modules: list it, add to it, verify it, take from it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from semsearch.errors import ModuleError, StorageError
from semsearch.modules.handles.archives import SUFFIXES, local_path
from semsearch.modules.handles.cache import Cache
from semsearch.modules.handles.entries import DamagedEntry, Entry, intact_entry, read_entry
from semsearch.modules.handles.handle import parse_handle


@dataclass(frozen=True)
class CachedModule:
    """One fetched module or package: `size` in bytes, `added` as ISO 8601 in UTC.

    `digest` is that of the module inside, or of all files where there is not exactly one.
    """

    handle: str
    source: str
    path: Path
    size: int
    digest: str
    added: str
    is_trusted: bool


@dataclass(frozen=True)
class Finding:
    """What verifying found out about one module: what is wrong with it, or None."""

    handle: str
    problem: str | None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, ready for JSON."""
        return asdict(self)


def cached_modules() -> list[CachedModule]:
    """Return what is in the cache, by name; only completeness files are read.

    Entries without a readable one are left out: `verify_cached` names them.
    """
    cache = Cache()
    modules = []
    for folder in cache.entries():
        try:
            modules.append(_described(cache, read_entry(folder)))
        except DamagedEntry:
            continue
    return modules


def verify_cached(handle: str | None = None) -> list[Finding]:
    """Compare every file of one entry, or of all, with what was fetched; nothing is mended.

    Raises:
        ModuleError: `handle` is not in the cache.
    """
    cache = Cache()
    folders = cache.entries() if handle is None else [_folder(cache, handle)]
    return [found for folder in folders if (found := _verified(cache, folder)) is not None]


def forget(handle: str) -> None:
    """Remove a module from the cache, and what is remembered about it: its digest and the trust.

    Raises:
        ModuleError: it is not in the cache.
        StorageError: the disk refuses.
    """
    cache = Cache()
    folder = _folder(cache, handle)
    source = _source(handle)
    with cache.alone(folder):
        try:
            digest = read_entry(folder).digest
        except DamagedEntry:
            digest = None
        cache.remove(source)
        cache.pins.forget(source, digest)


def _described(cache: Cache, entry: Entry) -> CachedModule:
    return CachedModule(
        handle=entry.handle,
        source=entry.source,
        path=cache.content(entry) / (entry.module or "."),
        size=entry.size,
        digest=entry.digest,
        added=entry.when,
        is_trusted=cache.pins.is_trusted(entry.digest),
    )


def _verified(cache: Cache, folder: Path) -> Finding | None:
    """Return what is found out about an entry, or None where it is gone."""
    finding = _compared(cache, folder)
    if finding.problem is None:
        return finding
    # Another process may be at it. Where no lock can be had, none is.
    with suppress(StorageError), cache.alone(folder):
        return _compared(cache, folder) if folder.is_dir() else None
    return finding


def _compared(cache: Cache, folder: Path) -> Finding:
    try:
        entry = intact_entry(folder)
    except DamagedEntry as error:
        return Finding(_handle_of(folder), str(error))
    try:
        pinned = cache.pins.digest(entry.handle)
    except ModuleError as error:
        return Finding(entry.handle, error.problem)
    if pinned not in (None, entry.digest, entry.replaces):
        return Finding(
            entry.handle, f"its digest is {entry.digest}, but {pinned} was met at its first use"
        )
    return Finding(entry.handle, None)


def _handle_of(folder: Path) -> str:
    try:
        return read_entry(folder).handle
    except DamagedEntry:
        return folder.name


def _source(handle: str) -> str:
    source = parse_handle(handle).source
    is_path = source.endswith(SUFFIXES) and "://" not in source
    return str(local_path(source)) if is_path else source


def _folder(cache: Cache, handle: str) -> Path:
    folder = cache.folder(_source(handle))
    if not folder.is_dir():
        raise ModuleError(
            f"the module {handle!r} is not in the cache {str(cache.root)!r}",
            "list what is there with: semsearch modules list",
        )
    return folder
