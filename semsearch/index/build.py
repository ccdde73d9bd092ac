"""Training a FAISS index on a sample of the rows and adding all of them, a chunk at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from semsearch.index.native import library, threads
from semsearch.index.rows import Rows

Progress = Callable[[int, int], None]

ROWS_PER_CHUNK = 32_768
"""How many rows are copied and added at once; with the codes, all that a build holds in memory."""

SMALL_VALUES = 20_000_000
"""Vectors of fewer numbers are indexed in one thread, which is quick and waits for no other."""

ROWS_PER_LIST = 64
"""Rows that train one list; twice as many cost twice the time and find the same."""

TRAINING_ROUNDS = 6
FEWEST_TRAINING_ROWS = 16_384
MOST_TRAINING_ROWS = 262_144
EF_CONSTRUCTION = 80
MOST_LISTS = 65_536
REFUSED = {
    "Refine": "candidates are scored exactly from the stored vectors anyway; leave it away",
    "RFlat": "candidates are scored exactly from the stored vectors anyway; leave it away",
    "IDMap": "rows keep their own numbers; leave it away",
}


def build_codes(
    rows: Rows, spec: str, *, seed: int = 0, on_progress: Progress | None = None
) -> Any:
    """Return a FAISS index of the factory string `spec` that holds every row, in their order.

    One seed and number of threads gives one index. `on_progress` is told (rows added, all rows).

    Raises:
        ValueError: a spec that FAISS cannot build for these rows; the message says why.
    """
    index = empty_index(spec, rows.dim)
    _settle(index, seed)
    is_small = len(rows) * rows.dim < SMALL_VALUES
    try:
        with threads(1 if is_small else None):
            index.train(_training_rows(rows, index, seed))
            _add(index, rows, on_progress)
    except RuntimeError as error:
        raise ValueError(refusal(spec, rows.dim, error)) from error
    return index


def empty_index(spec: str, dim: int) -> Any:
    """Return the index of a FAISS factory string for inner products, neither trained nor filled.

    Raises:
        ValueError: a spec that FAISS or semsearch refuses.
    """
    for word, reason in REFUSED.items():
        if word in spec:
            raise ValueError(f"the index {spec!r} has no use for {word!r}: {reason}")
    _check_numbers(spec)
    faiss = library()
    try:
        index = faiss.index_factory(dim, spec, faiss.METRIC_INNER_PRODUCT)
    except (RuntimeError, MemoryError, OverflowError) as error:
        raise ValueError(refusal(spec, dim, error)) from error
    if index.metric_type != faiss.METRIC_INNER_PRODUCT:  # FAISS forgets it for a few kinds
        raise ValueError(f"the index {spec!r} cannot be built: it compares by distance alone")
    return index


def _add(index: Any, rows: Rows, on_progress: Progress | None) -> None:
    for first, vectors in rows.chunks(ROWS_PER_CHUNK):
        index.add(np.ascontiguousarray(vectors))
        if on_progress is not None:
            on_progress(first + len(vectors), len(rows))


def _check_numbers(spec: str) -> None:
    """Refuse what FAISS accepts and then dies of: HNSW0, IVF0, HNSW100000000."""
    for name, most in (("IVF", MOST_LISTS), ("HNSW", 512), ("NSG", 512)):
        for number in re.findall(rf"{name}(-?\d+)", spec):
            if not 1 <= int(number) <= most:
                raise ValueError(
                    f"the index {spec!r} cannot be built: {name} takes 1 to {most}, got {number}"
                )


def _settle(index: Any, seed: int) -> None:
    """Set how the index is trained; nothing of it is changed after it was built."""
    faiss = library()
    ivf = faiss.try_extract_index_ivf(index)
    if ivf is not None:
        ivf.cp.seed = seed + 1
        ivf.cp.niter = TRAINING_ROUNDS
        ivf.cp.min_points_per_centroid = 1  # FAISS warns on stderr below its 39
        ivf.cp.max_points_per_centroid = MOST_TRAINING_ROWS  # the sample is ours
    if hasattr(index, "hnsw"):
        index.hnsw.efConstruction = EF_CONSTRUCTION
    for part in (index, ivf):
        if hasattr(part, "do_polysemous_training"):
            part.do_polysemous_training = False  # minutes for Hamming distances nobody asks for
    for quantizer in _product_quantizers(index, ivf):
        quantizer.cp.seed = seed + 1
        quantizer.cp.min_points_per_centroid = 1


def _product_quantizers(index: Any, ivf: Any) -> list[Any]:
    return [part.pq for part in (index, ivf) if hasattr(part, "pq")]


def _training_rows(rows: Rows, index: Any, seed: int) -> Any:
    ivf = library().try_extract_index_ivf(index)
    n_lists = 0 if ivf is None else int(ivf.nlist)
    wanted = min(max(n_lists * ROWS_PER_LIST, FEWEST_TRAINING_ROWS), MOST_TRAINING_ROWS)
    n = min(len(rows), wanted)
    chosen = np.random.default_rng(seed).choice(len(rows), size=n, replace=False)
    return rows.take(np.sort(chosen))


def refusal(spec: str, dim: int, error: BaseException) -> str:
    """Return FAISS's own reason without its file names, as one sentence."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    reason = re.sub(r"^.*?(Error: |: )(?=[^:/]*$)", "", lines[-1]).strip().rstrip(".")
    return (
        f"the index {spec!r} cannot be built for vectors of {dim} dimensions: {reason}; give exact,"
        " flat, ivf, hnsw or a FAISS factory string"
    )
