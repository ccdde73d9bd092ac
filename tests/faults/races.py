"""What the processes of R12 do: write in turns, look on, and settle what must stand at the end."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import semsearch
from semsearch.errors import CollectionLocked
from semsearch.store.store import Store
from semsearch.store.writer import Writer
from tests.faults import defects as seeded
from tests.faults.channel import acknowledge, tell
from tests.faults.verify import checked, damaged_files, strays
from tests.faults.workload import DIM, vector_of

INSIDE, STOP = "inside", "stop"
"""Files beside the collection: who is changing it, and that the readers may go."""


def prepare(path: str) -> None:
    """Make an empty collection."""
    semsearch.create(path, module=None, dim=DIM).close()


def write(
    path: str, name: str, start: float, batches: int, rows: int, defect: str | None = None
) -> None:
    """Add batches as soon as the lock is free; `name` makes their keys."""
    seeded.apply(defect)
    _mark_who_is_inside(Path(path))
    _wait_until(start)
    with semsearch.open(path) as collection:
        for batch in range(batches):
            keys = [f"{name}-{batch}-{row}" for row in range(rows)]
            vectors = np.stack([vector_of(key, 0) for key in keys])
            while True:
                try:
                    collection.add(vectors=vectors, keys=keys)
                    break
                except CollectionLocked:
                    tell("note", f"{name} waits")
                    time.sleep(0.002)
            acknowledge(f"{name}-{batch}")


def watch(path: str, start: float, rows: int, defect: str | None = None) -> int:
    """Look on until the file `stop` stands there; return how often. Batches come whole and stay."""
    _wait_until(start)
    before: set[str] = set()
    looks = 0
    with semsearch.open(path, read_only=True) as collection:
        while not Path(path).with_name(STOP).exists():
            keys, vectors = collection.vectors()
            now = set(keys)
            _see(before <= now, f"lost {sorted(before - now)[:3]}")
            batches = [key.rsplit("-", 1)[0] for key in keys]
            parts = {batch for batch in batches if batches.count(batch) != rows}
            _see(not parts, f"parts of {sorted(parts)}")
            for key, vector in zip(keys, vectors, strict=True):
                _see(np.allclose(vector, vector_of(key, 0), atol=1e-6), f"vector of {key}")
            before = now
            looks += 1
    return looks


def settle(path: str, promised: list[str], rows: int, defect: str | None = None) -> list[str]:
    """Return what is wrong at the end, after one more write."""
    with semsearch.open(path) as collection:
        collection.add(vectors=np.eye(1, DIM), keys=["last"])
        keys = set(collection.keys())
        wanted = {f"{batch}-{row}" for batch in promised for row in range(rows)}
        problems = [f"lost {key}" for key in sorted(wanted - keys)]
        problems += checked(collection)
    return [*problems, *damaged_files(Path(path)), *strays(Path(path))]


def _mark_who_is_inside(path: Path) -> None:
    """Let two who may change the collection at one time find out about each other."""
    writing = Store.writing
    marker = path.with_name(INSIDE)

    @contextmanager
    def marked(self: Store, **options: Any) -> Iterator[Writer]:
        with writing(self, **options) as writer:
            descriptor = os.open(marker, os.O_CREAT | os.O_RDWR, 0o600)
            other = os.pread(descriptor, 20, 0).decode()
            if _is_alive(other):
                time.sleep(0.05)  # one that was killed may be on its way out
                if _is_alive(other):
                    raise RuntimeError(f"process {other} is inside too")
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            time.sleep(0.002)
            try:
                yield writer
            finally:
                os.ftruncate(descriptor, 0)
                os.close(descriptor)

    Store.writing = marked  # type: ignore[method-assign]


def _is_alive(process: str) -> bool:
    try:
        return bool(process) and "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def _wait_until(start: float) -> None:
    time.sleep(max(0.0, start - time.monotonic()))


def _see(is_right: bool, what: str) -> None:
    if not is_right:
        raise RuntimeError(what)
