"""One fetched module on disk: its files, and the file that was written last and says which."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from semsearch.errors import ModuleError
from semsearch.modules.handles.contents import (
    FileFact,
    below,
    digest_over,
    facts_of,
    files_in,
    module_folders,
    size_of,
)
from semsearch.modules.handles.pins import DIGEST, MALFORMED, name_of

CONTENT = "content"
COMPLETE = "module.json"
FORMAT = 2


@dataclass(frozen=True)
class Entry:
    """What the completeness file says: what was fetched, from where, when, and every file of it.

    `handle` is the source part of a handle. `archive` is the SHA-256 (hex) of the archive that the
    files came in, or None where a library unpacked it. `digest` is that of the module inside, or
    of all files where there is not exactly one module. `replaces` is the digest that the user has
    given up for this one, if the entry was updated.
    """

    handle: str
    source: str
    archive: str | None
    when: str
    files: tuple[FileFact, ...]
    replaces: str | None = None

    @property
    def content(self) -> str:
        """The name of the folder with the files: versions of one entry lie side by side."""
        return f"{CONTENT}-{digest_over(self.files)[:16]}"

    @property
    def module(self) -> str | None:
        """The folder of the one module inside, relative; None where there is not exactly one."""
        folders = module_folders([file.path for file in self.files])
        return folders[0] if len(folders) == 1 else None

    @property
    def digest(self) -> str:
        """The digest that is pinned and trusted."""
        return digest_over(below(self.files, self.module or "."))

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return size_of(self.files)

    def as_dict(self) -> dict[str, Any]:
        """Return the entry as plain values, ready for JSON."""
        return {"format": FORMAT, "digest": self.digest} | asdict(self)


class DamagedEntry(Exception):
    """Raised when an entry is not what was written; the text says which file and how."""


def read_entry(folder: Path) -> Entry:
    """Return what an entry's completeness file says; the files themselves are not looked at.

    Raises:
        DamagedEntry: the file is missing, cut off or makes no sense.
    """
    try:
        entry = _entry(json.loads((folder / COMPLETE).read_bytes()))
        name = name_of(entry.handle)
    except FileNotFoundError as error:
        raise DamagedEntry(f"its file {COMPLETE!r} is missing") from error
    except MALFORMED as error:
        raise DamagedEntry(f"its file {COMPLETE!r} cannot be read") from error
    if folder.name != name:
        raise DamagedEntry(f"its file {COMPLETE!r} belongs to {entry.handle!r}")
    return entry


def intact_entry(folder: Path) -> Entry:
    """Return what an entry's completeness file says, once every file has proved to be so.

    Raises:
        DamagedEntry: a file is missing, too many, or has other content.
    """
    entry = read_entry(folder)
    check_files(folder / entry.content, entry.files)
    return entry


def check_files(content: Path, files: tuple[FileFact, ...]) -> None:
    """Raise a DamagedEntry unless a folder holds these very files and nothing else."""
    expected = {file.path: file for file in files}
    try:
        there = files_in(content) if content.is_dir() else {}
        for fault in _faults(expected, there):
            raise DamagedEntry(fault)
        changed = set(facts_of(content)) - set(files) if there else ()
    except ModuleError as error:
        raise DamagedEntry(error.problem) from error
    for fact in sorted(changed):
        raise DamagedEntry(f"its file {fact.path!r} has changed")


def _faults(expected: dict[str, FileFact], there: dict[str, Path]) -> Iterator[str]:
    """Yield what names and sizes alone tell: they cost nothing, so they are compared first."""
    for name in sorted(expected.keys() - there.keys()):
        yield f"its file {name!r} is missing"
    for name in sorted(there.keys() - expected.keys()):
        yield f"the file {name!r} does not belong to it"
    for name, path in there.items():
        try:
            size = path.stat().st_size
        except OSError:
            yield f"its file {name!r} is missing"
            continue
        if size != expected[name].size:
            yield f"its file {name!r} has {size} bytes instead of {expected[name].size}"


def _entry(raw: Any) -> Entry:
    entry = Entry(
        handle=_text(raw["handle"]),
        source=_text(raw["source"]),
        archive=_digest_or_none(raw["archive"]),
        when=_text(raw["when"]),
        files=_files(raw["files"]),
        replaces=_digest_or_none(raw["replaces"]),
    )
    if raw["format"] != FORMAT or raw["digest"] != entry.digest:
        raise ValueError("the parts do not fit each other")
    return entry


def _files(raw: Sequence[Any]) -> tuple[FileFact, ...]:
    return tuple(
        FileFact(_text(one["path"]), int(one["size"]), _digest(one["sha256"])) for one in raw
    )


def _digest_or_none(value: Any) -> str | None:
    return None if value is None else _digest(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is missing")
    return value


def _digest(value: Any) -> str:
    if not re.fullmatch(DIGEST, _text(value)):
        raise ValueError("a digest is malformed")
    return str(value)
