"""Small segments are folded into the next one that is written, so that there are never many.

A commit that adds vectors writes one file in one transaction, whatever it folds: the rows of the
last segments come first in the new file, and the old files are unlinked after the commit.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass

import apsw
import numpy as np

from semsearch import fsio
from semsearch.errors import CollectionDamaged
from semsearch.store.folder import Folder
from semsearch.store.segments import Ids, Segment, map_segment, unpacked_ids, write_rows
from semsearch.vectors import Vectors

logger = logging.getLogger(__name__)

SMALL = 64 * 1024
"""Bytes that cost no more to write than the fsync after them: up to here all are folded."""

FAN_IN = 4
"""Segments of one size that become one: a row is written once more each time that its segment has
grown fourfold, and no size has more than three segments."""

LARGEST = 1024 * 1024 * 1024
"""Bytes of the largest folded segment: writing more would hold up one commit for seconds."""

SPARE = 64 * 1024 * 1024
"""Bytes that stay free on the disk beside a folded segment; with less, nothing is folded."""


@dataclass(frozen=True)
class Folded:
    """A published segment, and the first ids of the segments whose rows it took over."""

    ids: Ids
    published: fsio.Published
    taken: tuple[int, ...]


def publish_folded(
    connection: apsw.Connection, folder: Folder, space_id: int, ids: Ids, vectors: Vectors
) -> Folded:
    """Write (n, dim) vectors of new `ids` as a segment, together with the small ones before it.

    Nothing names the file yet; `take_over` does, inside the transaction that adds the items.
    """
    taken = _last_segments(connection, folder, space_id, vectors)
    blocks = [*(each.vectors for each in taken), vectors]
    published = fsio.publish(
        lambda file: write_rows(file, blocks), scratch=folder.scratch, place=folder.segment
    )
    covered = np.concatenate([*(each.ids for each in taken), ids])
    return Folded(covered, published, tuple(each.first_id for each in taken))


def forget_segments(
    connection: apsw.Connection, space_id: int, first_ids: Sequence[int]
) -> list[str]:
    """Take segments out of the catalogue; stands inside a transaction.

    Returns:
        The digests of the files that nothing names any more, to be unlinked after the commit.
    """
    connection.executemany(
        "DELETE FROM segment WHERE space_id = ? AND first_id = ?",
        ((space_id, first_id) for first_id in first_ids),
    )
    rows = connection.execute(
        "DELETE FROM file WHERE kind = 'segment' AND sha256 NOT IN (SELECT sha256 FROM segment)"
        " RETURNING sha256"
    )
    return [sha256 for (sha256,) in rows]


def foldable(sizes: Sequence[int], new: int) -> int:
    """Return how many of the last segments of `sizes` bytes go into one with `new` bytes.

    That is, from the first on that is small beside all that comes after it. Their number then
    grows with the logarithm of the rows, and so does how often a row is written.
    """
    after = new + sum(sizes)
    for place, size in enumerate(sizes):
        total, after = after, after - size
        if size <= max(SMALL, after // (FAN_IN - 1)) and total <= LARGEST:
            return len(sizes) - place
    return 0


def _last_segments(
    connection: apsw.Connection, folder: Folder, space_id: int, vectors: Vectors
) -> list[Segment]:
    rows = list(
        connection.execute(
            "SELECT first_id, n, ids, segment.sha256, size FROM segment JOIN file"
            " ON file.kind = 'segment' AND file.sha256 = segment.sha256"
            " WHERE space_id = ? ORDER BY first_id",
            (space_id,),
        )
    )
    count = foldable([size for *_, size in rows], vectors.nbytes)
    last = rows[len(rows) - count :]
    room = sum(size for *_, size in last) + vectors.nbytes + SPARE
    if not last or shutil.disk_usage(folder.path).free < room:
        return []
    found: list[Segment] = []
    for first_id, n, packed, sha256, size in reversed(last):
        try:
            block = _verified(folder, sha256, size, (n, vectors.shape[1]))
        except CollectionDamaged as error:
            logger.warning("%s; it stays as it is", error.problem)
            break
        found.insert(0, Segment(first_id, block, sha256, unpacked_ids(packed)))
    return found


def _verified(folder: Folder, sha256: str, size: int, shape: tuple[int, int]) -> Vectors:
    """Map a segment whose every byte is as written: folding a damaged one would hide the damage."""
    block = map_segment(folder, sha256, size, shape)
    if fsio.digest_of(folder.segment(sha256)) != sha256:
        raise CollectionDamaged(
            f"the vector segment {sha256[:12]} in {str(folder.path)!r} is damaged",
            "restore it from a backup",
        )
    return block
