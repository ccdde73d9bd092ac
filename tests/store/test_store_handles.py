"""Open files: let go of when the store is closed, and not before."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from semsearch.store import Store
from tests.store.rows import put


def test_a_closed_store_says_so(store: Store) -> None:
    put(store, "a")
    store.close()
    with pytest.raises(ValueError, match="is closed; open it again"):
        store.snapshot()


def open_files(folder: Path) -> int:
    """Return how many files of a folder this process holds open."""
    held = 0
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the listing's own
            held += link.readlink().is_relative_to(folder)
    return held


def test_closing_lets_go_of_every_file(store: Store) -> None:
    put(store, "a")
    waiting, done = threading.Event(), threading.Event()

    def read_and_stay() -> None:
        store.snapshot()
        waiting.set()
        done.wait(5)

    thread = threading.Thread(target=read_and_stay)
    thread.start()
    waiting.wait(5)
    assert open_files(store.folder.path) > 0
    store.close()
    assert open_files(store.folder.path) == 0
    done.set()
    thread.join()


def test_many_threads_may_read_while_the_store_is_closed(store: Store) -> None:
    put(store, *(f"k{n}" for n in range(500)))
    surprises: list[Exception] = []

    def read() -> None:
        try:
            while True:
                store.items(range(1, 501))
        except ValueError:
            pass
        except Exception as error:
            surprises.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    store.close()
    for thread in threads:
        thread.join(5)
    assert surprises == []


def test_threads_that_ended_leave_no_file_open(store: Store) -> None:
    put(store, "a")
    store.snapshot()
    before = open_files(store.folder.path)
    for _ in range(10):
        thread = threading.Thread(target=store.snapshot)
        thread.start()
        thread.join()
    # SQLite keeps a handle aside while another connection has locks on the file.
    assert open_files(store.folder.path) <= before + 1
