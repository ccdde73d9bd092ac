"""Two small collections that bad input is tried on, and the proof that it changed nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import semsearch

State = tuple[int, list[tuple[str, int, int]]]


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shelf")


@pytest.fixture(scope="session")
def own(shelf: Path) -> semsearch.Collection:
    """Four vectors of the user's own, 4 wide, keys a to d."""
    made = semsearch.create(shelf / "own", module=None, dim=4)
    made.add(vectors=np.eye(4), keys=list("abcd"))
    return made


@pytest.fixture(scope="session")
def texts(shelf: Path) -> semsearch.Collection:
    """Two texts with a number each, keys 1 and 2."""
    made = semsearch.create(shelf / "texts", module="hashing")
    rows = [
        {"id": "1", "text": "the soup was cold", "stars": 1},
        {"id": "2", "text": "fine shoes", "stars": 4},
    ]
    made.add(rows, text="text", key="id")
    return made


def state_of(collection: semsearch.Collection) -> State:
    """Return the version and every file with its size and time; SQLite's own two may move."""
    files = [
        (str(path.relative_to(collection.path)), path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(collection.path.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm", "LOCK"))
    ]
    return collection.version, files


@contextmanager
def nothing_changes(*collections: semsearch.Collection) -> Iterator[None]:
    """Check that what happens inside leaves the collections as they are."""
    before = [state_of(collection) for collection in collections]
    yield
    assert [state_of(collection) for collection in collections] == before


@pytest.fixture
def unchanged(own: semsearch.Collection, texts: semsearch.Collection) -> Iterator[None]:
    """Let a test fail when it changed one of the collections."""
    with nothing_changes(own, texts):
        yield


def one_sentence(error: BaseException) -> str:
    """Return the message of an error, and check that it is one a person can read."""
    message = str(error)
    assert 0 < len(message) <= 500, message
    assert "\n" not in message
    assert "Traceback" not in message
    return message
