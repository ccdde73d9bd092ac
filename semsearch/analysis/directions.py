"""The leading directions of a set of vectors, from their second moments."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from semsearch.vectors import Vectors

_ROWS_PER_BLOCK = 16_384


def leading_directions(
    vectors: Vectors, n: int, mean: npt.NDArray[np.float32] | None = None
) -> Vectors:
    """Return the `n` orthogonal directions (dim, n) along which vectors - mean are longest.

    They are eigenvectors of the second moments (Pearson 1901), longest first; with the mean (dim,)
    of the vectors these are the principal components, without one they pass through the origin.
    Of the two signs that fit, each has the one that makes its largest element positive. Memory
    grows with dim squared and not with the number of vectors.
    """
    moments = _second_moments(vectors, mean)
    _, directions = np.linalg.eigh(moments)  # shortest first
    leading = directions[:, ::-1][:, :n]
    largest = np.take_along_axis(leading, np.abs(leading).argmax(axis=0)[None, :], axis=0)
    return np.ascontiguousarray(leading * np.where(largest < 0, -1, 1), dtype=np.float32)


def _second_moments(
    vectors: Vectors, mean: npt.NDArray[np.float32] | None
) -> npt.NDArray[np.float64]:
    dim = vectors.shape[1]
    moments = np.zeros((dim, dim))
    for start in range(0, len(vectors), _ROWS_PER_BLOCK):
        block = vectors[start : start + _ROWS_PER_BLOCK]
        block = block if mean is None else block - mean
        moments += block.T @ block
    return moments
