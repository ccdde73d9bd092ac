"""The leading directions of a set of vectors, from their second moments."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from semsearch.analysis.threads import one_thread
from semsearch.vectors import Vectors

_ROWS_PER_BLOCK = 16_384

SMALL = 64
"""Up to this width all eigenvectors cost nothing worth saving."""


def leading_directions(
    vectors: Vectors, n: int, mean: npt.NDArray[np.float32] | None = None
) -> Vectors:
    """Return the `n` orthogonal directions (dim, n) along which vectors - mean are longest.

    They are eigenvectors of the second moments (Pearson 1901), longest first; with the mean (dim,)
    of the vectors these are the principal components, without one they pass through the origin.
    Of the two signs that fit, each has the one that makes its largest element positive. Memory
    grows with dim squared and not with the number of vectors.
    """
    with one_thread():
        leading = _leading_eigenvectors(_second_moments(vectors, mean), n)
    largest = np.take_along_axis(leading, np.abs(leading).argmax(axis=0)[None, :], axis=0)
    return np.ascontiguousarray(leading * np.where(largest < 0, -1, 1), dtype=np.float32)


def _leading_eigenvectors(moments: npt.NDArray[np.float64], n: int) -> npt.NDArray[np.float64]:
    """Return the eigenvectors (dim, n) of the largest eigenvalues, largest first."""
    from scipy.linalg import eigh
    from scipy.sparse.linalg import ArpackError, eigsh

    dim = len(moments)
    if dim > SMALL:  # a few of many are found by a few products, in a hundredth of the time
        try:
            values, vectors = eigsh(moments, k=min(n, dim - 1), which="LA", v0=np.ones(dim))
            return np.asarray(vectors[:, np.argsort(-values)])
        except ArpackError:  # no spread at all, or too little to tell directions apart
            pass
    _, vectors = eigh(moments, subset_by_index=[max(0, dim - n), dim - 1])
    return np.asarray(vectors[:, ::-1])


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
