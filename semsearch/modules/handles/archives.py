"""Modules in archives on this machine, and what is done with any archive once it is here."""

from __future__ import annotations

import shutil
from pathlib import Path

from semsearch.errors import ModuleError
from semsearch.fsio import digest_of, make_folder, publish
from semsearch.modules.handles.attempts import NotObtained
from semsearch.modules.handles.cache import Cache, Fetched, Request
from semsearch.modules.handles.contents import files_in, the_module_in
from semsearch.modules.handles.found import Found, found_in
from semsearch.modules.handles.handle import Handle
from semsearch.modules.handles.policy import Policy
from semsearch.modules.handles.unpack import CHUNK, is_archive, unpack

SUFFIXES = (".tar.gz", ".tgz", ".tar", ".zip")


class ArchiveResolver:
    """Take a module out of a local archive; the unpacked files stay in the cache."""

    what = f"an archive with a module ({', '.join(SUFFIXES)})"
    missing = "nothing lies at this path"

    def accepts(self, handle: Handle) -> bool:
        """Tell whether a handle is the path of an archive, or one that was used before."""
        if "://" in handle.source or not handle.source.endswith(SUFFIXES):
            return False
        path = local_path(handle.source)
        return path.is_file() or (not path.exists() and Cache().folder(str(path)).exists())

    def find(self, handle: Handle, policy: Policy) -> Found:
        """Return the one module in an archive, unpacked now if it is new or has changed.

        Raises:
            ModuleError: it is no archive, is damaged or unsafe, or holds not exactly one module.
        """
        path = local_path(handle.source)
        pinned = handle.options.get("sha256")

        def fetch(content: Path, work: Path) -> Fetched:
            if not path.is_file():
                raise NotObtained(f"the archive {str(path)!r} is gone", "put it back")
            # The archive may be exchanged at any time: what is unpacked is what is hashed.
            copy = _copied(path, work)
            sha256 = unpack_fetched(copy, content, work, what=str(path), pinned=pinned)
            the_module_in(list(files_in(content)), repr(str(path)))
            return Fetched(str(path), sha256)

        # An archive that has changed since is noticed; one that is gone has been kept.
        wanted = _digest(path) if path.is_file() else pinned
        cache = Cache()
        request = Request(str(path), fetch, archive=wanted, is_local=True)
        if pinned not in (None, wanted):
            raise _other_archive(str(path), str(wanted), str(pinned))
        entry = cache.keep(request, policy)
        return found_in(cache, entry, entry.module or ".")


def local_path(source: str) -> Path:
    """Return the absolute path that a source names, `~` expanded.

    Links are not followed: what a name gave is compared even if it leads elsewhere by now.
    """
    try:
        return Path(source).expanduser().absolute()
    except (RuntimeError, OSError, ValueError):
        return Path(source)


def unpack_fetched(
    archive: Path, content: Path, work: Path, *, what: str, pinned: str | None
) -> str:
    """Unpack an archive into `content` and return its SHA-256 (hex), compared with a pin before.

    Raises:
        NotObtained: it is no archive, but perhaps a page that says why.
        ModuleError: it is another archive than the pinned one, damaged or unsafe.
    """
    sha256 = _digest(archive)
    if pinned not in (None, sha256):
        raise _other_archive(what, sha256, str(pinned))
    if not is_archive(archive):
        raise NotObtained(
            f"what came from {what!r} is no archive (it begins with {_start(archive)!r})",
            "a module is packed as zip, tar or tar.gz: check the handle",
        )
    unpack(archive, content, scratch=work / "scratch", what=f"the archive of {what!r}")
    return sha256


def _other_archive(what: str, sha256: str, pinned: str) -> ModuleError:
    return ModuleError(
        f"the archive of {what!r} has the SHA-256 {sha256}, but the handle pins {pinned}",
        "do not use it unless you know why it differs; then correct the #sha256= of the handle",
    )


def _copied(path: Path, work: Path) -> Path:
    make_folder(work)
    try:
        archive = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from error
    with archive:
        # An error while copying is more likely the disk's that is written to.
        publish(
            lambda out: shutil.copyfileobj(archive, out, CHUNK),
            scratch=work,
            place=lambda _: work / "archive",
        )
    return work / "archive"


def _digest(path: Path) -> str:
    try:
        return digest_of(path)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> ModuleError:
    return ModuleError(
        f"the archive {str(path)!r} cannot be read ({error.strerror})", "check its permissions"
    )


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(16)
