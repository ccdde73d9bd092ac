"""Groups: planted ones are found and counted, representatives differ, bad calls are told."""

from __future__ import annotations

import numpy as np
import pytest

from semsearch.analysis import Grouping, assign, group, representatives
from semsearch.vectors import Vectors, unit


def blobs(sizes: list[int], dim: int = 64, spread: float = 0.5, seed: int = 0) -> Vectors:
    random = np.random.default_rng(seed)
    centres = np.repeat(random.normal(size=(len(sizes), dim)), sizes, axis=0)
    return unit((centres + spread * random.normal(size=centres.shape)).astype(np.float32))


@pytest.mark.parametrize("sizes", [[30, 20], [30, 20, 10], [90, 80, 70, 60, 50], [40] * 12])
def test_the_number_of_planted_groups_is_found(sizes: list[int]) -> None:
    grouping = group(blobs(sizes))

    assert np.bincount(grouping.labels).tolist() == sizes


def test_a_given_number_is_kept_and_auto_is_kmeans() -> None:
    vectors = blobs([30, 20, 10])
    auto, kmeans = group(vectors, 4), group(vectors, 4, method="kmeans")

    assert auto.n_clusters == 4
    assert np.array_equal(auto.labels, kmeans.labels)


def test_one_seed_gives_one_grouping() -> None:
    vectors = blobs([50] * 4, spread=2.0)
    first, second = group(vectors, seed=5), group(vectors, seed=5)

    assert np.array_equal(first.labels, second.labels)
    assert np.array_equal(first.centroids, second.centroids)


def test_the_length_of_vectors_does_not_matter() -> None:
    vectors = blobs([30, 20, 10])
    longer = vectors * np.linspace(1, 9, len(vectors), dtype=np.float32)[:, None]

    assert np.array_equal(group(longer, 3).labels, group(vectors, 3).labels)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_handful_of_vectors_is_one_group(n: int) -> None:
    assert group(np.eye(n, 8)).labels.tolist() == [0] * n


def test_equal_vectors_are_one_group() -> None:
    grouping = group(np.ones((100, 8)))

    assert grouping.labels.tolist() == [0] * 100
    assert grouping.n_clusters == 1


def test_two_distinct_vectors_are_two_groups() -> None:
    grouping = group(np.repeat(np.eye(2, 8), [70, 30], axis=0))

    assert grouping.labels.tolist() == [0] * 70 + [1] * 30


def test_vectors_of_one_dimension_have_two_groups_at_most() -> None:
    grouping = group(np.array([[2.0], [1.0], [-1.0], [3.0]] * 5), 6)

    assert np.bincount(grouping.labels).tolist() == [15, 5]


def test_a_grouping_cannot_be_changed() -> None:
    grouping = group(blobs([5, 5]), 2)

    with pytest.raises(ValueError, match="read-only"):
        grouping.labels[0] = 1


@pytest.mark.parametrize("n_clusters", [0, -1, 11, 10**9])
def test_an_impossible_number_of_groups_is_refused(n_clusters: int) -> None:
    with pytest.raises(ValueError, match=f"from 1 to 10, the number of items; got {n_clusters}$"):
        group(blobs([5, 5]), n_clusters)


def test_half_a_group_is_refused() -> None:
    with pytest.raises(TypeError):
        group(blobs([5, 5]), 2.5)  # type: ignore[arg-type]


def test_no_items_are_refused() -> None:
    with pytest.raises(ValueError, match="no items to cluster; add some first"):
        group(np.empty((0, 8)))


@pytest.mark.parametrize("method", ["graph", "hdbscan", "agglomerative"])
def test_methods_to_come_are_named_as_such(method: str) -> None:
    with pytest.raises(ValueError, match=f"'{method}' does not exist yet; there are: auto, kmeans"):
        group(blobs([5, 5]), method=method)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="no method 'magic'; there are: auto, kmeans"):
        group(blobs([5, 5]), method="magic")


def test_zero_and_nan_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="vector 1 is zero"):
        group(np.array([[1.0, 0], [0, 0]]))
    with pytest.raises(ValueError, match="vector 0 holds"):
        group(np.array([[np.nan, 0], [0, 1]]))


def test_new_vectors_join_the_group_of_the_nearest_centroid() -> None:
    vectors = blobs([30, 20, 10])
    grouping = group(vectors[::2], 3)

    assert np.array_equal(assign(vectors[::2], grouping.centroids), grouping.labels)
    assert np.bincount(assign(vectors, grouping.centroids)).tolist() == [30, 20, 10]
    assert assign(np.empty((0, 64)), grouping.centroids).tolist() == []


def test_vectors_of_another_width_cannot_be_assigned() -> None:
    with pytest.raises(ValueError, match="64 wide"):
        assign(np.eye(3), group(blobs([5, 5]), 2).centroids)


def test_representatives_are_the_members_nearest_to_the_centroid() -> None:
    vectors = blobs([30, 20], spread=1.0)
    grouping = group(vectors, 2)
    chosen = representatives(vectors, grouping, n=3)

    for number, rows in enumerate(chosen):
        members = np.flatnonzero(grouping.labels == number)
        cosines = vectors[members] @ grouping.centroids[number]
        assert rows.tolist() == members[np.argsort(-cosines)][:3].tolist()


def test_representatives_show_no_vector_twice() -> None:
    vectors = np.array([[1, 0]] * 4 + [[0.9, 0.1]] * 3 + [[0.7, 0.3]], dtype=np.float32)
    chosen = representatives(vectors, group(vectors, 1), n=5)

    assert [sorted(rows.tolist()) for rows in chosen] == [[0, 4, 7]]


def test_representatives_need_the_vectors_that_were_grouped() -> None:
    vectors = blobs([5, 5])

    with pytest.raises(ValueError, match="10 vectors were grouped, but 4 are given"):
        representatives(vectors[:4], group(vectors, 2))
    with pytest.raises(ValueError, match="n must be 1 or more"):
        representatives(vectors, group(vectors, 2), n=0)


def test_a_group_without_members_has_no_representatives() -> None:
    grouping = Grouping(np.zeros(2, dtype=np.int64), np.eye(2, 3, dtype=np.float32))

    assert [rows.tolist() for rows in representatives(np.eye(2, 3), grouping)] == [[0, 1], []]
