"""A backup as one file: an uncompressed tar of regular files with the names of a collection.

Reading one trusts nothing in it: only names that we write ourselves, no links, no folders, no
devices, no extended headers, and no more bytes of a member than its header announced.
"""

from __future__ import annotations

import re
import tarfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from semsearch import fsio
from semsearch.errors import CollectionDamaged

BLOCK = 512
CHUNK = 1024 * 1024

MANIFEST, STAMP, DATABASE = "backup.json", "FORMAT", "store.db"

NAMES = re.compile(
    r"backup\.json|FORMAT|store\.db|segments/[0-9a-f]{64}\.npy|heads/[0-9a-f]{64}\.npz"
    r"|blobs/([0-9a-f]{2})/\1[0-9a-f]{62}"
)


@dataclass(frozen=True)
class Member:
    """One file of an archive; `chunks` must be read to the end before the next is asked for."""

    name: str
    size: int
    chunks: Iterator[bytes]

    @property
    def digest(self) -> str:
        """The SHA-256 that the name promises, "" where it promises none."""
        stem = self.name.rsplit("/", 1)[-1].split(".")[0]
        return stem if "/" in self.name else ""


def write_member(file: fsio.HashingFile, name: str, size: int, chunks: Iterable[bytes]) -> None:
    """Add a file of `size` bytes to an archive."""
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, fsio.FILE_MODE, int(time.time())
    file.write(info.tobuf(tarfile.GNU_FORMAT))
    for chunk in chunks:
        file.write(chunk)
    file.write(bytes(-size % BLOCK))


def write_end(file: fsio.HashingFile) -> None:
    """Close an archive as tar does."""
    file.write(bytes(2 * BLOCK))


def read_members(file: BinaryIO, name: str) -> Iterator[Member]:
    """Yield the files of an archive, each once; `name` is the archive, for messages.

    Raises:
        CollectionDamaged: the archive is cut short, or holds what no backup holds.
    """
    seen: set[str] = set()
    while (header := _exactly(file, BLOCK, name)) != bytes(BLOCK):
        info = _header(header, name)
        if info.name in seen:
            raise not_a_backup(name, f"{info.name!r} stands in it twice")
        seen.add(info.name)
        yield Member(info.name, info.size, _body(file, info.size, name))
        _exactly(file, -info.size % BLOCK, name)
    rest = _exactly(file, BLOCK, name)
    while rest:
        if any(rest):
            raise not_a_backup(name, "something stands behind its end")
        rest = file.read(CHUNK)


def not_a_backup(name: str, why: str) -> CollectionDamaged:
    """Return the error of a file that is no sound backup."""
    return CollectionDamaged(
        f"{name!r} is no sound backup ({why})",
        "nothing was restored; use another backup",
    )


def _header(header: bytes, name: str) -> tarfile.TarInfo:
    try:
        info = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
    except (tarfile.HeaderError, ValueError) as error:
        raise not_a_backup(name, f"a header is unreadable: {error}") from error
    if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise not_a_backup(name, f"{info.name!r} is no regular file")
    if not NAMES.fullmatch(info.name):
        raise not_a_backup(name, f"{info.name!r} does not belong into one")
    if info.size < 0:
        raise not_a_backup(name, f"{info.name!r} has {info.size} bytes")
    return info


def _body(file: BinaryIO, size: int, name: str) -> Iterator[bytes]:
    while size:
        chunk = _exactly(file, min(size, CHUNK), name)
        size -= len(chunk)
        yield chunk


def _exactly(file: BinaryIO, size: int, name: str) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise not_a_backup(name, "it is cut short")
    return data
