"""The driver's side of `children`: processes that run one job after another, several at once."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).parents[2]

T = TypeVar("T")
C = TypeVar("C")

ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


@dataclass(frozen=True)
class Outcome:
    """How one child ended, what it told, and what it wrote to stderr."""

    status: int
    timed_out: bool
    acks: list[Any]
    result: Any
    notes: list[Any]
    stderr: str
    seconds: float

    @property
    def raised(self) -> bool:
        """Whether the job ended by an exception."""
        return self.status == 70

    @property
    def last_line(self) -> str:
        """The last line of stderr, which names the exception."""
        lines = self.stderr.strip().splitlines()
        return lines[-1] if lines else f"ended with {self.status} and no word"


class Server:
    """One process that forks; runs one job at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.faults.children"],
            cwd=ROOT,
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT), "SEMSEARCH_OFFLINE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, call: str, *, timeout: float = 60, kill_after: float | None = None,
            kill_from: int = 0, **args: Any) -> Outcome:  # fmt: skip
        """Call `module:function` with JSON-ready `args` in a child, and wait for its end."""
        job = {
            "call": call,
            "args": args,
            "timeout": timeout,
            "kill_after": kill_after,
            "kill_from": kill_from,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the parent of the children died at {job}")
        return Outcome(**json.loads(line))

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


class Pool:
    """Several servers; `each` gives every case to the next one that is free."""

    def __init__(self, jobs: int) -> None:
        self.servers = [Server() for _ in range(jobs)]

    def each(self, run: Callable[[Server, C], T], cases: Iterable[C]) -> Iterator[T]:
        """Yield the results in the order of the cases."""
        free: queue.Queue[Server] = queue.Queue()
        for server in self.servers:
            free.put(server)

        def one(case: C) -> T:
            server = free.get()
            try:
                return run(server, case)
            finally:
                free.put(server)

        threads = ThreadPoolExecutor(len(self.servers))
        try:
            yield from threads.map(one, cases)
        finally:
            threads.shutdown(cancel_futures=True)

    def close(self) -> None:
        """End all servers."""
        for server in self.servers:
            server.close()


@contextmanager
def pool(jobs: int) -> Iterator[Pool]:
    """Lend a pool of `jobs` servers."""
    made = Pool(jobs)
    try:
        yield made
    finally:
        made.close()
