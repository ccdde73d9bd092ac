"""Measuring an index on a sample of stored rows: how far must a search go for the wanted recall?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from semsearch.index.codes import CodeIndex
from semsearch.index.evaluate import sample_of_live, share_found, without_own
from semsearch.index.native import RowNumbers
from semsearch.index.rescore import candidates_of
from semsearch.index.rows import Mask, Rows, best
from semsearch.index.scope import Scope
from semsearch.index.view import SearchView
from semsearch.vectors import Vectors

K = 10
N_QUERIES = 400
"""With so many queries the measured recall is within 0.01 of the true one, 19 times of 20."""

MARGIN = 0.01
CANDIDATES = (25, 50, 100, 200, 400)
STEP = 2**0.5
NARROWEST_SHARE = 128
"""The first reach that is tried is one list of so many."""

EF_SEARCH = (16, 32, 64, 128, 256, 512)
N_TIMED = 20


@dataclass(frozen=True, eq=False)
class Sample:
    """Stored rows as queries, and the ten nearest others of each: `rows` and `scores` (nq, 10)."""

    own: RowNumbers
    queries: Vectors
    rows: RowNumbers
    scores: Vectors
    exact_milliseconds: float

    def recall(self, rows: RowNumbers, scores: Vectors) -> float:
        """Return the share of true neighbours among what a search for eleven gave (nq, 11)."""
        return share_found(*without_own(rows, scores, self.own), self.rows, self.scores)


@dataclass(frozen=True, eq=False)
class Setting:
    """How far to search an index, what it found so, and what a query of the sample took."""

    nprobe: int
    candidates: int
    recall: float
    seconds: float


def draw_sample(rows: Rows, live: Mask | None, seed: int, n: int = N_QUERIES) -> Sample:
    """Return up to `n` live rows with their true neighbours, found by a scan."""
    view = SearchView(rows, live)
    own = sample_of_live(view, n, seed)
    queries = rows.take(own)
    expected = without_own(*view.search_exactly(queries, K + 1), own)
    return Sample(own, queries, *expected, milliseconds(view, queries))


def tune(codes: CodeIndex, scope: Scope, sample: Sample, target: float) -> Setting:
    """Return the fastest setting that reaches `target` with a margin, else the most thorough."""
    wanted = target + min(MARGIN, (1 - target) / 2)
    settings: list[Setting] = []
    n_enough = 0
    for nprobe in reaches(codes):
        tried = _measure(codes, scope, sample, nprobe)
        settings += tried
        n_enough += any(setting.recall >= wanted for setting in tried)
        if n_enough > 1:  # one step further, as more lists may need fewer candidates
            break
    good = [setting for setting in settings if setting.recall >= wanted]
    if good:
        return min(good, key=lambda setting: setting.seconds)
    return max(settings, key=lambda setting: setting.recall)


def reaches(codes: CodeIndex) -> Sequence[int]:
    """Return the reaches to try, ascending; the last leaves nothing out where that is possible."""
    if codes.is_graph:
        return EF_SEARCH
    if not codes.n_lists:
        return (1,)
    steps = np.arange(0, np.log(NARROWEST_SHARE) / np.log(STEP) + 1)
    ladder = np.ceil(codes.n_lists / NARROWEST_SHARE * STEP**steps).astype(int)
    return tuple(np.unique(np.minimum(ladder, codes.n_lists)).tolist())


def milliseconds(view: SearchView, queries: Vectors) -> float:
    """Return what one query alone takes, the median of some."""
    spent = []
    for query in queries[:N_TIMED]:
        start = perf_counter()
        view.search(query[None], K)
        spent.append(perf_counter() - start)
        if sum(spent) > 1:
            break
    return float(np.median(spent)) * 1000 if spent else 0.0


def confirmed(codes: CodeIndex, rows: Rows, live: Mask | None, sample: Sample) -> CodeIndex:
    """Return the codes with a plan that tells what searches by it find and take."""
    view = SearchView(rows, live, codes)
    plan = replace(
        codes.plan,
        recall=round(sample.recall(*view.search(sample.queries, K + 1)), 4),
        milliseconds=round(milliseconds(view, sample.queries), 3),
        exact_milliseconds=round(sample.exact_milliseconds, 3),
        n_queries=len(sample.own),
    )
    return replace(codes, plan=plan)


def _measure(codes: CodeIndex, scope: Scope, sample: Sample, nprobe: int) -> list[Setting]:
    """Return a setting for each number of candidates, from one search for the largest."""
    most = min(CANDIDATES[-1], codes.n)
    tried = replace(codes, plan=replace(codes.plan, nprobe=nprobe))
    reach = tried.reach(K + 1, scope.n_codes / codes.n)
    start = perf_counter()
    found = candidates_of(codes, scope, sample.queries, most, reach)
    searched = perf_counter()
    scores = scope.rows.inner_products(sample.queries, found)
    scored = perf_counter() - searched
    settings = []
    for candidates in sorted({min(number, most) for number in CANDIDATES}):
        recall = sample.recall(*best(found[:, :candidates], scores[:, :candidates], K + 1))
        seconds = searched - start + scored * candidates / most
        settings.append(Setting(nprobe, candidates, recall, seconds))
    return settings
