"""Defects of the index, of what searches see, and of files that may vanish; see `defects`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from semsearch.index import files
from semsearch.store import column_files
from tests.faults.defects import defect


@defect
def index_unverified() -> None:
    """Hand FAISS whatever stands in a file of an index."""
    files._verified = lambda path, sha256, size: path.read_bytes()


@defect
def column_unverified() -> None:
    """Parse whatever stands in a saved column."""
    column_files._content_of = lambda entry: entry.path.read_bytes()


@defect
def no_limits() -> None:
    """Let FAISS allocate whatever a file asks for."""

    @contextmanager
    def unbounded(size: int) -> Iterator[None]:
        yield

    files._bounded = unbounded
