"""Contents prepared ahead by a few threads, in order, while their taker does something else."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

Attempts = Generator[tuple[Item, Future[Result]], None, None]

WINDOW = 64
MOST_WORKERS = 8


def attempts_ahead(
    items: Iterable[Item],
    prepare: Callable[[Item], Result],
    *,
    workers: int | None = None,
    window: int = WINDOW,
) -> Attempts[Item, Result]:
    """Yield each item with the future of `prepare(item)`, in the order of `items`.

    Up to `window` items behind the one last taken are prepared meanwhile by `workers` threads (by
    default one a core, 8 at most). An item whose preparation fails does no harm to the others: the
    `result()` of its future raises. `items` is read in the thread of the taker; should reading
    fail, what came before is yielded first. The threads end with the iterator; close it when it
    is not taken to its end (`contextlib.closing`), which drops what nobody has begun.

    Raises:
        ValueError: fewer than one worker, or a window below 0.
    """
    if window < 0:
        raise ValueError(f"the window must not be below 0, got {window}")
    pool = ThreadPoolExecutor(_default_workers() if workers is None else workers)
    return _attempts(iter(items), prepare, pool, window)


def prepared_ahead(
    items: Iterable[Item],
    prepare: Callable[[Item], Result],
    *,
    workers: int | None = None,
    window: int = WINDOW,
) -> Generator[Result, None, None]:
    """Yield `prepare(item)` of each item, in order, as `attempts_ahead` does.

    What one of them raises ends the iterator at its place, after all that came before.
    """
    attempts = attempts_ahead(items, prepare, workers=workers, window=window)
    return _results(attempts)


def _attempts(
    items: Iterator[Item],
    prepare: Callable[[Item], Result],
    pool: ThreadPoolExecutor,
    window: int,
) -> Attempts[Item, Result]:
    pending: deque[tuple[Item, Future[Result]]] = deque()
    failure: Exception | None = None
    try:
        while True:
            try:
                item = next(items)
            except StopIteration:
                break
            except Exception as error:
                failure = error
                break
            pending.append((item, pool.submit(prepare, item)))
            if len(pending) > window:
                yield pending.popleft()
        while pending:
            yield pending.popleft()
        if failure is not None:
            raise failure
    finally:
        pool.shutdown(cancel_futures=True)


def _results(attempts: Attempts[Item, Result]) -> Generator[Result, None, None]:
    with closing(attempts):
        for _, attempt in attempts:
            yield attempt.result()


def _default_workers() -> int:
    return min(MOST_WORKERS, os.cpu_count() or 1)
