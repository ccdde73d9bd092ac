"""Classes from a few examples: a linear head on unit vectors, and an honest measure of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from semsearch.analysis.report import Numbers, Report, measured, unmeasured
from semsearch.analysis.threads import one_thread
from semsearch.vectors import SMALLEST_NORM, Vectors, as_vectors, unit

STRENGTHS = (1.0, 10.0, 100.0)
"""Values of C, the inverse of the regularisation, that are tried on enough examples."""

USUAL_STRENGTH = 10.0
EXAMPLES_TO_CHOOSE = 5  # of the smallest class, before the choice is worth its noise
MOST_FOLDS = 5

_EXAMPLES_TRIED = 500
_FOLDS_TRIED = 3
_MOST_ITERATIONS = 2000
_BINARY = 2


@dataclass(frozen=True, eq=False)
class Head:
    """A trained classifier: labels (c,), coefficients (c, dim) and intercepts (c,), c >= 2."""

    labels: tuple[str, ...]
    coefficients: Vectors
    intercepts: Vectors

    def __post_init__(self) -> None:
        n, (rows, _) = len(self.labels), self.coefficients.shape
        if n < _BINARY or rows != n or self.intercepts.shape != (n,):
            raise ValueError(
                f"a head of {n} labels has coefficients of shape {self.coefficients.shape} and "
                f"intercepts of shape {self.intercepts.shape}; each label needs one row of both"
            )
        self.coefficients.setflags(write=False)
        self.intercepts.setflags(write=False)


def fit(vectors: npt.ArrayLike, labels: Sequence[str], seed: int = 0) -> Head:
    """Learn to tell classes apart from vectors (n, dim) and their n labels.

    Multinomial logistic regression with an L2 penalty (scikit-learn's LogisticRegression) on the
    vectors scaled to length 1, every class weighing as much as any other. Where each class has
    five examples, C is the one of 1, 10 and 100 with the least log loss in three folds; else it
    is 10. The labels of the head are sorted.

    Raises:
        ValueError: no examples, fewer than two classes, a class without a name, not one label for
            each vector, or a vector that is zero or not finite.
        TypeError: a label that is not text.
    """
    rows, names, truth = _examples(vectors, labels)
    with one_thread():
        return _fit(rows, names, truth, seed)


def probabilities(head: Head, vectors: npt.ArrayLike) -> Vectors:
    """Return how probable each class is for each of the vectors (n, dim): (n, c), rows sum to 1.

    Raises:
        ValueError: a vector is zero, not finite, or not as wide as the head.
    """
    rows = as_vectors(vectors, head.coefficients.shape[1])
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if np.any(norms < SMALLEST_NORM):
        raise ValueError(
            f"vector {int(norms.argmin())} is zero and has no direction; leave the row out"
        )
    scores = (rows @ head.coefficients.T) / norms + head.intercepts
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Vectors = powers / powers.sum(axis=1, keepdims=True)
    return shares


def choose(
    head: Head, probabilities: npt.ArrayLike, margin: float = 0.1
) -> list[tuple[str | None, float]]:
    """Return the most probable label and its probability for each row (n, c).

    The label is None, an abstention, where the second best is closer than `margin` to the best;
    a margin of 0 never abstains.

    Raises:
        ValueError: the probabilities have not one column for each label, or margin is outside 0..1.
    """
    shares = as_vectors(probabilities)
    if shares.shape[1] != len(head.labels):
        raise ValueError(
            f"the head has {len(head.labels)} labels, but the probabilities have "
            f"{shares.shape[1]} columns"
        )
    if not 0 <= margin <= 1:
        raise ValueError(f"margin must be from 0 to 1, got {margin}")
    best = shares.argmax(axis=1)
    two = np.partition(shares, -2, axis=1)[:, -2:].astype(np.float64)
    sure = two[:, 1] - two[:, 0] >= margin
    return [
        (head.labels[label] if certain else None, probability)
        for label, certain, probability in zip(
            best.tolist(), sure.tolist(), two[:, 1].tolist(), strict=True
        )
    ]


def cross_validate(vectors: npt.ArrayLike, labels: Sequence[str], seed: int = 0) -> Report:
    """Measure how well `fit` does on examples it has not seen; arguments and errors as in `fit`.

    Each example is predicted once, by a head fitted to the others: stratified folds, five or as
    many as the smallest class has examples; C is chosen anew in each. No prediction abstains. A
    class with one example cannot be both learned and tested: then nothing is measured, and
    `note` says so.
    """
    rows, names, truth = _examples(vectors, labels)
    counts = np.bincount(truth)
    if counts.min() == 1:
        lone = names[int(counts.argmin())]
        return unmeasured(
            names, truth, f"the class {lone!r} has one example; give a second one to measure"
        )
    n_folds = min(MOST_FOLDS, int(counts.min()))
    predicted = np.empty_like(truth)
    with one_thread():
        for training, testing in _folds(truth, n_folds, seed):
            head = _fit(rows[training], names, truth[training], seed)
            predicted[testing] = probabilities(head, rows[testing]).argmax(axis=1)
    return measured(names, truth, predicted, n_folds, seed)


def _examples(
    vectors: npt.ArrayLike, labels: Sequence[str]
) -> tuple[Vectors, tuple[str, ...], Numbers]:
    """Return checked unit vectors (n, dim), the sorted class names and each row's class (n,)."""
    if len(labels) == 0:
        raise ValueError("there are no examples; give some of each of two or more classes")
    for label in labels:
        _check_label(label)
    rows = unit(as_vectors(vectors))
    if len(rows) != len(labels):
        raise ValueError(
            f"each example needs one label: got {len(rows)} vectors and {len(labels)} labels"
        )
    names = tuple(sorted(set(labels)))
    if len(names) < _BINARY:
        raise ValueError(
            f"all {len(rows)} examples are of the class {names[0]!r}, with nothing to tell it "
            "from; give examples of a second class"
        )
    number = {name: i for i, name in enumerate(names)}
    return rows, names, np.array([number[label] for label in labels], dtype=np.int64)


def _check_label(label: Any) -> None:
    if not isinstance(label, str):
        raise TypeError(f"a label must be text, got {label!r}; write it as {str(label)!r}")
    if not label.strip():
        raise ValueError(f"a class is named {label!r}, which no one could read; give it a name")


def _fit(rows: Vectors, names: tuple[str, ...], truth: Numbers, seed: int) -> Head:
    return _head(rows, names, truth, _choose_strength(rows, names, truth, seed))


def _head(rows: Vectors, names: tuple[str, ...], truth: Numbers, strength: float) -> Head:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=_MOST_ITERATIONS)
    model.fit(rows.astype(np.float64), truth)
    coefficients, intercepts = model.coef_, model.intercept_
    if len(names) == _BINARY:  # one row for the second class: halves of it give the same odds
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercepts = np.concatenate([-intercepts, intercepts]) / 2
    return Head(names, coefficients.astype(np.float32), intercepts.astype(np.float32))


def _choose_strength(rows: Vectors, names: tuple[str, ...], truth: Numbers, seed: int) -> float:
    counts = np.bincount(truth)
    if counts.min() < EXAMPLES_TO_CHOOSE:
        return USUAL_STRENGTH
    tried = _some_of_each(truth, max(EXAMPLES_TO_CHOOSE, _EXAMPLES_TRIED // len(names)), seed)
    rows, truth = rows[tried], truth[tried]
    folds = _folds(truth, _FOLDS_TRIED, seed)
    losses = {
        strength: sum(
            _log_loss(
                _head(rows[training], names, truth[training], strength),
                rows[testing],
                truth[testing],
            )
            for training, testing in folds
        )
        for strength in STRENGTHS
    }
    return min(losses, key=lambda strength: losses[strength])


def _log_loss(head: Head, rows: Vectors, truth: Numbers) -> float:
    """Return the mean over the classes of their mean log loss."""
    shares = np.maximum(probabilities(head, rows)[np.arange(len(truth)), truth], 1e-12)
    losses = np.bincount(truth, weights=-np.log(shares))
    return float(np.mean(losses / np.bincount(truth)))


def _some_of_each(truth: Numbers, n: int, seed: int) -> Numbers:
    random = np.random.default_rng(seed)
    shuffled = random.permutation(len(truth))
    ordered = shuffled[np.argsort(truth[shuffled], kind="stable")]
    counts = np.bincount(truth)
    place = np.arange(len(truth)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(ordered[place < n])


def _folds(truth: Numbers, n_folds: int, seed: int) -> list[tuple[Numbers, Numbers]]:
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(n_splits=n_folds, shuffle=True, random_state=seed)
    return list(folds.split(np.empty(len(truth)), truth))
