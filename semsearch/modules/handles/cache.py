"""The folder of fetched modules: whole entries only, each with the digests of its files."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import platformdirs

from semsearch.errors import ModuleError
from semsearch.fsio import disk_errors, make_folder, remove_tree, rename
from semsearch.modules.handles.attempts import NotObtained
from semsearch.modules.handles.contents import facts_of, make_durable
from semsearch.modules.handles.entries import (
    COMPLETE,
    CONTENT,
    DamagedEntry,
    Entry,
    intact_entry,
)
from semsearch.modules.handles.locks import held, held_if_free
from semsearch.modules.handles.pins import Pins, name_of, now, sweep_records, write_record
from semsearch.modules.handles.policy import Policy
from semsearch.modules.handles.versions import make_current

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
        return self.folder(entry.handle) / entry.content

    def keep(self, request: Request, policy: Policy) -> Entry:
        """Return the intact entry that was asked for, fetched now if need be.

        Raises:
            ModuleError: it is not here and may not be fetched, or is not what was pinned.
            NotObtained: it could not be fetched.
            StorageError: the disk refuses.
        """
        if not policy.update:
            # Without the lock at first, so that a cache that cannot be written to can be read.
            entry, _ = self._state(request)
            if entry is not None and self.pins.digest(entry.handle) == entry.digest:
                return entry
        with held(self._lock_of(name_of(request.source))):
            entry, fault = self._state(request)
            if entry is None or policy.update:
                self._refuse_offline(request, policy, fault)
                entry = self._fetch(request, policy, fault)
            # Last of all: a process that is killed before leaves it to the next one.
            replaced = entry.replaces
            self.pins.agree(entry.handle, entry.digest, update=policy.update, replaces=replaced)
            return entry

    def entries(self) -> list[Path]:
        """Return the folders of all entries, damaged ones too, sorted by name."""
        folder = self.root / "entries"
        if not folder.is_dir():
            return []
        return sorted(path for path in folder.iterdir() if not path.name.endswith(PART))

    @contextmanager
    def alone(self, folder: Path) -> Iterator[None]:
        """Keep other processes away from the entry in a folder.

        Raises:
            StorageError: the lock's file cannot be made.
        """
        with held(self._lock_of(folder.name)):
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

    def _state(self, request: Request) -> tuple[Entry | None, str]:
        """Return the entry if it is whole and what was asked for, or what is wrong with it."""
        try:
            entry = intact_entry(self.folder(request.source))
        except DamagedEntry as error:
            return None, str(error)
        if request.archive in (None, entry.archive):
            return entry, ""
        other = f"the SHA-256 {entry.archive}, not {request.archive}"
        return None, f"it came out of an archive with {other}"

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

    def _fetch(self, request: Request, policy: Policy, fault: str) -> Entry:
        self._sweep(request.source)
        part = self._part(request.source)
        try:
            make_folder(part / CONTENT)
            fetched = request.fetch(part / CONTENT, part / "work")
            entry = self._prepared(request, fetched, part, policy)
            make_current(part, self.folder(request.source), entry)
            return entry
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

    def _prepared(self, request: Request, fetched: Fetched, part: Path, policy: Policy) -> Entry:
        """Make a whole entry of what was fetched into `part`, if it may become the current one."""
        with disk_errors(part):
            remove_tree(part / "work")
            make_durable(part / CONTENT)
        files = facts_of(part / CONTENT)
        entry = Entry(request.source, fetched.source, fetched.archive, now(), files)
        if policy.update:
            entry = replace(entry, replaces=self._pinned(entry.handle))
        else:
            self.pins.check(entry.handle, entry.digest)
        is_trusted = self.pins.is_trusted(entry.digest)
        policy.agree_to(part / CONTENT / (entry.module or "."), is_trusted=is_trusted)
        rename(part / CONTENT, part / entry.content)
        write_record(self.root, part / COMPLETE, entry.as_dict())
        return entry

    def _pinned(self, source: str) -> str | None:
        """Return what an update gives up; one that cannot be read it gives up too."""
        try:
            return self.pins.digest(source)
        except ModuleError:
            return None

    def _sweep(self, source: str) -> None:
        """Remove what killed processes left behind: nobody holds the lock of such an entry."""
        sweep_records(self.root)
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

    def _lock_of(self, name: str) -> Path:
        return self.root / "locks" / f"{name}.lock"
