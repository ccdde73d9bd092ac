"""Columns as files under derived/: an archive of plain arrays, read whole, its digest checked."""

from __future__ import annotations

import hashlib
import io
import logging
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import apsw
import numpy as np

from semsearch import fsio
from semsearch.columns import KINDS, Column, ListColumn, TextColumn, pruned
from semsearch.store.derived import Derived, read_derived
from semsearch.store.field_values import BUILDERS
from semsearch.store.folder import Folder
from semsearch.store.segments import Ids
from semsearch.store.writer import Writer

T = TypeVar("T")

logger = logging.getLogger(__name__)

SAVED_KIND = "column"
NO_SPACE = -1
"""A column belongs to the items, whichever module made their vectors."""

LARGEST_WORDS = 256 * 1024 * 1024
"""Bytes of distinct words above which a column is not saved: nobody filters by whole texts often,
and they stand in the database already."""


UNREADABLE = (
    AttributeError, EOFError, LookupError, MemoryError, NotImplementedError, RuntimeError,
    TypeError, ValueError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What numpy, zip and our own reading say of an archive that none of us wrote."""


class Reading(Protocol):
    """Hands over this thread's connection, which cannot write; `Store` has it."""

    def __call__(self, ask: Callable[[apsw.Connection], T], /) -> T:
        """Return what `ask` reads."""


@dataclass(frozen=True)
class Held:
    """A column of the rows `ids`, right for every change up to `version`."""

    kind: str
    version: int
    ids: Ids
    column: Column
    of: int
    """The version of the snapshot whose rows these are: `version`, or an older one."""


def find_saved(read: Reading, folder: Folder, name: str, kind: str) -> Derived | None:
    """Return what the catalogue says of the saved column of a field; None where of another type."""
    entries = read(lambda c: read_derived(c, folder, SAVED_KIND, NO_SPACE, only=name))
    return next((entry for entry in entries if entry.detail.get("type") == kind), None)


def load_column(entry: Derived) -> Held | None:
    """Return the column that was saved; None where its file is missing or damaged."""
    data = _content_of(entry)
    if data is None:
        return None
    kind = entry.detail["type"]
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            read = dict(arrays)
        column = KINDS[kind].from_arrays(read)
        wanted = {part: array.dtype for part, array in BUILDERS[kind]([]).arrays().items()}
        if {part: array.dtype for part, array in read.items()} != wanted:
            raise ValueError(f"its arrays are not those of a {kind}")
        version = int(entry.detail["version"])
        if len(column) != len(entry.ids):
            raise ValueError(f"it has {len(column)} values for {len(entry.ids)} items")
    except UNREADABLE as error:
        logger.warning(
            "the saved column %r cannot be read (%s); it is made anew", entry.name, error
        )
        return None
    return Held(kind, version, entry.ids, column, of=version)


def _content_of(entry: Derived) -> bytes | None:
    try:
        data = entry.path.read_bytes()
    except OSError as error:
        logger.info("the saved column %r is not there (%s)", entry.name, error.strerror)
        return None
    if len(data) != entry.size or hashlib.sha256(data).hexdigest() != entry.sha256:
        logger.warning("the saved column %r is damaged; it is made anew", entry.name)
        return None
    return data


def packed(held: Held) -> bytes | None:
    """Return the file of a column; None where it holds too much text for one.

    Words that no row uses any more are left out.
    """
    column = pruned(held.column)
    if isinstance(column, TextColumn | ListColumn) and len(column.words.data) > LARGEST_WORDS:
        return None
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **column.arrays())
    return buffer.getvalue()


def save_column(folder: Folder, writer: Writer, name: str, held: Held, data: bytes) -> None:
    """Put the file of a column in place and name it in the catalogue."""
    published = fsio.publish_bytes(
        data,
        scratch=folder.scratch,
        place=lambda sha256: folder.derived_file(sha256, ".npz"),
    )
    detail = {"type": held.kind, "version": held.version}
    writer.record_derived(SAVED_KIND, name, published, len(held.ids), held.ids, detail, NO_SPACE)
