"""The folder of one collection: which path holds what, and whether we may open it."""

from __future__ import annotations

import json
import os
import re
import stat
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from semsearch import fsio
from semsearch.errors import (
    CollectionDamaged,
    CollectionExists,
    CollectionNotFound,
    FormatTooNew,
    shortened,
)

FORMAT_NAME = "semsearch collection"
MAJOR = 3
MINOR = 0

LARGEST_STAMP = 64 * 1024
"""Bytes of a FORMAT file; ours has 130."""

DIGEST = re.compile(r"[0-9a-f]{64}")
SUFFIX = re.compile(r"\.[a-z]{1,16}")

FILES = ("FORMAT", "LOCK", "store.db", "store.db-wal", "store.db-shm", "store.db-journal")
FOLDERS = (
    "tmp", "segments", "heads", "blobs", "derived", "derived/thumbnails", "quarantine"
)  # fmt: skip


@dataclass(frozen=True)
class Folder:
    """Every path inside a collection's folder."""

    path: Path

    @property
    def format(self) -> Path:
        """The file that says which format this is."""
        return self.path / "FORMAT"

    @property
    def lock(self) -> Path:
        """The target of the writer's lock; its text is the writer, for messages."""
        return self.path / "LOCK"

    @property
    def database(self) -> Path:
        """The SQLite database: the only source of truth."""
        return self.path / "store.db"

    @property
    def scratch(self) -> Path:
        """Half-written files; swept by the next writer."""
        return self.path / "tmp"

    @property
    def derived(self) -> Path:
        """What can be thrown away and made again: indexes, thumbnails."""
        return self.path / "derived"

    @property
    def thumbnails(self) -> Path:
        """Small pictures, named by the digest of their original and their size."""
        return self.derived / "thumbnails"

    @property
    def quarantine(self) -> Path:
        """Files that did not have their digest, kept for whoever wants to look at them."""
        return self.path / "quarantine"

    @property
    def segments(self) -> Path:
        """Vector segments, named by their digest."""
        return self.path / "segments"

    @property
    def heads(self) -> Path:
        """Clusterings and classifier heads, named by their digest."""
        return self.path / "heads"

    @property
    def blobs(self) -> Path:
        """Original images, named by their digest."""
        return self.path / "blobs"

    def segment(self, sha256: str) -> Path:
        """Where the vector segment of this digest stands."""
        return self.segments / f"{self._digest(sha256)}.npy"

    def head(self, sha256: str) -> Path:
        """Where the stored result of this digest stands."""
        return self.heads / f"{self._digest(sha256)}.npz"

    def derived_file(self, sha256: str, suffix: str) -> Path:
        """Where the derived file of this digest stands; `suffix` is such as ".faiss"."""
        if SUFFIX.fullmatch(suffix) is None:
            raise self._strange(suffix)
        return self.derived / f"{self._digest(sha256)}{suffix}"

    def blob(self, sha256: str) -> Path:
        """Where the original image of this digest stands."""
        return self.blobs / self._digest(sha256)[:2] / sha256

    def owned(self, kind: str, sha256: str) -> Path:
        """Where a file of the manifest stands; `kind` is segment, head or blob.

        Raises:
            CollectionDamaged: the manifest names what no semsearch writes: a path, perhaps, of a
                file elsewhere that we were to remove.
        """
        place = {"segment": self.segment, "head": self.head, "blob": self.blob}.get(kind)
        if place is None:
            raise self._strange(kind)
        return place(sha256)

    def _digest(self, sha256: str) -> str:
        if not isinstance(sha256, str) or DIGEST.fullmatch(sha256) is None:
            raise self._strange(sha256)
        return sha256

    def _strange(self, name: object) -> CollectionDamaged:
        return CollectionDamaged(
            f"the database of {str(self.path)!r} names the file {shortened(name)}, which is none of"
            " ours",
            "restore it from a backup",
        )

    def size(self) -> int:
        """Return how many bytes all the files take; writers may come and go meanwhile."""
        total = 0
        # os.walk passes over a folder that vanishes between its listing and its turn; rglob raises.
        for where, _, names in os.walk(self.path):
            for name in names:
                with suppress(FileNotFoundError):
                    found = Path(where, name).lstat()
                    total += found.st_size if stat.S_ISREG(found.st_mode) else 0
        return total


def is_collection(path: Path) -> bool:
    """Say whether a collection stands at `path`."""
    return (path / "FORMAT").is_file()


def check_format(path: Path) -> Folder:
    """Return the folder of the collection at `path`.

    Raises:
        CollectionNotFound: nothing is there, or something else.
        CollectionDamaged: the FORMAT file is unreadable, or a part of the collection is a link.
        FormatTooNew: a newer semsearch wrote it.
    """
    folder = Folder(path)
    if not path.exists():
        raise CollectionNotFound(
            f"no collection stands at {str(path)!r}", "make one with `semsearch index`"
        )
    if not is_collection(path):
        raise CollectionNotFound(
            f"{str(path)!r} is not a collection (it holds no FORMAT file)",
            "name the folder that `semsearch index` made",
        )
    for part in _strange_parts(path):
        raise CollectionDamaged(
            f"{str(part)!r} is a link or something else that is no part of a collection",
            "put the file or folder itself there: nothing is written or removed through a link",
        )
    major, _ = _read_format(folder)
    if major > MAJOR:
        raise FormatTooNew(
            f"the collection {str(path)!r} has format {major}, this semsearch reads up to {MAJOR}",
            "upgrade semsearch to open it",
        )
    return folder


def is_older(folder: Folder) -> bool:
    """Say whether a collection has to be brought up to today's format before it is used."""
    return _read_format(folder)[0] < MAJOR


def stamp_format(folder: Folder) -> None:
    """Say in FORMAT that the collection has today's format, keeping who it is."""
    stamp = json.loads(folder.format.read_text("utf-8")) | {"major": MAJOR, "minor": MINOR}
    _place(folder, folder.format, (json.dumps(stamp) + "\n").encode())


def check_writable(folder: Folder) -> None:
    """Raise `FormatTooNew` where a newer minor format may hold what we would not keep up."""
    major, minor = _read_format(folder)
    if (major, minor) > (MAJOR, MINOR):
        raise FormatTooNew(
            f"the collection {str(folder.path)!r} has format {major}.{minor}, this semsearch"
            f" writes {MAJOR}.{MINOR}",
            "upgrade semsearch to change it; it can be searched as it is",
        )


def check_free(path: Path) -> None:
    """Raise `CollectionExists` unless a new collection may be put at `path`."""
    if is_collection(path):
        raise CollectionExists(
            f"a collection stands at {str(path)!r} already", "open it, or choose another name"
        )
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise CollectionExists(
            f"{str(path)!r} exists, is not empty and is not a collection", "choose another name"
        )


def make_folders(folder: Folder) -> None:
    """Make the folders that a writer needs; tools that copy may have dropped empty ones."""
    for inside in (folder.scratch, folder.segments, folder.heads, folder.blobs, folder.derived):
        fsio.make_folder(inside)


def lay_out(path: Path) -> Folder:
    """Make the folders and the FORMAT file of a new collection inside an empty `path`."""
    folder = Folder(path)
    make_folders(folder)
    stamp = {"format": FORMAT_NAME, "major": MAJOR, "minor": MINOR, "uuid": str(uuid.uuid4())}
    _place(folder, folder.lock, b"")
    _place(folder, folder.format, (json.dumps(stamp) + "\n").encode())
    return folder


def _strange_parts(path: Path) -> Iterator[Path]:
    """Yield what stands at a place of ours and is no plain file or folder.

    A collection that somebody else has packed may hold a link as its `tmp`, whose target we would
    sweep, or as its LOCK, whose target we would empty.
    """
    for names, is_ours in ((FILES, stat.S_ISREG), (FOLDERS, stat.S_ISDIR)):
        for name in names:
            with suppress(FileNotFoundError, NotADirectoryError):
                if not is_ours((path / name).lstat().st_mode):
                    yield path / name
    with suppress(FileNotFoundError):
        yield from (one for one in (path / "blobs").iterdir() if one.is_symlink())


def _place(folder: Folder, path: Path, data: bytes) -> None:
    fsio.publish_bytes(data, scratch=folder.scratch, place=lambda _: path)


def _read_format(folder: Folder) -> tuple[int, int]:
    try:
        with folder.format.open("rb") as file:
            stamp = json.loads(file.read(LARGEST_STAMP).decode("utf-8"))
        if stamp["format"] != FORMAT_NAME:
            raise ValueError(stamp["format"])
        major, minor = int(stamp["major"]), int(stamp["minor"])
        if major < 1:
            raise ValueError(major)
        return major, minor
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise CollectionDamaged(
            f"the file {str(folder.format)!r} does not say which format this is",
            "restore it from a backup",
        ) from error
