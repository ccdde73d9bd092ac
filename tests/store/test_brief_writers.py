"""A writer that is done within milliseconds is in nobody's way."""

from __future__ import annotations

import fcntl
import threading
import time
from pathlib import Path

import pytest

from semsearch.errors import CollectionLocked
from semsearch.store import Space, Store
from semsearch.store.lock import writer_lock

SECONDS = 0.2


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "c", Space(2, None, None, {}), {"modality": "vectors"})


def held_for_a_moment(store: Store, *, brief: bool) -> threading.Thread:
    """Return a thread that holds the writer's lock of `store` by now."""
    holding = threading.Event()

    def hold() -> None:
        with store.writing(brief=brief):
            holding.set()
            time.sleep(SECONDS)

    thread = threading.Thread(target=hold)
    thread.start()
    assert holding.wait(10)
    return thread


def test_a_writer_waits_for_a_brief_one(store: Store) -> None:
    other = held_for_a_moment(store, brief=True)
    start = time.monotonic()
    with store.writing() as writer:
        writer.delete([])
    assert time.monotonic() - start > SECONDS / 2
    other.join()


def test_a_writer_does_not_wait_for_a_long_one(store: Store) -> None:
    other = held_for_a_moment(store, brief=False)
    start = time.monotonic()
    with pytest.raises(CollectionLocked, match="is being written by process"), store.writing():
        pass
    assert time.monotonic() - start < SECONDS
    other.join()


def test_a_brief_writer_that_takes_long_is_told_in_the_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semsearch.store.lock.PATIENCE", 0.05)
    with (
        writer_lock(store.folder.lock, brief=True),
        pytest.raises(CollectionLocked),
        store.writing(),
    ):
        pass


def test_the_lock_of_a_collection_that_was_exchanged_meanwhile_is_that_of_the_new_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "LOCK"
    holding, done = threading.Event(), threading.Event()

    def wait_and_hold() -> None:
        with writer_lock(path):
            holding.set()
            done.wait(10)

    waiting = threading.Thread(target=wait_and_hold)
    with writer_lock(path, brief=True):
        waiting.start()
        time.sleep(SECONDS)
        path.unlink()
        path.touch()
    assert holding.wait(10)
    with path.open() as new, pytest.raises(BlockingIOError):
        fcntl.flock(new, fcntl.LOCK_EX | fcntl.LOCK_NB)
    done.set()
    waiting.join()
