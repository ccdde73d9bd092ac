"""Fewer threads where there is little to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

_limited = RLock()  # a grouping inside may ask again


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep numpy and scikit-learn to one thread while many small matrices are multiplied.

    The threads of BLAS wait for each other between the products. On two busy cores, the fits of
    a cross-validation took 6 times as long with two threads as with one.

    The number of threads belongs to the process. Two calls take turns, as the one that ended last
    would else put back what the other had set.
    """
    with _limited, threadpool_limits(limits=1):
        yield
