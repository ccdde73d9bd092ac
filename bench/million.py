"""Make many vectors of few: real ones, and others that lie as near to them as real ones would.

python bench/million.py --vectors FILE.npy --out million.npy [--n 1000000]

A new row is a real row turned towards the difference of two others, so that the noise has the
directions of the data, until its cosine to the row is one that was measured between a real row
and its nearest neighbour. The last 1,000 rows of FILE.npy are queries and are not used.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import faiss
import numpy as np

from semsearch.vectors import Vectors

QUERIES = 1_000
"""So many last rows of a file of vectors are held out as queries."""

SAMPLE = 500
AT_ONCE = 50_000


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vectors", type=Path, required=True, help="real vectors, a .npy")
    parser.add_argument("--out", type=Path, required=True, help="the .npy file to make")
    parser.add_argument("--n", type=int, default=1_000_000)
    options = parser.parse_args()
    make_many(options.vectors, options.out, options.n)


def make_many(source: Path, out: Path, n: int) -> None:
    """Write n unit vectors to `out`, some thousands at a time; always the same for one source."""
    real = np.load(source, mmap_mode="r")
    real = real[: len(real) - QUERIES]
    needed, free = n * real.shape[1] * real.itemsize, shutil.disk_usage(out.parent).free
    if needed > free:
        raise SystemExit(f"{out} needs {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free")
    random = np.random.default_rng(0)
    cosines = nearest_cosines(real, random)
    unfinished = out.with_suffix(".unfinished.npy")
    shape = (n, real.shape[1])
    vectors = np.lib.format.open_memmap(unfinished, mode="w+", dtype=np.float32, shape=shape)
    n_real = min(n, len(real))
    vectors[:n_real] = real[:n_real]
    for start in range(n_real, n, AT_ONCE):
        end = min(start + AT_ONCE, n)
        vectors[start:end] = like(real, random, random.choice(cosines, (end - start, 1)))
    vectors.flush()
    unfinished.rename(out)


def nearest_cosines(real: Vectors, random: np.random.Generator) -> Vectors:
    """Return the cosine of some rows to their nearest neighbours."""
    rows = np.sort(random.choice(len(real), min(SAMPLE, len(real)), replace=False))
    scores, _ = faiss.knn(real[rows], np.ascontiguousarray(real), 2, faiss.METRIC_INNER_PRODUCT)
    return np.minimum(scores[:, 1], 1)  # the first is the row itself


def like(real: Vectors, random: np.random.Generator, cosines: Vectors) -> Vectors:
    """Return new rows, each with its cosine (n, 1) to a real row drawn at random."""
    base, one, other = random.integers(0, len(real), (3, len(cosines)))
    rows = real[base]
    away = real[one] - real[other]
    away -= (away * rows).sum(axis=1, keepdims=True) * rows
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
    new = cosines * rows + np.sqrt(1 - cosines**2) * away
    return new / np.linalg.norm(new, axis=1, keepdims=True)


if __name__ == "__main__":
    main()
