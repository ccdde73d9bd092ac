"""Modules in folders on this machine, which are used where they lie."""

from __future__ import annotations

from pathlib import Path

from semsearch.errors import ModuleError
from semsearch.modules.handles.archives import SUFFIXES, local_path
from semsearch.modules.handles.cache import cache_root
from semsearch.modules.handles.contents import (
    HOLDS,
    KERAS,
    TEXT_FORM,
    digest_over,
    facts_of,
    is_module,
)
from semsearch.modules.handles.found import Found
from semsearch.modules.handles.handle import Handle
from semsearch.modules.handles.pins import Pins
from semsearch.modules.handles.policy import Policy


class FolderResolver:
    """Use a module's folder, or a Keras model in one file, in place."""

    what = f"a folder with a module, or a {KERAS} file"
    missing = "nothing lies at this path"

    def accepts(self, handle: Handle) -> bool:
        """Tell whether a handle is the path of something, but not of an archive."""
        if not handle.source or "://" in handle.source:
            return False
        path = local_path(handle.source)
        return path.is_dir() or (path.exists() and not handle.source.endswith(SUFFIXES))

    def find(self, handle: Handle, policy: Policy) -> Found:
        """Return the folder or file itself.

        Raises:
            ModuleError: it holds no module, cannot be read, or is not the pinned one.
            StorageError: the cache, which keeps the pin, cannot be written.
        """
        named = local_path(handle.source)
        path = named.resolve()
        if fault := _fault(path):
            raise ModuleError(fault, HOLDS)
        files = facts_of(path)
        digest = files[0].sha256 if path.is_file() else digest_over(files)
        pinned = handle.options.get("sha256")
        if pinned not in (None, digest):
            raise ModuleError(
                f"{str(path)!r} has the SHA-256 {digest}, but the handle pins {pinned}",
                "do not use it unless you know why it differs",
            )
        pins = Pins(cache_root())
        policy.agree_to(path, is_trusted=pins.is_trusted(digest_over(files)))
        pins.agree(str(named), digest_over(files), update=policy.update)
        return Found(path, str(named), str(path), files)


def _fault(path: Path) -> str:
    """Return in a clause why there is no module at a path, or nothing."""
    if path.is_dir():
        try:
            return _fault_of_folder(path, {one.name for one in path.iterdir()})
        except OSError as error:
            return f"the folder {str(path)!r} cannot be read ({error.strerror})"
    if path.is_file() and path.suffix == KERAS:
        return ""
    return f"{str(path)!r} is a plain file, neither a module's folder nor an archive"


def _fault_of_folder(path: Path, names: set[str]) -> str:
    if not names:
        return f"the folder {str(path)!r} is empty"
    if is_module(name for name in names if (path / name).is_file()):
        return ""
    if TEXT_FORM in names:
        return f"{str(path)!r} holds a module as text ({TEXT_FORM}), which is not read"
    return f"the folder {str(path)!r} holds no module{_hint(path, names)}"


def _hint(path: Path, names: set[str]) -> str:
    folders = [path / name for name in sorted(names) if (path / name).is_dir()]
    for folder in folders[:50]:
        try:
            if is_module(one.name for one in folder.iterdir()):
                return f" (but {str(folder)!r} does)"
        except OSError:
            continue
    return ""
