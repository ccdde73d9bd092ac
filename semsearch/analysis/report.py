"""How good a classifier is: the figures of its out-of-fold predictions, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Interval = tuple[float, float]

RESAMPLES = 1000
CONFIDENCE = (2.5, 97.5)  # percentiles: the middle 95 %

_CELLS_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class Report:
    """What cross-validation measured; every figure is of examples the classifier had not seen.

    Figures lie in 0..1 and are None where nothing could be measured, for the reason in `note`.
    Intervals hold the middle 95 % of 1,000 bootstrap resamples of the predictions (Efron 1979).
    `confusion` counts examples, rows true and columns predicted, both in the order of `labels`.
    `per_class` holds a dict of label, n, precision, recall and f1 for each class.
    """

    accuracy: float | None
    accuracy_interval: Interval | None
    macro_f1: float | None
    macro_f1_interval: Interval | None
    n_examples: int
    n_folds: int
    labels: tuple[str, ...]
    confusion: list[list[int]]
    per_class: list[dict[str, Any]]
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain lists, numbers and strings, ready for JSON."""
        plain = asdict(self)
        for name in ("accuracy_interval", "macro_f1_interval", "labels"):
            plain[name] = None if plain[name] is None else list(plain[name])
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Report:
        """Return the report that `as_dict` wrote; names it does not know are passed over."""
        known = {name: plain[name] for name in cls.__dataclass_fields__ if name in plain}
        for name in ("accuracy_interval", "macro_f1_interval", "labels"):
            known[name] = None if known[name] is None else tuple(known[name])
        return cls(**known)


def measured(
    labels: tuple[str, ...], truth: Numbers, predicted: Numbers, n_folds: int, seed: int
) -> Report:
    """Return the report of out-of-fold predictions; truth and predicted (n,) number the labels."""
    confusion = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(confusion, (truth, predicted), 1)
    accuracy, macro_f1 = (float(figure[0]) for figure in _figures(confusion[None]))
    accuracies, macro_f1s = _resampled(confusion, seed)
    return Report(
        accuracy=accuracy,
        accuracy_interval=_interval(accuracies, accuracy),
        macro_f1=macro_f1,
        macro_f1_interval=_interval(macro_f1s, macro_f1),
        n_examples=len(truth),
        n_folds=n_folds,
        labels=labels,
        confusion=confusion.tolist(),
        per_class=_per_class(labels, confusion),
        note=_too_good(len(truth)) if accuracy == 1 else "",
    )


def unmeasured(labels: tuple[str, ...], truth: Numbers, note: str) -> Report:
    """Return a report without figures, and why there are none."""
    counts = np.bincount(truth, minlength=len(labels)).tolist()
    per_class = [
        {"label": label, "n": n, "precision": None, "recall": None, "f1": None}
        for label, n in zip(labels, counts, strict=True)
    ]
    return Report(None, None, None, None, len(truth), 0, labels, [], per_class, note)


def _too_good(n: int) -> str:
    # Hanley and Lippman-Hand 1983, "If nothing goes wrong, is everything all right?"
    return (
        "every prediction was right, so the resamples show no error; of so many examples"
        f" the true accuracy may still be as low as {max(0.0, 1 - 3 / n):.2f}"
    )


def _figures(confusion: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return accuracy and macro-F1, both (m,), of m confusion matrices (m, c, c)."""
    right = np.diagonal(confusion, axis1=1, axis2=2)
    sides = confusion.sum(axis=1) + confusion.sum(axis=2)
    present = sides > 0  # a class absent from a resample, true and predicted, has no F1
    f1 = np.where(present, 2 * right / np.maximum(sides, 1), 0)
    return right.sum(axis=1) / confusion.sum(axis=(1, 2)), f1.sum(axis=1) / present.sum(axis=1)


def _resampled(confusion: Numbers, seed: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Draw predictions with replacement: the counts of cells so drawn are multinomial."""
    random = np.random.default_rng(seed)
    n, cells = int(confusion.sum()), confusion.ravel()
    at_once = max(1, min(RESAMPLES, _CELLS_AT_ONCE // len(cells)))
    accuracies, macro_f1s = [], []
    for start in range(0, RESAMPLES, at_once):
        size = min(at_once, RESAMPLES - start)
        drawn = random.multinomial(n, cells / n, size=size).reshape(size, *confusion.shape)
        accuracy, macro_f1 = _figures(drawn)
        accuracies.append(accuracy)
        macro_f1s.append(macro_f1)
    return np.concatenate(accuracies), np.concatenate(macro_f1s)


def _interval(resamples: npt.NDArray[Any], estimate: float) -> Interval:
    low, high = np.percentile(resamples, CONFIDENCE).tolist()
    # Macro-F1 of resamples leans low with few examples a class; the estimate stays inside.
    return min(low, estimate), max(high, estimate)


def _per_class(labels: tuple[str, ...], confusion: Numbers) -> list[dict[str, Any]]:
    right = np.diagonal(confusion)
    n, named = confusion.sum(axis=1), confusion.sum(axis=0)
    columns = {
        "n": n,
        "precision": right / np.maximum(named, 1),
        "recall": right / np.maximum(n, 1),
        "f1": 2 * right / np.maximum(n + named, 1),
    }
    plain = {name: column.tolist() for name, column in columns.items()}
    return [
        {"label": label} | {name: plain[name][i] for name in plain}
        for i, label in enumerate(labels)
    ]
