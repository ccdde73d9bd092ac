"""Batches for networks that pad: sorted by length, bounded by a budget, halved when memory ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from semsearch.modules.module import Progress
from semsearch.modules.runtime import is_out_of_memory
from semsearch.vectors import Vectors

Run = Callable[[list[Any]], Vectors]


def encode_in_batches(
    items: Sequence[Any], lengths: Sequence[int], budget: int, run: Run, on_progress: Progress
) -> Vectors:
    """Return `run` of all items, shape (n, dim), in input order; `items` must not be empty.

    The longest items come first, so that too little memory shows at once and the time that is
    left is guessed too high rather than too low. A batch of n items whose longest has the length
    m keeps n * m within `budget`; one that runs out of memory is tried again in halves.
    """
    order = sorted(range(len(items)), key=lambda row: -lengths[row])
    vectors: Vectors | None = None
    done = 0
    for rows in _padded_batches(order, lengths, budget):
        batch = run_halving(run, [items[row] for row in rows])
        if vectors is None:
            vectors = np.empty((len(items), batch.shape[1]), np.float32)
        vectors[rows] = batch
        done += len(rows)
        on_progress(done, len(items))
    if vectors is None:
        raise ValueError("nothing to encode")
    return vectors


def run_halving(run: Run, batch: list[Any]) -> Vectors:
    """Return `run` of a batch, in halves of halves where the memory does not reach for more."""
    try:
        return run(batch)
    except Exception as error:
        if len(batch) == 1 or not is_out_of_memory(error):
            raise
    middle = len(batch) // 2
    return np.concatenate([run_halving(run, batch[:middle]), run_halving(run, batch[middle:])])


def _padded_batches(
    order: Sequence[int], lengths: Sequence[int], budget: int
) -> Iterator[list[int]]:
    """Group rows, longest first, so that their number times the longest stays within `budget`."""
    batch: list[int] = []
    for row in order:
        if batch and (len(batch) + 1) * max(1, lengths[batch[0]]) > budget:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
