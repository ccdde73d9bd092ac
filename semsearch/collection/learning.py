"""The weight of meaning beside words in hybrid search, learned from judged queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from semsearch.collection.asking import question_vectors
from semsearch.collection.evaluating import Asked
from semsearch.collection.parts import Parts
from semsearch.collection.searching import Seen
from semsearch.collection.wording import CANDIDATES, SETTING, module_weight, pairs_of
from semsearch.errors import CollectionError
from semsearch.search.fusion import Mix, Pair, fused
from semsearch.search.measures import measured
from semsearch.search.question import Question

FEWEST = 10
"""Fewer judged queries tell nothing about others."""

WEIGHTS = np.linspace(0, 1, 21)
K = 10
FOLDS = 5
AT_ONCE = 50


@dataclass(frozen=True)
class LearnedWeight:
    """The weight of meaning that hybrid search has now, and what was measured.

    `ndcg` is nDCG@10 on queries that the weight was not chosen by (cross-validated), and
    `ndcg_before` that of the module's own weight `before`, on the same `queries`. Where the first
    is no better, `is_kept` is false and the module's own weight stands.
    """

    weight: float
    before: float
    ndcg: float
    ndcg_before: float
    queries: int
    is_kept: bool
    notes: list[str] = field(default_factory=list)

    def __float__(self) -> float:
        return self.weight

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "weight": self.weight,
            "before": self.before,
            "ndcg@10": self.ndcg,
            "ndcg@10 before": self.ndcg_before,
            "queries": self.queries,
            "kept": self.is_kept,
            "notes": self.notes,
        }


def learn_weight(parts: Parts, asked: Asked) -> LearnedWeight:
    """Choose the weight that answers judged queries best, and keep it where it generalises.

    Raises:
        CollectionError: there are fewer than ten judged queries.
    """
    n = len(asked.ids)
    if n < FEWEST:
        raise CollectionError(
            f"{parts.name!r} has {n} judged quer{'y' if n == 1 else 'ies'}, and a weight is learnt"
            f" from {FEWEST} or more",
            f"judge the hits of {FEWEST - n} more, or pass queries and judgements in",
        )
    seen = parts.view.now()
    space = seen.snapshot.space
    before = module_weight(space)
    values = _values(parts, seen, asked)
    at_before = int(np.abs(WEIGHTS - before).argmin())
    held_out = _held_out(values, at_before)
    ndcg, ndcg_before = float(held_out.mean()), float(values[at_before].mean())
    is_kept = ndcg > ndcg_before
    weight = float(WEIGHTS[_best(values, at_before)]) if is_kept else before
    notes = list(asked.notes)
    if not is_kept:
        notes.append(
            f"No weight did better than {before:g} on queries that it was not chosen by;"
            f" {before:g} stays."
        )
    found = LearnedWeight(round(weight, 2), before, ndcg, ndcg_before, n, is_kept, notes)
    with parts.store.writing() as writer:
        kept = {"weight": found.weight, "queries": n, "ndcg": ndcg} if is_kept else None
        writer.keep_setting(SETTING, space.id, kept)
    return found


def _values(parts: Parts, seen: Seen, asked: Asked) -> npt.NDArray[np.float64]:
    """Return nDCG@10 of each weight and query, shape (n_weights, n_queries)."""
    rankings: list[list[list[str]]] = [[] for _ in WEIGHTS]
    for pair in _pairs(parts, seen, asked):
        tops = [fused(pair, Mix(float(weight))).take(slice(K)).ids.tolist() for weight in WEIGHTS]
        keys = parts.store.keys(sorted({id_ for ids in tops for id_ in ids}))
        for ranking, ids in zip(rankings, tops, strict=True):
            ranking.append([keys[id_] for id_ in ids if id_ in keys])
    return np.array([measured(one, asked.grades, K)[f"ndcg@{K}"] for one in rankings])


def _pairs(parts: Parts, seen: Seen, asked: Asked) -> Iterator[Pair]:
    for start in range(0, len(asked.texts), AT_ONCE):
        questions = [
            Question(text=text, mode="hybrid") for text in asked.texts[start : start + AT_ONCE]
        ]
        vectors = question_vectors(parts, questions, seen.snapshot)
        yield from pairs_of(parts, seen, questions, vectors, CANDIDATES, None)


def _held_out(values: npt.NDArray[np.float64], at_before: int) -> npt.NDArray[np.float64]:
    """Return the value of each query under the weight that the other folds chose, shape (n,)."""
    fold_of = np.random.default_rng(0).permutation(values.shape[1]) % FOLDS
    held_out = np.empty(values.shape[1])
    for fold in range(FOLDS):
        mine = fold_of == fold
        held_out[mine] = values[_best(values[:, ~mine], at_before), mine]
    return held_out


def _best(values: npt.NDArray[np.float64], at_before: int) -> int:
    """Return the weight with the best mean, of equal ones the nearest to what stood before.

    A mean with those beside it keeps a lucky single weight from winning.
    """
    means = values.mean(axis=1)
    smooth = np.convolve(np.pad(means, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    best = np.flatnonzero(smooth >= smooth.max() - 1e-9)
    return int(best[np.abs(best - at_before).argmin()])
