"""What kind of disk a collection lies on: SQLite's log and locks need one of this machine."""

from __future__ import annotations

import os
import re
from pathlib import Path

from semsearch.errors import CollectionError

MOUNTS = Path("/proc/self/mounts")

NETWORK = frozenset(
    {"afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs",
     "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "orangefs", "smb3", "smbfs"}
)  # fmt: skip
"""File systems that other machines may change at the same time."""

ALLOWED = "SEMSEARCH_NETWORK_DISK"
"""Set to 1 by somebody who makes sure that only one machine opens the collection."""


def check_local(path: Path) -> None:
    """Raise `CollectionError` where `path` lies on a disk that is shared over a network."""
    kind = file_system_of(path)
    if kind in NETWORK and os.environ.get(ALLOWED) != "1":
        raise CollectionError(
            f"{str(path)!r} lies on a network disk ({kind}), where two machines that write at once"
            " would damage it",
            f"use a disk of this machine, or set {ALLOWED}=1 if no other machine opens it",
        )


def file_system_of(path: Path) -> str:
    """Return the type of the file system that `path` lies on, "" where nobody tells."""
    try:
        lines = MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    real = path.resolve()
    found = ("", "")
    for line in lines:
        place, kind = _unescaped(line.split(" ")[1]), line.split(" ")[2]
        if real.is_relative_to(place) and len(place) >= len(found[0]):
            found = (place, kind)
    return found[1]


def is_read_only(folder: Path) -> bool:
    """Say whether nobody at all can write there: a DVD, an image, a disk mounted read-only.

    A folder in which only this user may not write is another matter: its owner may.
    """
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _unescaped(place: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), place)
