"""K-means on the unit sphere by FAISS: the one clustering algorithm that touches every vector."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from semsearch.index.native import threads
from semsearch.vectors import Vectors, as_vectors

Labels = npt.NDArray[np.int64]

MAX_POINTS_PER_CENTROID = 1024
"""Rows that train one centroid at most; above it a seeded sample trains and every row is labelled.

At 256, FAISS's own default, the inertia of 100,000 x 512 in 100 clusters was 0.7 % above
scikit-learn's (design/performance.md); here all rows of such a set take part.
"""

SEEDED_CENTROIDS = 256
"""Up to this many centroids start by k-means++; more start as random rows, to bound the time."""

SMALL_WORK = 4_000_000_000
"""Multiplications of a run below which several are made, the best one kept, in one thread each."""

STARTS = 4
SEEDING_ROWS_PER_CENTROID = 20
FEWEST_SEEDING_ROWS = 2048
ROWS_PER_BLOCK = 16_384
SMALLEST_CENTROID = 1e-6


def kmeans(
    vectors: Vectors,
    n_clusters: int,
    *,
    seed: int = 0,
    n_iter: int = 25,
    n_starts: int | None = None,
    max_points_per_centroid: int = MAX_POINTS_PER_CENTROID,
) -> tuple[Vectors, Labels]:
    """Partition unit vectors (n, dim) and return (centroids (k, dim) of unit length, labels (n,)).

    Spherical k-means (Dhillon and Modha 2001) by `faiss.Kmeans`, started by greedy k-means++
    (Arthur and Vassilvitskii 2007) `n_starts` times, the best result kept; None stands for four
    where a run is quick and for one where it is not. A row belongs to the centroid of the largest
    inner product.
    Labels run from 0, the largest cluster, to the smallest; clusters of one size stand in the
    order of their first rows. k is below `n_clusters` where fewer vectors are distinct, as every
    cluster has members. One seed and number of threads gives one result.

    Raises:
        ValueError: no vectors, `n_clusters` outside 1..n, or another number below 1.
    """
    rows = as_vectors(vectors)
    _check_n_clusters(len(rows), n_clusters)
    _check_positive(
        n_iter=n_iter, n_starts=n_starts, max_points_per_centroid=max_points_per_centroid
    )
    random = np.random.default_rng(seed)
    sample = _sample(rows, n_clusters * max_points_per_centroid, random)
    is_small = len(sample) * sample.shape[1] * n_clusters * n_iter < SMALL_WORK
    if n_starts is None:
        n_starts = STARTS if is_small else 1
    starts = [_start(sample, n_clusters, random) for _ in range(n_starts)]
    with threads(1 if is_small else None):
        runs = [_train(sample, start, n_iter) for start in starts]
    centroids, _ = max(runs, key=lambda run: run[1])
    return _in_order_of_size(centroids, nearest_centroid(rows, centroids))


def nearest_centroid(vectors: Vectors, centroids: Vectors) -> Labels:
    """Return for each of the vectors (n, dim) the row of the nearest of the centroids (k, dim)."""
    labels = np.empty(len(vectors), dtype=np.int64)
    for start in range(0, len(vectors), ROWS_PER_BLOCK):
        block = vectors[start : start + ROWS_PER_BLOCK]
        labels[start : start + ROWS_PER_BLOCK] = (block @ centroids.T).argmax(axis=1)
    return labels


def _check_n_clusters(n: int, n_clusters: int) -> None:
    if n == 0:
        raise ValueError("there are no vectors to cluster; add items first")
    if not 1 <= n_clusters <= n:
        raise ValueError(
            f"n_clusters must be from 1 to {n}, the number of vectors; got {n_clusters}"
        )


def _check_positive(**numbers: int | None) -> None:
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise ValueError(f"{name} must be 1 or more, got {number}")


def _sample(rows: Vectors, n: int, random: np.random.Generator) -> Vectors:
    if len(rows) <= n:
        return rows
    return rows[np.sort(random.choice(len(rows), size=n, replace=False))]


def _start(rows: Vectors, n_clusters: int, random: np.random.Generator) -> Vectors:
    if n_clusters > SEEDED_CENTROIDS:
        return rows[random.choice(len(rows), size=n_clusters, replace=False)]
    pool = _sample(rows, max(SEEDING_ROWS_PER_CENTROID * n_clusters, FEWEST_SEEDING_ROWS), random)
    return _plus_plus(pool, n_clusters, random)


def _plus_plus(rows: Vectors, n_clusters: int, random: np.random.Generator) -> Vectors:
    """Choose rows far from one another: greedy k-means++, as scikit-learn does it.

    Fewer than `n_clusters` come back when all rows equal one that was chosen.
    """
    n_trials = 2 + int(np.log(n_clusters))
    chosen = [int(random.integers(len(rows)))]
    distance = _distance(rows, rows[chosen])[:, 0]
    while len(chosen) < n_clusters and distance.any():
        ladder = np.cumsum(distance, dtype=np.float64)
        drawn = np.searchsorted(ladder, random.random(n_trials) * ladder[-1], side="right")
        trials = np.minimum(drawn, int(distance.nonzero()[0][-1]))
        left = np.minimum(distance[:, None], _distance(rows, rows[trials]))
        best = int(left.sum(axis=0, dtype=np.float64).argmin())
        chosen.append(int(trials[best]))
        distance = left[:, best]
    return rows[chosen]


def _distance(rows: Vectors, others: Vectors) -> Vectors:
    """Return 1 - cosine, (n, m), with the rounding of equal vectors taken off."""
    distance = 1 - rows @ others.T
    return np.where(distance < SMALLEST_CENTROID, np.float32(0), distance)


def _train(rows: Vectors, start: Vectors, n_iter: int) -> tuple[Vectors, float]:
    """Return the centroids and how well they fit: the sum of the rows' cosines to theirs."""
    import faiss

    trainer: Any = faiss.Kmeans(
        rows.shape[1],
        len(start),
        niter=n_iter,
        spherical=True,
        min_points_per_centroid=1,  # FAISS warns on stderr below its 39
        max_points_per_centroid=len(rows),  # the sample is ours, drawn from our seed
    )
    trainer.train(rows, init_centroids=np.ascontiguousarray(start))
    centroids = np.array(trainer.centroids, dtype=np.float32)
    # Members that cancel out (x and -x) leave no direction; their starting row stands in.
    lost = np.linalg.norm(centroids, axis=1) < SMALLEST_CENTROID
    centroids[lost] = start[lost]
    return centroids, float(trainer.obj[-1])


def _in_order_of_size(centroids: Vectors, labels: Labels) -> tuple[Vectors, Labels]:
    used, first, position, sizes = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -sizes))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return centroids[used[order]], rank[position]
