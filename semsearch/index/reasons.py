"""The one sentence that tells a person why a collection is searched as it is."""

from __future__ import annotations

import re

from semsearch.index.plan import IndexPlan


def reason_of(plan: IndexPlan, n_lists: int) -> str:
    """Return what an index is, how it is searched, and what that gives."""
    found = f"recall {plan.recall:.3f} at {_milliseconds(plan.milliseconds)}"
    exact = f"exact search takes {_milliseconds(plan.exact_milliseconds)}"
    what = description(plan, n_lists)
    if plan.recall >= plan.recall_target:
        return f"{what}: {found}, where {exact}"
    return f"{what}, as asked for: {found} misses the target of {plan.recall_target:g}, and {exact}"


def reason_of_scan(n_rows: int, milliseconds: float, why: str) -> str:
    """Return that every vector is compared, `why`, and what that takes."""
    takes = f"a query takes {_milliseconds(milliseconds)}"
    return f"every one of {n_rows:,} vectors is compared, {why}: {takes}"


def reason_of_failure(tried: IndexPlan) -> str:
    """Return why the best index that was tried is not used."""
    figures = f"{tried.spec} found {tried.recall:.3f} at {_milliseconds(tried.milliseconds)}"
    return f"as no index was faster at the recall target of {tried.recall_target:g} ({figures})"


def description(plan: IndexPlan, n_lists: int) -> str:
    """Return what an index is and how far a search goes in it, without figures of its quality."""
    rescored = f"{plan.candidates:,} candidates re-scored exactly"
    graph = re.match(r"HNSW\d+", plan.spec)
    if graph:
        return f"an HNSW graph ({plan.spec}), searched with efSearch {plan.nprobe}, {rescored}"
    codes = _codes(plan.spec)
    if n_lists > 1:
        lists = f"{n_lists:,} lists, {plan.nprobe:,} of them searched"
        return f"{codes} under an IVF of {lists} and {rescored}"
    return f"{codes}, all scanned and {rescored}"


def _codes(spec: str) -> str:
    names = {r"PQ\d+x4fs": "4-bit PQ codes", r"RaBitQ\w*": "RaBitQ codes", r"SQ8": "8-bit codes"}
    last = spec.rsplit(",", maxsplit=1)[-1]
    for pattern, name in names.items():
        if re.fullmatch(pattern, last):
            return name
    return f"the FAISS index {spec}"


def _milliseconds(value: float) -> str:
    return f"{value:.2g} ms" if value < 10 else f"{value:.0f} ms"  # noqa: PLR2004
