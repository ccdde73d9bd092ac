"""Vectors in immutable `.npy` files: written once, mapped for reading, never changed."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import apsw
import numpy as np
import numpy.typing as npt

from semsearch import fsio
from semsearch.errors import CollectionDamaged, CollectionError
from semsearch.store.folder import Folder
from semsearch.vectors import Vectors, mapped

Ids = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

CHUNK = 8 * 1024 * 1024
"""Bytes of vectors that are copied into a file at once."""


@dataclass(frozen=True)
class Segment:
    """Vectors (n, dim), mapped from disk, of the items first_id, first_id + 1, ... or of `gaps`."""

    first_id: int
    vectors: Vectors
    sha256: str
    gaps: Ids | None = None
    """All ids, ascending, where some are missing between the first and the last."""

    def __len__(self) -> int:
        return len(self.vectors)

    @cached_property
    def ids(self) -> Ids:
        """The id of each row, ascending, shape (n,)."""
        if self.gaps is not None:
            return self.gaps
        return np.arange(self.first_id, self.first_id + len(self), dtype=np.int64)


def packed_ids(ids: Ids) -> bytes | None:
    """Return ascending ids in the form the database keeps; None where they have no gaps."""
    if len(ids) == 0 or ids[-1] - ids[0] == len(ids) - 1:
        return None
    return zlib.compress(np.diff(ids, prepend=0).astype("<i8").tobytes())


def unpacked_ids(packed: bytes | None, n: int) -> Ids | None:
    """Return the `n` ids that `packed_ids` packed; None where there are no gaps.

    No more than `n` are unpacked: what claims to be them may hold gigabytes of zeros.

    Raises:
        CollectionDamaged: they are not n ascending ids.
    """
    if packed is None:
        return None
    ids = np.empty(0, np.int64)
    with suppress(zlib.error, TypeError, ValueError, OverflowError):
        data = zlib.decompressobj().decompress(packed, 8 * n + 1)
        ids = np.cumsum(np.frombuffer(data, dtype="<i8"), dtype=np.int64)
    if len(ids) != n or (np.diff(ids) <= 0).any():
        raise CollectionDamaged(
            f"a list of {n:,} items in the database is not what was written",
            "restore the collection from a backup",
        )
    return ids


@dataclass(frozen=True)
class Entry:
    """A segment as the catalogue names it, not yet mapped."""

    first_id: int
    n: int
    packed: bytes | None
    sha256: str
    size: int

    @cached_property
    def ids(self) -> Ids:
        """The id of each row, ascending, shape (n,)."""
        gaps = unpacked_ids(self.packed, self.n)
        if gaps is not None:
            return gaps
        return np.arange(self.first_id, self.first_id + self.n, dtype=np.int64)


def read_entries(connection: apsw.Connection, space_id: int) -> list[Entry]:
    """Return the segments of a space, ascending by id."""
    rows = connection.execute(
        "SELECT first_id, n, ids, segment.sha256, size FROM segment JOIN file"
        " ON file.kind = 'segment' AND file.sha256 = segment.sha256"
        " WHERE space_id = ? ORDER BY first_id",
        (space_id,),
    )
    return [Entry(*row) for row in rows]


def replace_segments(
    connection: apsw.Connection,
    space_id: int,
    old: Sequence[int],
    ids: Ids,
    published: fsio.Published | None,
) -> list[str]:
    """Put one segment in the place of those that begin at `old`; stands inside a transaction.

    None as `published` leaves nothing in their place.

    Returns:
        The digests of the files that nothing names any more, to be unlinked after the commit.
    """
    connection.executemany(
        "DELETE FROM segment WHERE space_id = ? AND first_id = ?",
        ((space_id, first_id) for first_id in old),
    )
    if published is not None:
        insert_segment(connection, space_id, ids, published)
    rows = connection.execute(
        "DELETE FROM file WHERE kind = 'segment' AND sha256 NOT IN (SELECT sha256 FROM segment)"
        " RETURNING sha256"
    )
    return [sha256 for (sha256,) in rows]


def insert_segment(
    connection: apsw.Connection, space_id: int, ids: Ids, published: fsio.Published
) -> None:
    """Name a published file as the vectors of `ids`; stands inside a transaction."""
    connection.execute(
        "INSERT OR IGNORE INTO file (sha256, kind, size) VALUES (?, 'segment', ?)",
        (published.sha256, published.size),
    )
    connection.execute(
        "INSERT INTO segment (space_id, first_id, n, ids, sha256) VALUES (?, ?, ?, ?, ?)",
        (space_id, int(ids[0]), len(ids), packed_ids(ids), published.sha256),
    )


def publish_segment(folder: Folder, vectors: Vectors) -> fsio.Published:
    """Write (n, dim) float32 vectors as a new segment file."""
    return publish_rows(folder, (len(vectors), vectors.shape[1]), chunks_of(vectors))


def publish_rows(
    folder: Folder, shape: tuple[int, int], chunks: Iterable[Vectors]
) -> fsio.Published:
    """Write chunks of rows, one under the other, as a new segment file of this shape."""

    def write(file: fsio.HashingFile) -> None:
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for chunk in filter(len, chunks):
            file.write(np.ascontiguousarray(chunk, dtype="<f4"))

    return fsio.publish(write, scratch=folder.scratch, place=folder.segment)


def chunks_of(vectors: Vectors, keep: Mask | None = None) -> Iterator[Vectors]:
    """Yield the rows of (n, dim) vectors, or those that `keep` (n,) marks, some MB at a time."""
    rows = max(1, CHUNK // (4 * vectors.shape[1]))
    for start in range(0, len(vectors), rows):
        chunk = vectors[start : start + rows]
        yield chunk if keep is None else chunk[keep[start : start + rows]]


def map_segment(folder: Folder, sha256: str, size: int, shape: tuple[int, int]) -> Vectors:
    """Map a segment file; its size and shape must be those of the catalogue.

    A mapped file that is shorter than expected kills the process at the first touch, so the size
    is checked before.
    """
    path = folder.segment(sha256)
    try:
        found = path.stat().st_size
        if found != size:
            raise _damaged(folder, f"{path.name} has {found} bytes instead of {size}")
        vectors = mapped(path)
    except FileNotFoundError as error:
        raise _damaged(folder, f"{path.name} is missing") from error
    except ValueError as error:
        raise _damaged(folder, f"{path.name} is not readable ({error})") from error
    except OSError as error:  # no memory, no handle, no permission: the file may be as it was
        raise CollectionError(
            f"the vectors {path.name!r} of {str(folder.path)!r} cannot be read"
            f" ({error.strerror or error})",
            "check the folder's permissions, the disk and the free memory",
        ) from error
    if vectors.shape != shape or vectors.dtype != np.float32:
        raise _damaged(folder, f"{path.name} holds {vectors.shape} instead of {shape}")
    # A plain view: slices of np.memmap carry bookkeeping that costs more than the search.
    return np.asarray(vectors).view(np.ndarray)


def map_verified(folder: Folder, entry: Entry, dim: int) -> Vectors:
    """Map a segment whose every byte is as it was written.

    Copying rows of a damaged one into a new file would hide the damage behind a new digest.
    """
    vectors = map_segment(folder, entry.sha256, entry.size, (entry.n, dim))
    if fsio.digest_of(folder.segment(entry.sha256)) != entry.sha256:
        raise _damaged(folder, f"{entry.sha256}.npy is damaged")
    return vectors


def _damaged(folder: Folder, what: str) -> CollectionDamaged:
    return CollectionDamaged(
        f"the vector segment {what} in {str(folder.path)!r}", "restore it from a backup"
    )
