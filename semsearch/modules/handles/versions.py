"""The versions of an entry lie side by side, so that each is whole at any time or not named."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from semsearch.fsio import disk_errors, remove_tree, rename, sync_folder
from semsearch.modules.handles.entries import (
    COMPLETE,
    CONTENT,
    DamagedEntry,
    Entry,
    check_files,
    read_entry,
)


def make_current(part: Path, folder: Path, entry: Entry) -> None:
    """Move the version that lies whole in `part` into the folder of its entry, and name it there.

    The version before stays until the next one comes: somebody may be reading it.

    Raises:
        StorageError: the disk refuses.
    """
    with disk_errors(part):
        sync_folder(part)
    if not folder.exists():
        rename(part, folder)
        return
    kept = {entry.content, _named_in(folder)}
    content = folder / entry.content
    if not _is_whole(content, entry):
        if os.path.lexists(content):
            rename(content, part / "damaged")
        rename(part / entry.content, content)
    rename(part / COMPLETE, folder / COMPLETE)
    _remove_others(folder, kept)


def _named_in(folder: Path) -> str:
    try:
        return read_entry(folder).content
    except DamagedEntry:
        return ""


def _is_whole(content: Path, entry: Entry) -> bool:
    try:
        check_files(content, entry.files)
    except DamagedEntry:
        return False
    return True


def _remove_others(folder: Path, kept: set[str]) -> None:
    for path in folder.glob(f"{CONTENT}*"):
        if path.name not in kept:
            # What cannot be removed now is in nobody's way: the next update tries again.
            with suppress(OSError):
                remove_tree(path)
