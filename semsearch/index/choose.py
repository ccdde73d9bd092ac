"""Choosing an index by measuring on the collection's own vectors, and saying why in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import log2

from semsearch.index.build import Progress, build_codes, refusal
from semsearch.index.codes import CodeIndex
from semsearch.index.kinds import KINDS, SCANNED_VALUES, check_request
from semsearch.index.plan import EXACT, RECALL_TARGET, IndexPlan
from semsearch.index.probe import best_codes
from semsearch.index.reasons import reason_of, reason_of_failure, reason_of_scan
from semsearch.index.rows import Mask, Rows
from semsearch.index.tune import N_TIMED, Sample, confirmed, draw_sample, tune
from semsearch.index.view import SearchView

HNSW = "HNSW32"

FEWEST_ROWS = 256
"""Fewer rows cannot train anything, whatever was asked for."""

FLAT_ROWS = 50_000
"""Below it all codes are scanned, above it those of some lists."""

LISTS_PER_ROOT = 2


def choose_index(
    rows: Rows,
    live: Mask | None = None,
    *,
    kind: str = "auto",
    recall_target: float = RECALL_TARGET,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> tuple[CodeIndex | None, IndexPlan]:
    """Return the index that finds `recall_target` of the ten nearest fastest, and its plan.

    "auto" takes no index while a scan is quick, then 4-bit codes, scanned flat and later under an
    IVF; it falls back to the scan where nothing reaches the target. "flat", "ivf", "hnsw" or a
    FAISS factory string is built as asked for, and the plan says so where it misses the target.
    No index is None. `on_progress` is told (rows added, all rows).

    Raises:
        ValueError: a kind that FAISS cannot build for these rows, or a target outside 0..1.
    """
    check_request(kind, recall_target, rows.dim)
    wanted = IndexPlan(EXACT, "", recall_target=recall_target, kind=kind)
    why = _why_scan(rows, kind, recall_target)
    if why:
        return None, _plan_of_scan(wanted, rows, draw_sample(rows, live, seed, N_TIMED), why)
    sample = draw_sample(rows, live, seed)
    best: CodeIndex | None = None
    for spec in _specs(rows, kind, seed):
        index = build_codes(rows, spec, seed=seed, on_progress=on_progress)
        codes = _tuned(CodeIndex(index, replace(wanted, spec=spec), len(rows)), rows, live, sample)
        if kind != "auto" or _is_worth_it(codes.plan):
            return codes, codes.plan
        best = max(best or codes, codes, key=lambda one: one.plan.recall)
    return None, _plan_of_scan(
        wanted, rows, sample, reason_of_failure(best.plan if best else wanted)
    )


def n_lists(n_rows: int) -> int:
    """Return how many lists an IVF over so many rows has: a power of two near twice the root."""
    return 1 << round(log2(LISTS_PER_ROOT * max(n_rows, 1) ** 0.5))


def _why_scan(rows: Rows, kind: str, recall_target: float) -> str:
    """Return why no index is tried, "" where one is."""
    if kind == EXACT:
        return "as asked for"
    if len(rows) < FEWEST_ROWS:
        return "as so few need no index"
    if kind == "auto" and len(rows) * rows.dim <= SCANNED_VALUES:
        return "as that is quick"
    return "as nothing else finds all of them" if kind == "auto" and recall_target == 1 else ""


def _specs(rows: Rows, kind: str, seed: int) -> Iterator[str]:
    """Yield what to build, the next one for when the one before has missed the target."""
    if kind not in KINDS:
        yield kind
    elif kind == "hnsw":
        yield HNSW
    else:
        is_flat = kind == "flat" or (kind == "auto" and len(rows) < FLAT_ROWS)
        for code in best_codes(rows, seed):
            yield f"IVF{1 if is_flat else n_lists(len(rows))},{code}"


def _tuned(codes: CodeIndex, rows: Rows, live: Mask | None, sample: Sample) -> CodeIndex:
    try:
        setting = tune(
            codes, SearchView(rows, live, codes).everything, sample, codes.plan.recall_target
        )
    except RuntimeError as error:  # FAISS's own: a few kinds cannot leave deleted rows out
        raise ValueError(refusal(codes.plan.spec, rows.dim, error)) from error
    plan = replace(codes.plan, nprobe=setting.nprobe, candidates=setting.candidates)
    codes = confirmed(replace(codes, plan=plan), rows, live, sample)
    return replace(codes, plan=replace(codes.plan, reason=reason_of(codes.plan, codes.n_lists)))


def _is_worth_it(plan: IndexPlan) -> bool:
    return plan.recall >= plan.recall_target and plan.milliseconds < plan.exact_milliseconds


def _plan_of_scan(wanted: IndexPlan, rows: Rows, sample: Sample, why: str) -> IndexPlan:
    milliseconds = round(sample.exact_milliseconds, 3)
    return replace(
        wanted,
        milliseconds=milliseconds,
        exact_milliseconds=milliseconds,
        n_queries=len(sample.own),
        reason=reason_of_scan(len(rows), milliseconds, why),
    )
