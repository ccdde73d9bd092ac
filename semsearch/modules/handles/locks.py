"""One process at a time for each entry of the cache: flocks that the kernel always releases."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from semsearch.fsio import FILE_MODE, disk_errors, make_folder

logger = logging.getLogger(__name__)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock of this file, waiting for whoever holds it now.

    Raises:
        StorageError: the lock's file cannot be made.
    """
    descriptor = _opened(path)
    try:
        if not _taken(descriptor):
            logger.info("waiting until another process has fetched %s", path.stem)
            with disk_errors(path):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def held_if_free(path: Path) -> Iterator[bool]:
    """Hold the lock of this file unless somebody else does; yield whether it is held.

    Raises:
        StorageError: the lock's file cannot be made.
    """
    descriptor = _opened(path)
    try:
        yield _taken(descriptor)
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    make_folder(path.parent)
    with disk_errors(path):
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
