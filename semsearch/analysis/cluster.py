"""Groups of near vectors: how many there are, who belongs to which, and who stands for each."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semsearch.analysis.directions import leading_directions
from semsearch.analysis.threads import one_thread
from semsearch.index.kmeans import kmeans, nearest_centroid
from semsearch.vectors import Vectors, as_vectors, unit

Labels = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64]

METHODS = ("auto", "kmeans")
METHODS_TO_COME = ("graph", "hdbscan", "agglomerative")

NEAR_IDENTICAL = 0.999
"""Cosine above which two representatives would show the same thing twice."""

MOST_CLUSTERS_CHOSEN = 64
_SAMPLE = 3000
_DIRECTIONS = 20
_LADDER_STEP = 1.2
_STARTS = 3
_AS_GOOD = 0.95  # of the best silhouette
_ROUNDING = 1e-4  # of the length of a stored unit vector


@dataclass(frozen=True, eq=False)
class Grouping:
    """Which group each vector belongs to: labels (n,) from 0, the largest; centroids (k, dim)."""

    labels: Labels
    centroids: Vectors

    def __post_init__(self) -> None:
        self.labels.setflags(write=False)
        self.centroids.setflags(write=False)

    @property
    def n_clusters(self) -> int:
        """How many groups there are; each has at least one member."""
        return len(self.centroids)


def group(
    vectors: npt.ArrayLike, n_clusters: int | None = None, method: str = "auto", seed: int = 0
) -> Grouping:
    """Group vectors (n, dim) by direction; the same vectors and seed give the same groups.

    "kmeans", and for now "auto" too, is spherical k-means (`semsearch.index.kmeans`). Group 0 is
    the largest. There are fewer than `n_clusters` groups where fewer vectors are distinct.

    Without `n_clusters` the number is measured on at most 3,000 vectors, projected on their 20
    leading directions: k-means with k = 2, 3, 4 ... up to the square root of their number (64 at
    most) in steps of a fifth. Each k is judged by the simplified silhouette (Hruschka, Campello
    and de Castro 2006: the mean of (b - a) / b, where a and b are the distances to the nearest and
    the second nearest centroid), averaged over three starts, and the largest k that reaches 95 %
    of the best is taken: of numbers that fit as well, the larger tells more. Fewer than four
    vectors make one group. Where the vectors have no clear groups, as most real texts do not, the
    number is a suggestion.

    Raises:
        ValueError: no vectors, one that is zero or not finite, `n_clusters` outside 1..n, or a
            method that does not exist.
        TypeError: `n_clusters` is no whole number.
    """
    _check_method(method)
    rows = _as_unit(as_vectors(vectors))
    if len(rows) == 0:
        raise ValueError("there are no items to cluster; add some first")
    if n_clusters is None:
        with one_thread():
            n_clusters = _choose_n_clusters(rows, seed)
    elif not 1 <= operator.index(n_clusters) <= len(rows):
        raise ValueError(
            f"n_clusters must be from 1 to {len(rows)}, the number of items; got {n_clusters}"
        )
    centroids, labels = kmeans(rows, n_clusters, seed=seed)
    return Grouping(labels, centroids)


def assign(vectors: npt.ArrayLike, centroids: Vectors) -> Labels:
    """Return for each of the vectors (n, dim) the row of the nearest of the centroids (k, dim).

    Nearest is by inner product, the rule by which `group` labels.

    Raises:
        ValueError: the vectors are not as wide as the centroids, or there are no centroids.
    """
    if len(centroids) == 0:
        raise ValueError("there are no centroids to assign to; cluster some items first")
    return nearest_centroid(as_vectors(vectors, centroids.shape[1]), centroids)


def representatives(vectors: npt.ArrayLike, grouping: Grouping, n: int = 5) -> list[Rows]:
    """Return for each group up to `n` rows of vectors (n, dim), the nearest to the centroid first.

    A vector all but equal to a chosen one (cosine above 0.999) is passed over, so a group of
    copies has one representative.

    Raises:
        ValueError: `n` below 1, or the vectors are not those that were grouped.
    """
    rows = as_vectors(vectors, grouping.centroids.shape[1])
    if len(rows) != len(grouping.labels):
        raise ValueError(
            f"{len(grouping.labels)} vectors were grouped, but {len(rows)} are given; "
            "give the same vectors in the same order"
        )
    if n < 1:
        raise ValueError(f"n must be 1 or more, got {n}")
    by_group = np.argsort(grouping.labels, kind="stable")
    ends = np.cumsum(np.bincount(grouping.labels, minlength=grouping.n_clusters))
    members = np.split(by_group, ends[:-1])
    pairs = zip(members, grouping.centroids, strict=True)
    return [_nearest_distinct(rows, own, centroid, n) for own, centroid in pairs]


def _check_method(method: str) -> None:
    if method in METHODS_TO_COME:
        raise ValueError(f"method {method!r} does not exist yet; there are: {', '.join(METHODS)}")
    if method not in METHODS:
        raise ValueError(f"no method {method!r}; there are: {', '.join(METHODS)}")


def _as_unit(rows: Vectors) -> Vectors:
    """Scale to length 1, without a copy of vectors that have it already, as stored ones do."""
    squares = np.einsum("ij,ij->i", rows, rows)
    return rows if np.all(np.abs(squares - 1) < _ROUNDING) else unit(rows)


def _nearest_distinct(rows: Vectors, members: Rows, centroid: Vectors, n: int) -> Rows:
    left = members[np.argsort(-(rows[members] @ centroid), kind="stable")]
    chosen: list[int] = []
    while len(left) and len(chosen) < n:
        chosen.append(int(left[0]))
        cosines = _as_unit(rows[left]) @ _as_unit(rows[left[:1]])[0]
        cosines[0] = 1  # whatever the rounding: the chosen one itself goes
        left = left[cosines <= NEAR_IDENTICAL]
    return np.array(chosen, dtype=np.int64)


def _choose_n_clusters(rows: Vectors, seed: int) -> int:
    if len(rows) > _SAMPLE:
        random = np.random.default_rng(seed)
        rows = rows[np.sort(random.choice(len(rows), size=_SAMPLE, replace=False))]
    flat = _on_leading_directions(rows)
    scores: dict[int, float] = {}
    for k in _ladder(min(MOST_CLUSTERS_CHOSEN, math.isqrt(len(flat)))):
        runs = [kmeans(flat, k, seed=seed + n, n_iter=10, n_starts=1)[0] for n in range(_STARTS)]
        judged = [_simplified_silhouette(flat, centroids) for centroids in runs]
        scores[min(map(len, runs))] = float(np.mean(judged))
    best = max(scores.values(), default=0.0)
    return max((k for k, score in scores.items() if score >= _AS_GOOD * best), default=1)


def _on_leading_directions(rows: Vectors) -> Vectors:
    projected = rows @ leading_directions(rows, _DIRECTIONS)
    lengths = np.linalg.norm(projected, axis=1, keepdims=True)
    # A row at right angles to all directions stays near the origin, where it belongs to no side.
    flat: Vectors = projected / np.maximum(lengths, _ROUNDING)
    return flat


def _ladder(most: int) -> list[int]:
    steps, k = [], 2
    while k <= most:
        steps.append(k)
        k = max(k + 1, round(k * _LADDER_STEP))
    return steps


def _simplified_silhouette(rows: Vectors, centroids: Vectors) -> float:
    if len(centroids) == 1:
        return 0.0
    distances = np.partition(1 - rows @ centroids.T, 1, axis=1)
    a, b = np.maximum(distances[:, 0], 0), distances[:, 1]
    return float(np.mean(np.where(b > _ROUNDING, (b - a) / np.maximum(b, _ROUNDING), 0)))
