"""The map: every vector as a point of the plane."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from semsearch.analysis.directions import leading_directions
from semsearch.vectors import Vectors, as_vectors

METHODS = ("auto", "pca")

_AXES = 2
_ROWS_PER_BLOCK = 16_384
_NO_SPREAD = 1e-5  # of unit vectors: what is smaller is rounding


def layout(vectors: npt.ArrayLike, method: str = "auto", seed: int = 0) -> Vectors:
    """Place vectors (n, dim) in the plane: (n, 2) float32, every coordinate in -1..1.

    "pca", and for now "auto" too, shows the two principal components (Pearson 1901; Hotelling
    1933), the longer one first. The mean lies at (0, 0) and both axes have one scale, so distances
    can be compared. There is no chance in it: `seed` is for methods to come. One vector, or
    equal ones, lie at (0, 0); no vectors give an array (0, 2).

    Raises:
        ValueError: a method that does not exist, or a value that is not finite.
    """
    if method not in METHODS:
        raise ValueError(f"no layout {method!r}; there are: {', '.join(METHODS)}")
    rows = as_vectors(vectors)
    points = np.zeros((len(rows), _AXES), dtype=np.float32)
    if rows.size == 0:
        return points
    mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    directions = leading_directions(rows, _AXES, mean)
    for start in range(0, len(rows), _ROWS_PER_BLOCK):
        block = rows[start : start + _ROWS_PER_BLOCK]
        points[start : start + _ROWS_PER_BLOCK, : directions.shape[1]] = (block - mean) @ directions
    reach = np.abs(points).max()
    return points / reach if reach > _NO_SPREAD else np.zeros_like(points)
