"""FAISS's files: written durably and hashed, and read only after the digest of the same bytes."""

from __future__ import annotations

import hashlib
import io
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from semsearch import fsio
from semsearch.errors import IndexBuildFailed, IndexDamaged
from semsearch.index.native import library

logger = logging.getLogger(__name__)

BYTES_PER_WRITE = 1 << 20

LEAST_LIMIT = 128 << 20
"""What FAISS may always allocate for one vector: it counts tables that inner products never make,
and would refuse sound IVF indexes of 8-bit PQ codes over few rows."""

REMEDY = "it is rebuilt from the stored vectors; until then search compares them all"


class Loads:
    """How often FAISS was handed bytes of a file; the fault tests read it."""

    count = 0


_limits = threading.Lock()
"""FAISS keeps its limits for the whole process, so files are deserialised one after another."""


def publish_index(index: Any, *, scratch: Path, place: Callable[[str], Path]) -> fsio.Published:
    """Write a FAISS index as a new immutable file, durably; see `fsio.publish`.

    Raises:
        StorageError: the disk refused; nothing is left.
        IndexBuildFailed: FAISS could not write this index.
    """
    faiss = library()

    def write(file: fsio.HashingFile) -> None:
        try:
            faiss.write_index(index, faiss.PyCallbackIOWriter(file.write, BYTES_PER_WRITE))
        except RuntimeError as error:
            raise IndexBuildFailed(
                f"FAISS cannot write the index ({error})", "choose another kind of index"
            ) from error

    return fsio.publish(write, scratch=scratch, place=place)


def load_index(path: Path, *, sha256: str, size: int, dim: int, n: int) -> Any:
    """Return the FAISS index of a file, once all is verified; nothing but its bytes is read.

    Size and SHA-256 must be those of the catalogue before FAISS sees a byte, and the index must
    hold `n` vectors of `dim` dimensions compared by inner product.

    Raises:
        IndexDamaged: the file is missing, cannot be read, or is not what was written.
    """
    data = _verified(path, sha256, size)
    return index_from_bytes(data, name=path.name, dim=dim, n=n)


def index_from_bytes(data: bytes, *, name: str, dim: int, n: int) -> Any:
    """Return the FAISS index of bytes that were verified, in bounded memory and time.

    Raises:
        IndexDamaged: FAISS refuses them, or the index is not of this shape.
    """
    faiss = library()
    file = io.BytesIO(data)
    try:
        with _bounded(len(data)):
            Loads.count += 1
            index = faiss.read_index(faiss.PyCallbackIOReader(file.read, BYTES_PER_WRITE))
    except Exception as error:  # FAISS, SWIG and Python each have their own for bad bytes
        raise _damaged(name, f"FAISS refuses it: {_first_line(error)}") from error
    problem = _problem(index, dim, n)
    if problem:
        raise _damaged(name, problem)
    return index


def _verified(path: Path, sha256: str, size: int) -> bytes:
    """Return all bytes of a file when they are those of the catalogue."""
    try:
        found = path.stat().st_size
        if found != size:
            raise _damaged(path.name, f"it has {found} bytes instead of {size}")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise _damaged(path.name, "it is missing") from error
    except (OSError, MemoryError) as error:
        raise _damaged(path.name, f"it cannot be read ({error})") from error
    if len(data) != size or hashlib.sha256(data).hexdigest() != sha256:
        raise _damaged(path.name, "its digest is not that of what was written")
    return data


@contextmanager
def _bounded(size: int) -> Iterator[None]:
    """Let FAISS allocate some multiple of a file's size for one vector, and count to the size."""
    faiss = library()
    with _limits:
        usual_bytes = faiss.get_deserialization_vector_byte_limit()
        usual_loops = faiss.get_deserialization_loop_limit()
        faiss.set_deserialization_vector_byte_limit(max(2 * size, LEAST_LIMIT))
        faiss.set_deserialization_loop_limit(size)
        try:
            yield
        finally:
            faiss.set_deserialization_vector_byte_limit(usual_bytes)
            faiss.set_deserialization_loop_limit(usual_loops)


def _problem(index: Any, dim: int, n: int) -> str:
    """Return what is wrong with a deserialised index, "" when nothing is."""
    if index is None:
        return "it holds no index"
    if index.d != dim:
        return f"it holds vectors of {index.d} dimensions instead of {dim}"
    if index.ntotal != n:
        return f"it holds {index.ntotal} vectors instead of {n}"
    if index.metric_type != library().METRIC_INNER_PRODUCT or not index.is_trained:
        return "it does not compare by inner product"
    if not _holds_its_codes(index):
        return "it holds other codes than it says"
    return ""


def _holds_its_codes(index: Any) -> bool:
    """Say whether an array of codes is as long as it must be, which FAISS asks of few kinds."""
    faiss = library()
    if isinstance(index, faiss.IndexPreTransform):
        index = faiss.downcast_index(index.index)
    if not isinstance(index, faiss.IndexFlatCodes):
        return True
    return bool(index.codes.size() == index.ntotal * index.code_size)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][-200:] if lines else type(error).__name__


def _damaged(name: str, reason: str) -> IndexDamaged:
    return IndexDamaged(f"the index file {name!r} cannot be used: {reason}", REMEDY)
