"""Which code fits these vectors: each is tried on some thousand rows, the fastest wins.

A code that loses nothing here is what an index of all rows is then built from and measured with.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semsearch.index.build import build_codes
from semsearch.index.codes import CodeIndex
from semsearch.index.plan import IndexPlan
from semsearch.index.rows import Rows
from semsearch.index.tune import Sample, draw_sample, tune
from semsearch.index.view import SearchView

PROBED_ROWS = 16_384
PROBED_QUERIES = 128

LOSSLESS = 0.99
"""A code must find so many of the ten nearest itself; the lists above it will lose more."""

MOST_TRIED = 3


@dataclass(frozen=True)
class Probed:
    """How well a code found the nearest rows of the probe, and what that took."""

    code: str
    recall: float
    seconds: float


def best_codes(rows: Rows, seed: int) -> list[str]:
    """Return FAISS's names of codes, the best for these rows first; each next one is finer."""
    small = _few_rows(rows, seed)
    sample = draw_sample(small, None, seed, PROBED_QUERIES)
    finer = fine_codes(rows.dim)
    probed = [_probe(code, small, sample, seed) for code in coarse_codes(rows.dim)]
    good = sorted((one for one in probed if one.recall >= LOSSLESS), key=lambda one: one.seconds)
    if not good:
        probed += [_probe(code, small, sample, seed) for code in finer]
        good, finer = sorted(probed, key=lambda one: (-round(one.recall, 2), one.seconds)), []
    return [*(one.code for one in good[:1]), *finer, *(one.code for one in good[1:])][:MOST_TRIED]


def coarse_codes(dim: int) -> list[str]:
    """Return the codes of about one bit a dimension; a width without good divisors has no PQ."""
    parts = _divisor(dim, dim // 4)
    return [f"PQ{parts}x4fs"] * (8 * parts >= dim) + ["RaBitQfs"]


def fine_codes(dim: int) -> list[str]:
    """Return the codes of more bits, for when the coarse ones blur what is near."""
    parts = _divisor(dim, dim // 2)
    return [f"PQ{parts}x4fs"] * (4 * parts > dim) + ["SQ8"]


def _divisor(dim: int, most: int) -> int:
    """Return the largest divisor of `dim` that is at most `most`, 1 where there is none."""
    return next((number for number in range(most, 0, -1) if dim % number == 0), 1)


def _few_rows(rows: Rows, seed: int) -> Rows:
    if len(rows) <= PROBED_ROWS:
        return rows
    chosen = np.random.default_rng(seed).choice(len(rows), size=PROBED_ROWS, replace=False)
    return Rows((rows.take(np.sort(chosen)),))


def _probe(code: str, rows: Rows, sample: Sample, seed: int) -> Probed:
    index = build_codes(rows, f"IVF1,{code}", seed=seed)
    codes = CodeIndex(index, IndexPlan(code, ""), len(rows))
    setting = tune(codes, SearchView(rows, None, codes).everything, sample, LOSSLESS)
    return Probed(code, setting.recall, setting.seconds)
