"""Small segments are folded into the next one that is written, so that there are never many.

A commit that adds vectors writes one file in one transaction, whatever it folds: the rows of the
last segments come first in the new file, and the old files are unlinked after the commit.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from semsearch import fsio
from semsearch.errors import CollectionDamaged
from semsearch.store.folder import Folder
from semsearch.store.segments import (
    Entry,
    Ids,
    chunks_of,
    map_verified,
    publish_rows,
)
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


def publish_folded(folder: Folder, before: Sequence[Entry], ids: Ids, vectors: Vectors) -> Folded:
    """Write (n, dim) vectors of new `ids` as a segment, together with the last small ones `before`.

    Nothing names the file yet; `replace_segments` does, in the transaction that adds the items.
    """
    taken = _last_segments(folder, before, vectors)
    blocks = [*(block for _, block in taken), vectors]
    published = publish_rows(
        folder,
        (sum(len(block) for block in blocks), vectors.shape[1]),
        chain.from_iterable(chunks_of(block) for block in blocks),
    )
    covered = np.concatenate([*(entry.ids for entry, _ in taken), ids])
    return Folded(covered, published, tuple(entry.first_id for entry, _ in taken))


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
    folder: Folder, entries: Sequence[Entry], vectors: Vectors
) -> list[tuple[Entry, Vectors]]:
    count = foldable([entry.size for entry in entries], vectors.nbytes)
    last = entries[len(entries) - count :]
    room = sum(entry.size for entry in last) + vectors.nbytes + SPARE
    if not last or shutil.disk_usage(folder.path).free < room:
        return []
    found: list[tuple[Entry, Vectors]] = []
    for entry in reversed(last):
        try:
            found.insert(0, (entry, map_verified(folder, entry, vectors.shape[1])))
        except CollectionDamaged as error:
            logger.warning("%s; it stays as it is", error.problem)
            break
    return found
