"""K-means: planted groups, degenerate sets, order, silence."""

from __future__ import annotations

import numpy as np
import pytest

from semsearch.index.kmeans import kmeans, nearest_centroid
from semsearch.vectors import Vectors, unit


def blobs(sizes: list[int], dim: int = 32, spread: float = 0.3, seed: int = 0) -> Vectors:
    random = np.random.default_rng(seed)
    centres = np.repeat(random.normal(size=(len(sizes), dim)), sizes, axis=0)
    noise = spread * random.normal(size=centres.shape)
    return unit((centres + noise).astype(np.float32))


def test_planted_groups_come_back_from_large_to_small() -> None:
    _, labels = kmeans(blobs([10, 50, 30]), 3)

    assert labels.tolist() == [2] * 10 + [0] * 50 + [1] * 30


def test_groups_of_one_size_stand_in_the_order_of_their_first_rows() -> None:
    _, labels = kmeans(blobs([20, 20, 20]), 3)

    assert labels.tolist() == [0] * 20 + [1] * 20 + [2] * 20


def test_centroids_are_unit_float32_and_each_row_belongs_to_the_nearest() -> None:
    vectors = blobs([40, 30, 20, 10])
    centroids, labels = kmeans(vectors, 4)

    assert (centroids.dtype, centroids.shape, labels.dtype) == (np.float32, (4, 32), np.int64)
    assert np.linalg.norm(centroids, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(nearest_centroid(vectors, centroids), labels)


def test_one_seed_gives_one_result() -> None:
    vectors = np.random.default_rng(3).normal(size=(500, 16)).astype(np.float32)
    first, second = kmeans(unit(vectors), 12, seed=7), kmeans(unit(vectors), 12, seed=7)

    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])


def test_every_cluster_has_members_when_few_vectors_are_distinct() -> None:
    vectors = np.repeat(np.eye(3, 8, dtype=np.float32), [5, 3, 4], axis=0)
    centroids, labels = kmeans(vectors, 10)

    assert labels.tolist() == [0] * 5 + [2] * 3 + [1] * 4
    assert len(centroids) == 3


@pytest.mark.parametrize("n_clusters", [1, 2, 5])
def test_as_many_clusters_as_vectors_are_possible(n_clusters: int) -> None:
    vectors = np.eye(n_clusters, 8, dtype=np.float32)
    _, labels = kmeans(vectors, n_clusters)

    assert labels.tolist() == list(range(n_clusters))


def test_opposite_vectors_in_one_cluster_have_a_centroid_of_unit_length() -> None:
    vectors = np.array([[1, 0], [-1, 0]], dtype=np.float32)
    centroids, labels = kmeans(vectors, 1)

    assert np.linalg.norm(centroids[0]) == pytest.approx(1)
    assert labels.tolist() == [0, 0]


def test_a_sample_trains_when_there_are_more_rows_than_the_cap() -> None:
    _, labels = kmeans(blobs([300, 200, 100]), 3, max_points_per_centroid=10)

    assert np.bincount(labels).tolist() == [300, 200, 100]


def test_more_clusters_than_are_seeded_one_by_one() -> None:
    vectors = unit(np.random.default_rng(0).normal(size=(600, 8)).astype(np.float32))
    centroids, labels = kmeans(vectors, 300, n_iter=5)

    assert np.bincount(labels).min() >= 1
    assert len(centroids) == labels.max() + 1 > 250


def test_faiss_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    kmeans(blobs([3, 2, 1]), 5)

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("n_clusters", [0, -1, 4])
def test_an_impossible_number_of_clusters_is_refused(n_clusters: int) -> None:
    with pytest.raises(ValueError, match=f"from 1 to 3, the number of vectors; got {n_clusters}"):
        kmeans(np.eye(3, dtype=np.float32), n_clusters)


def test_no_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="no vectors to cluster"):
        kmeans(np.empty((0, 4), dtype=np.float32), 1)


def test_no_iterations_are_refused() -> None:
    with pytest.raises(ValueError, match="n_iter must be 1 or more"):
        kmeans(np.eye(3, dtype=np.float32), 1, n_iter=0)
