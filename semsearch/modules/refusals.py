"""What any network may do to its user: run out of memory, or give a vector without direction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from semsearch.errors import ContentError, ModuleError
from semsearch.modules.runtime import is_out_of_memory
from semsearch.vectors import SMALLEST_NORM, Vectors


@contextmanager
def enough_memory(name: str) -> Iterator[None]:
    """Turn memory that ran out into a ModuleError that names the module.

    Whatever can be tried in smaller batches has been, see `batches.run_halving`.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise ModuleError(
            f"the memory is too small for the module {name!r}, even for one item",
            "close other programs, or use a smaller module or shorter texts",
        ) from error


def refuse_void(name: str, vectors: Vectors, items: Sequence[str]) -> None:
    """Raise a ContentError for the first vector that is zero or not finite.

    `items` tell in words what each vector was made of.
    """
    norms = np.linalg.norm(vectors, axis=1)
    bad = np.flatnonzero(~(np.isfinite(norms) & (norms >= SMALLEST_NORM)))
    if len(bad):
        row = int(bad[0])
        kind = "a zero vector" if np.isfinite(norms[row]) else "NaN or infinity"
        raise ContentError(
            f"the module {name!r} gave {kind} for {items[row]}", "leave the item out"
        )
