"""The folder of fetched modules: whole entries only, each with the digests of its files."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from semsearch.errors import ModuleError
from semsearch.fsio import disk_errors, make_folder, remove_tree, rename, sync_folder
from semsearch.modules.handles.attempts import NotObtained
from semsearch.modules.handles.contents import facts_of, make_durable
from semsearch.modules.handles.entries import (
    COMPLETE,
    CONTENT,
    DamagedEntry,
    Entry,
    intact_entry,
    read_entry,
)
from semsearch.modules.handles.locks import held, held_if_free
from semsearch.modules.handles.pins import Pins, name_of, now, write_record
from semsearch.modules.handles.policy import Policy

CACHE = "SEMSEARCH_MODULES"
PART = ".part"


def cache_root() -> Path:
    """Return the folder of fetched modules: SEMSEARCH_MODULES, or one in the user's cache."""
    named = os.environ.get(CACHE)
    if named:
        return Path(named).expanduser().absolute()
    return platformdirs.user_cache_path("semsearch") / "modules"


@dataclass(frozen=True)
class Fetched:
    """Say where what was fetched came from, and the SHA-256 (hex) of its archive if it is known."""

    source: str
    archive: str | None


@dataclass(frozen=True)
class Request:
    """Ask for an entry: the source part of a handle, and how its content is fetched.

    `fetch` fills the folder that it is given with the content; a folder beside it, removed
    afterwards, takes whatever else it needs. `archive` is the SHA-256 that the archive must have,
    None for any. `is_local` says that fetching needs no network.
    """

    source: str
    fetch: Callable[[Path, Path], Fetched]
    archive: str | None = None
    is_local: bool = False


class Cache:
    """Keep fetched modules under one root, safe against kills, damage and other processes."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or cache_root()
        self.pins = Pins(self.root)

    def folder(self, source: str) -> Path:
        """Return where the entry of a source stands, or would."""
        return self.root / "entries" / name_of(source)

    def content(self, entry: Entry) -> Path:
        """Return the folder with an entry's files."""
        return self.folder(entry.handle) / CONTENT

    def keep(self, request: Request, policy: Policy) -> Entry:
        """Return the intact entry that was asked for, fetched now if need be.

        Raises:
            ModuleError: it is not here and may not be fetched, or is not what was pinned.
            NotObtained: it could not be fetched.
            StorageError: the disk refuses.
        """
        # Without the lock at first, so that a cache that cannot be written to can still be read.
        if self._fault(request) or policy.update:
            with held(self._lock(request.source)):
                fault = self._fault(request)
                if fault or policy.update:
                    self._refuse_offline(request, policy, fault)
                    self._fetch(request, policy, fault)
        entry = self._intact(request)
        self.pins.agree(entry.handle, entry.digest, update=False)
        return entry

    def entries(self) -> list[Path]:
        """Return the folders of all entries, damaged ones too, sorted by name."""
        folder = self.root / "entries"
        if not folder.is_dir():
            return []
        return sorted(path for path in folder.iterdir() if not path.name.endswith(PART))

    @contextmanager
    def alone(self, source: str) -> Iterator[None]:
        """Keep other processes away from the entry of a source."""
        with held(self._lock(source)):
            yield

    def remove(self, source: str) -> None:
        """Remove the entry of a source, if there is one, while its lock is held.

        Raises:
            StorageError: the disk refuses.
        """
        folder = self.folder(source)
        if folder.exists():
            part = self._part(source)
            rename(folder, part)
            with disk_errors(part):
                remove_tree(part)

    def _fault(self, request: Request) -> str:
        try:
            entry = intact_entry(self.folder(request.source))
        except DamagedEntry as error:
            return str(error)
        if request.archive in (None, entry.archive):
            return ""
        return f"it came out of an archive with the SHA-256 {entry.archive}, not {request.archive}"

    def _intact(self, request: Request) -> Entry:
        try:
            return read_entry(self.folder(request.source))
        except DamagedEntry as error:
            raise ModuleError(
                f"the module {request.source!r} was changed by another process ({error})",
                "try again",
            ) from error

    def _refuse_offline(self, request: Request, policy: Policy, fault: str) -> None:
        if not policy.offline or request.is_local:
            return
        remedy = f"while online, run: semsearch modules add {request.source!r}"
        if not self.folder(request.source).exists():
            raise ModuleError(
                f"the module {request.source!r} is not in the cache {str(self.root)!r}, and"
                " semsearch is offline",
                remedy,
            )
        state = f"is damaged: {fault}" if fault else "cannot be updated"
        raise ModuleError(
            f"the module {request.source!r} in the cache {state}; it cannot be fetched again"
            " because semsearch is offline",
            remedy,
        )

    def _fetch(self, request: Request, policy: Policy, fault: str) -> None:
        self._sweep(request.source)
        part = self._part(request.source)
        try:
            make_folder(part / CONTENT)
            fetched = request.fetch(part / CONTENT, part / "work")
            self._complete(request, fetched, part, policy)
        except NotObtained as error:
            if not fault or not self.folder(request.source).exists():
                raise
            raise NotObtained(
                f"the module {request.source!r} in the cache is damaged ({fault}) and could not be"
                f" fetched again: {error.problem}",
                error.remedy,
            ) from error
        finally:
            with disk_errors(part):
                remove_tree(part)

    def _complete(self, request: Request, fetched: Fetched, part: Path, policy: Policy) -> None:
        with disk_errors(part):
            remove_tree(part / "work")
            make_durable(part / CONTENT)
        files = facts_of(part / CONTENT)
        entry = Entry(request.source, fetched.source, fetched.archive, now(), files)
        self.pins.agree(entry.handle, entry.digest, update=policy.update)
        write_record(self.root, part / COMPLETE, entry.as_dict())
        with disk_errors(part):
            sync_folder(part)
        self.remove(request.source)
        rename(part, self.folder(request.source))

    def _sweep(self, source: str) -> None:
        """Remove what killed processes left behind: nobody holds the lock of such an entry."""
        for part in (self.root / "entries").glob(f".*{PART}"):
            name = part.name.removeprefix(".").rsplit(".", 2)[0]
            if name == name_of(source):
                self._discard(part)
                continue
            with held_if_free(self._lock_of(name)) as is_free:
                if is_free:
                    self._discard(part)

    def _discard(self, part: Path) -> None:
        # A client that a killed process had started may still write there: the next fetch tries
        # again.
        with suppress(OSError):
            remove_tree(part)

    def _part(self, source: str) -> Path:
        return self.root / "entries" / f".{name_of(source)}.{uuid.uuid4().hex}{PART}"

    def _lock(self, source: str) -> Path:
        return self._lock_of(name_of(source))

    def _lock_of(self, name: str) -> Path:
        return self.root / "locks" / f"{name}.lock"
