"""How good rankings are, query by query, by the measures of TREC's own program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

Grades = Mapping[str, int]
"""How relevant documents are to one query, by key: 0 is not, 1 and more is."""


def measure_names(k: int) -> tuple[str, ...]:
    """Return what `measured` measures, the first of them is what runs are compared by."""
    return f"ndcg@{k}", "mrr", "map", f"recall@{k}", f"precision@{k}"


def measured(
    rankings: Sequence[Sequence[str]], grades: Sequence[Grades], k: int
) -> dict[str, Values]:
    """Return each measure of n rankings of keys, best first, as (n,) values between 0 and 1.

    The order of a ranking is what counts, so there are no ties to break; a key that stands in it
    twice counts where it stands first. The gain of nDCG is the grade itself. MRR and MAP go as deep
    as the ranking does. A query that nothing is relevant to gets 0 by every measure: leave it out.
    """
    import pytrec_eval

    theirs = {
        f"ndcg_cut_{k}": f"ndcg@{k}",
        "recip_rank": "mrr",
        "map": "map",
        f"recall_{k}": f"recall@{k}",
        f"P_{k}": f"precision@{k}",
    }
    wanted = {f"ndcg_cut.{k}", "recip_rank", "map", f"recall.{k}", f"P.{k}"}
    judged = {str(at): dict(some) for at, some in enumerate(grades)}
    runs = {str(at): _scored(ranking) for at, ranking in enumerate(rankings)}
    found = pytrec_eval.RelevanceEvaluator(judged, wanted).evaluate(runs)
    return {
        ours: np.array([found[str(at)][name] for at in range(len(rankings))])
        for name, ours in theirs.items()
    }


def _scored(ranking: Sequence[str]) -> dict[str, float]:
    """Return keys with scores that put them in their order: equal ones TREC would sort by key."""
    distinct = dict.fromkeys(ranking)
    return {key: float(len(distinct) - place) for place, key in enumerate(distinct)}
