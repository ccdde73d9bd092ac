"""SQLite's own files through a VFS in Python: every write, sync, truncation and deletion a point.

It stands under SQLite's checksum VFS: it becomes the default before a connection is opened, and
the shared memory of WAL passes through it untouched.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw

from tests.faults.disk import Disk
from tests.faults.injection import Points

NAME = "semsearch-faults"

_kept: list[apsw.VFS] = []
"""SQLite holds no reference of its own."""


def install(points: Points, disk: Disk | None = None) -> None:
    """Make every connection of this process use the VFS from here on; `disk` sees the writes."""
    if "cksmvfs" in apsw.vfs_names():
        raise RuntimeError("a connection was open before the faults were installed")
    _kept.append(FaultyVfs(points, disk))


class FaultyVfs(apsw.VFS):
    """The system's own VFS, with a point before each operation that changes a file."""

    def __init__(self, points: Points, disk: Disk | None) -> None:
        self.points = points
        self.disk = disk
        super().__init__(NAME, "unix", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> FaultyFile:
        """Open a file; making it is a point."""
        path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name)
        is_new = not path.exists()
        if is_new:
            self.points.reach(f"db create {path.name}")
        file = FaultyFile(self, path, name, flags)
        if is_new and self.disk is not None:
            self.disk.created(path)
        return file

    def xDelete(self, filename: str, syncdir: bool) -> None:
        """Delete a journal; a point."""
        path = Path(filename)
        self.points.reach(f"db delete {path.name}")
        if self.disk is not None:
            self.disk.deleted(path)
        super().xDelete(filename, syncdir)
        if syncdir and self.disk is not None:
            self.disk.synced_folder(path.parent)


class FaultyFile(apsw.VFSFile):
    """One of SQLite's files."""

    def __init__(self, vfs: FaultyVfs, path: Path, name: Any, flags: list[int]) -> None:
        self.vfs = vfs
        self.path = path
        super().__init__("unix", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        """Write; half of it can be."""
        half = bytes(data[: len(data) // 2])
        self.vfs.points.reach(
            f"db write {self.path.name}", lambda: super(FaultyFile, self).xWrite(half, offset)
        )
        if self.vfs.disk is not None:
            self.vfs.disk.wrote(self.path, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        """Cut the file."""
        self.vfs.points.reach(f"db truncate {self.path.name}")
        if self.vfs.disk is not None:
            self.vfs.disk.cut(self.path, newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        """Make the file durable; of a journal also its name, as SQLite's unix VFS does."""
        self.vfs.points.reach(f"db sync {self.path.name}")
        super().xSync(flags)
        if self.vfs.disk is not None:
            self.vfs.disk.synced(self.path)
            if not self.path.name.endswith(".db"):
                self.vfs.disk.synced_folder(self.path.parent)
