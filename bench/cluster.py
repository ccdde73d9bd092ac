"""K-means: ours against scikit-learn's, on the same unit vectors in the same run.

python bench/cluster.py --vectors FILE.npy|FILE.npz --key base -k 100
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tables import table, write_between_markers

from semsearch.index.kmeans import kmeans
from semsearch.vectors import Vectors, as_vectors, unit

Labelling = Callable[[Vectors], np.ndarray]


def main() -> None:
    """Print seconds and inertia of each way, and their ratios to scikit-learn's KMeans."""
    options = read_options()
    vectors = read_vectors(options.vectors, options.key)
    rows, reference = [], None
    for name, label in ways(options.k, options.seed).items():
        label(vectors[: 4 * options.k])  # libraries are loaded and threads started before the clock
        started = time.perf_counter()
        labels = label(vectors)
        seconds, spread = time.perf_counter() - started, inertia(vectors, labels)
        reference = reference or (seconds, spread)
        ratios = f"{seconds / reference[0]:.2f}", f"{spread / reference[1]:.4f}"
        rows.append([name, f"{seconds:.2f}", ratios[0], f"{spread:,.0f}", ratios[1]])
    title = f"{options.vectors.name}: {len(vectors):,} x {vectors.shape[1]}, k = {options.k}"
    report = table([title, "s", "ratio", "inertia", "ratio"], rows)
    print(report)
    if options.markdown:
        write_between_markers(options.markdown, "cluster", report)


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=Path, required=True, help="a .npy or .npz of (n, dim)")
    parser.add_argument("--key", default="base", help="the array inside a .npz")
    parser.add_argument("-k", type=int, default=100, help="how many clusters")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--markdown", type=Path, help="a page with the markers to write between")
    return parser.parse_args()


def read_vectors(path: Path, key: str) -> Vectors:
    """Return the vectors of a file, scaled to length 1."""
    stored = np.load(path, allow_pickle=False)
    return unit(as_vectors(stored[key] if path.suffix == ".npz" else stored))


def ways(k: int, seed: int) -> dict[str, Labelling]:
    """Return what is compared; the first is the reference."""
    from sklearn.cluster import KMeans, MiniBatchKMeans

    return {
        "scikit-learn KMeans (n_init 1, 25 iterations)": KMeans(
            k, n_init=1, max_iter=25, random_state=seed
        ).fit_predict,
        "scikit-learn MiniBatchKMeans (n_init 1)": MiniBatchKMeans(
            k, n_init=1, random_state=seed
        ).fit_predict,
        "semsearch.index.kmeans": lambda vectors: kmeans(vectors, k, seed=seed)[1],
        "semsearch.index.kmeans, 256 rows a centroid": lambda vectors: kmeans(
            vectors, k, seed=seed, max_points_per_centroid=256
        )[1],
    }


def inertia(vectors: Vectors, labels: np.ndarray) -> float:
    """Return the sum of squared distances to the means of the clusters."""
    total = 0.0
    for label in np.unique(labels):
        members = vectors[labels == label]
        total += float(((members - members.mean(axis=0)) ** 2).sum())
    return total


if __name__ == "__main__":
    main()
