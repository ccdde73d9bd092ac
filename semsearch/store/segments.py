"""Vectors in immutable `.npy` files: written once, mapped for reading, never changed."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from semsearch import fsio
from semsearch.errors import CollectionDamaged
from semsearch.store.folder import Folder
from semsearch.vectors import Vectors

Ids = npt.NDArray[np.int64]

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


def unpacked_ids(packed: bytes | None) -> Ids | None:
    """Return what `packed_ids` packed; None where there are no gaps."""
    if packed is None:
        return None
    return np.cumsum(np.frombuffer(zlib.decompress(packed), dtype="<i8"), dtype=np.int64)


def publish_segment(folder: Folder, vectors: Vectors) -> fsio.Published:
    """Write (n, dim) float32 vectors as a new segment file."""
    return fsio.publish(
        lambda file: write_rows(file, [vectors]),
        scratch=folder.scratch,
        place=folder.segment,
    )


def write_rows(file: fsio.HashingFile, blocks: Sequence[Vectors]) -> None:
    """Write blocks of rows, one under the other, as one .npy file."""
    shape = (sum(len(block) for block in blocks), blocks[0].shape[1])
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    rows = max(1, CHUNK // (4 * shape[1]))
    for block in blocks:
        for start in range(0, len(block), rows):
            file.write(np.ascontiguousarray(block[start : start + rows], dtype="<f4"))


def map_segment(folder: Folder, sha256: str, size: int, shape: tuple[int, int]) -> Vectors:
    """Map a segment file; its size and shape must be those of the catalogue.

    A mapped file that is shorter than expected kills the process at the first touch, so the size
    is checked before.
    """
    path = folder.segment(sha256)
    try:
        found = path.stat().st_size
    except OSError as error:
        raise _damaged(folder, f"{path.name} is missing") from error
    if found != size:
        raise _damaged(folder, f"{path.name} has {found} bytes instead of {size}")
    try:
        vectors = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise _damaged(folder, f"{path.name} is not readable ({error})") from error
    if vectors.shape != shape or vectors.dtype != np.float32:
        raise _damaged(folder, f"{path.name} holds {vectors.shape} instead of {shape}")
    # A plain view: slices of np.memmap carry bookkeeping that costs more than the search.
    return np.asarray(vectors).view(np.ndarray)


def _damaged(folder: Folder, what: str) -> CollectionDamaged:
    return CollectionDamaged(
        f"the vector segment {what} in {str(folder.path)!r}", "restore it from a backup"
    )
