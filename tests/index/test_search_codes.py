"""A view with codes never answers with a wrong row, a wrong score or too few of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semsearch.index import NONE, CodeIndex, IndexPlan, Rows, SearchView
from semsearch.index.build import build_codes, empty_index
from semsearch.index.native import packed_selector

N, DIM = 9000, 16
SPECS = {
    "IVF1,PQ8x4fs": (1, 200),
    "IVF64,PQ8x4fs": (12, 200),
    "IVF16,RaBitQfs": (4, 200),
    "HNSW16": (400, 50),
    "PQ8x4fs": (0, 100),
    "PCA8,IVF16,PQ4x4fs": (4, 100),
    "SQ8": (0, 50),
}


@cache
def vectors() -> np.ndarray:
    random = np.random.default_rng(0)
    rows = random.standard_normal((60, DIM))[random.integers(0, 60, N)]
    rows += 0.4 * random.standard_normal((N, DIM))
    rows[500:540] = rows[400]  # copies
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@cache
def index(spec: str) -> Any:
    return build_codes(Rows((vectors(),)), spec)


def codes(spec: str, n: int = N) -> CodeIndex:
    nprobe, candidates = SPECS[spec]
    plan = IndexPlan(spec, "", nprobe=nprobe, candidates=candidates)
    return CodeIndex(index(spec), plan, n)


def mask(share: float | None, n: int, random: np.random.Generator) -> np.ndarray | None:
    return None if share is None else random.random(n) < share


def truth(queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
    everything = np.tile(np.arange(len(rows)), (len(queries), 1))
    return Rows((rows,)).inner_products(queries, everything)


@settings(max_examples=50, deadline=None)
@given(
    spec=st.sampled_from(sorted(SPECS)),
    share_live=st.sampled_from([None, 0.0, 0.5, 0.9, 0.999]),
    share_allowed=st.sampled_from([None, 0.0, 0.001, 0.6, 1.0]),
    n_tail=st.sampled_from([0, 1, 300]),
    n_gone=st.sampled_from([0, 700]),
    n_queries=st.sampled_from([0, 1, 5]),
    k=st.sampled_from([1, 10, 300, 10_000]),
    seed=st.integers(0, 10_000),
)
def test_every_answer_is_findable_scored_exactly_in_order_and_complete(
    *,
    spec: str,
    share_live: float | None,
    share_allowed: float | None,
    n_tail: int,
    n_gone: int,
    n_queries: int,
    k: int,
    seed: int,
) -> None:
    random = np.random.default_rng(seed)
    stay = np.sort(random.choice(N, N - n_gone, replace=False))
    tail = vectors()[random.integers(0, N, n_tail)]
    here = np.vstack([vectors()[stay], tail])
    mapping = np.full(N, NONE)
    mapping[stay] = np.arange(len(stay))
    live, allowed = mask(share_live, len(here), random), mask(share_allowed, len(here), random)
    cut = len(here) // 3
    view = SearchView(
        Rows((here[:cut], here[cut:])), live, codes(spec), mapping if n_gone else None
    )
    queries = here[random.integers(0, len(here), n_queries)]
    rows, scores = view.search(queries, k, allowed)

    findable = np.ones(len(here), dtype=bool)
    for one in (live, allowed):
        findable &= True if one is None else one
    cosines = truth(queries, here)
    assert rows.shape == scores.shape == (n_queries, k)
    for line, found_scores, exact in zip(rows, scores, cosines, strict=True):
        found = line[line != NONE]
        assert len(found) == min(k, int(findable.sum()))
        assert (line[len(found) :] == NONE).all()
        assert len(set(found.tolist())) == len(found)
        assert findable[found].all()
        np.testing.assert_array_equal(found_scores[: len(found)], exact[found])
        assert not found_scores[len(found) :].any()
        assert np.array_equal(np.lexsort((found, -exact[found])), np.arange(len(found)))


@pytest.mark.parametrize("spec", sorted(set(SPECS) - {"PCA8,IVF16,PQ4x4fs"}))
def test_nearly_all_true_neighbours_are_found(spec: str) -> None:
    view = SearchView(Rows((vectors(),)), None, codes(spec))
    queries = vectors()[::97]
    _, scores = view.search(queries, 10)
    _, expected = view.search_exactly(queries, 10)
    assert np.mean(scores >= expected[:, -1:] - 1e-6) > 0.95


def test_a_filter_of_every_tenth_row_finds_nearly_all_true_neighbours() -> None:
    view = SearchView(Rows((vectors(),)), None, codes("IVF64,PQ8x4fs"))
    allowed = np.zeros(N, dtype=bool)
    allowed[::2] = True
    queries = vectors()[1::97]
    _, scores = view.search(queries, 10, allowed)
    _, expected = view.search_exactly(queries, 10, allowed)
    assert np.mean(scores >= expected[:, -1:] - 1e-6) > 0.95


def test_a_search_goes_on_until_it_has_met_enough_candidates() -> None:
    """One list of 64 holds fewer rows than are wanted as candidates, and few true neighbours."""
    plan = IndexPlan("", "", nprobe=1, candidates=800)
    view = SearchView(Rows((vectors(),)), None, CodeIndex(index("IVF64,PQ8x4fs"), plan, N))
    queries = vectors()[::97]
    _, scores = view.search(queries, 10)
    _, expected = view.search_exactly(queries, 10)
    assert np.mean(scores >= expected[:, -1:] - 1e-6) > 0.95


def test_rows_that_the_index_has_lost_are_found_by_a_scan() -> None:
    poor = build_codes(Rows((vectors(),)), "IVF16,SQ8")
    poor.remove_ids(np.arange(5, N))
    plan = IndexPlan("IVF16,SQ8", "", nprobe=4, candidates=50)
    view = SearchView(Rows((vectors(),)), None, CodeIndex(poor, plan, N))
    np.testing.assert_array_equal(
        view.search(vectors()[:9], 10)[0], view.search_exactly(vectors()[:9], 10)[0]
    )


def test_a_row_number_that_no_row_has_is_passed_over() -> None:
    damaged = build_codes(Rows((vectors()[:200],)), "IVF1,Flat")
    numbers = faiss.rev_swig_ptr(damaged.invlists.get_ids(0), 200)
    numbers[:3] = [200, 2**40, -(2**40)]
    plan = IndexPlan("IVF1,Flat", "", nprobe=1, candidates=50)
    view = SearchView(Rows((vectors()[:200],)), None, CodeIndex(damaged, plan, 200))
    assert sorted(codes_of(view, 200)) == [-1, -1, -1, *range(3, 200)]


def codes_of(view: SearchView, n: int) -> list[int]:
    assert view.codes is not None
    return view.codes.candidates(vectors()[:1], n, 1)[0].tolist()


def test_an_index_that_faiss_cannot_search_is_told_and_all_is_compared(
    caplog: pytest.LogCaptureFixture,
) -> None:
    empty = CodeIndex(empty_index("NSG16", DIM), IndexPlan("NSG16", "", candidates=50), N)
    view = SearchView(Rows((vectors(),)), None, empty)
    np.testing.assert_array_equal(
        view.search(vectors()[:9], 10)[0], view.search_exactly(vectors()[:9], 10)[0]
    )
    assert "the index NSG16 refused a search" in caplog.text


@pytest.mark.parametrize("spec", ["IVF64,PQ8x4fs", "HNSW16", "SQ8", "PCA8,IVF16,PQ4x4fs"])
def test_faiss_itself_leaves_out_what_is_not_allowed(spec: str) -> None:
    allowed = np.arange(N) % 3 == 0
    found = codes(spec).candidates(vectors()[:5], 40, 64, packed_selector(allowed))
    assert found.min() >= 0
    assert allowed[found].all()


def test_a_search_hands_faiss_what_lives() -> None:
    live = np.arange(N) % 3 == 0
    view = SearchView(Rows((vectors(),)), live, codes("SQ8"))
    found = codes("SQ8").candidates(vectors()[:5], 40, 1, view.everything.selector)
    assert live[found].all()


def test_a_new_row_is_found_though_it_has_no_code() -> None:
    new = -vectors()[:3]
    view = SearchView(Rows((vectors(), new)), None, codes("IVF64,PQ8x4fs"))
    assert view.n_tail == 3
    assert view.search(new, 1)[0][:, 0].tolist() == [N, N + 1, N + 2]


def test_a_deleted_row_is_not_found_by_the_codes_that_still_hold_it() -> None:
    live = np.ones(N, dtype=bool)
    live[[7, 8]] = False
    view = SearchView(Rows((vectors(),)), live, codes("IVF64,PQ8x4fs"))
    rows, _ = view.search(vectors()[[7, 8]], 50)
    assert not set(rows.flat) & {7, 8}


def test_searching_changes_nothing_on_the_index() -> None:
    shared = codes("IVF64,PQ8x4fs")
    before = shared.index.nprobe
    SearchView(Rows((vectors(),)), None, shared).search(vectors()[:3], 5)
    assert shared.index.nprobe == before == 1


def test_codes_of_more_rows_than_there_are_need_a_mapping() -> None:
    with pytest.raises(ValueError, match="9000 codes for 100 rows need a mapping"):
        SearchView(Rows((vectors()[:100],)), None, codes("SQ8"))


def test_many_threads_get_what_one_gets() -> None:
    random = np.random.default_rng(1)
    live, allowed = random.random(N) < 0.9, random.random(N) < 0.7
    view = SearchView(Rows((vectors(),)), live, codes("IVF64,PQ8x4fs"))
    queries = vectors()[::50]
    alone = SearchView(Rows((vectors(),)), live, codes("IVF64,PQ8x4fs"))
    expected = {None: alone.search(queries, 10), "some": alone.search(queries, 10, allowed)}

    def answers(number: int) -> bool:
        name = "some" if number % 2 else None
        rows, scores = view.search(queries, 10, allowed if name else None)
        return bool((rows == expected[name][0]).all() and (scores == expected[name][1]).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(answers, range(200)))
