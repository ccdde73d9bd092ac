"""The map: principal components, one scale, degenerate sets."""

from __future__ import annotations

import numpy as np
import pytest

from semsearch.analysis import layout


def test_the_longer_axis_comes_first_and_both_have_one_scale() -> None:
    random = np.random.default_rng(0)
    vectors = np.zeros((200, 6))
    vectors[:, 4] = random.uniform(-3, 3, size=200)
    vectors[:, 1] = random.uniform(-1, 1, size=200)
    points = layout(vectors)

    spread = points.std(axis=0)
    assert (points.dtype, points.shape) == (np.float32, (200, 2))
    assert np.abs(points).max() == pytest.approx(1)
    assert spread[0] / spread[1] == pytest.approx(vectors[:, 4].std() / vectors[:, 1].std(), 0.02)


def test_points_are_the_principal_components_of_scikit_learn() -> None:
    from sklearn.decomposition import PCA

    vectors = np.random.default_rng(1).normal(size=(100, 8)) * np.arange(1, 9)
    points = layout(vectors)
    expected = PCA(2, svd_solver="full").fit_transform(vectors)

    expected *= np.sign(expected[0]) * np.sign(points[0])
    assert points == pytest.approx(expected / np.abs(expected).max(), abs=1e-4)


def test_the_same_vectors_have_the_same_map() -> None:
    vectors = np.random.default_rng(2).normal(size=(50, 16))

    assert np.array_equal(layout(vectors, seed=1), layout(vectors, method="pca", seed=2))


@pytest.mark.parametrize(
    ("vectors", "expected"),
    [
        (np.empty((0, 8)), np.empty((0, 2))),
        (np.eye(1, 8), [[0, 0]]),
        (np.array([[0, 1], [1, 0]]), [[-1, 0], [1, 0]]),
        (np.ones((5, 3)), np.zeros((5, 2))),
        (np.array([[1.0], [3.0]]), [[-1, 0], [1, 0]]),
    ],
)
def test_degenerate_sets(vectors: np.ndarray, expected: list[list[float]]) -> None:
    points = layout(vectors)

    assert points.shape == np.shape(expected)
    assert np.sort(points, axis=0) == pytest.approx(np.asarray(expected, dtype=float), abs=1e-6)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="no layout 'umap'; there are: auto, pca"):
        layout(np.eye(3), method="umap")


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("dim", [256, 512, 1280])
def test_equal_vectors_of_real_width_lie_at_the_origin(n: int, dim: int) -> None:
    vectors = np.zeros((n, dim), np.float32)
    vectors[:, 3] = 1
    assert np.array_equal(layout(vectors), np.zeros((n, 2)))
