"""Modules and weights that come in the packages of Python and of npm."""

from __future__ import annotations

from pathlib import Path

from semsearch.errors import ModuleError
from semsearch.modules.handles.policy import Policy


def package_folder(handle: str, policy: Policy | None = None) -> Path:
    """Return the folder with the unpacked package that `pypi:` or `npm:` names.

    Raises:
        ModuleError: it cannot be had, is damaged, or is not what was pinned.
        StorageError: the cache cannot be written.
    """
    raise ModuleError(f"the package {handle!r} cannot be fetched yet", "")
