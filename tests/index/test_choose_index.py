"""The index is the one that reaches the wanted recall fastest, and its plan says so."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from semsearch.index import (
    CodeIndex,
    IndexPlan,
    Rows,
    SearchView,
    check_request,
    choose,
    recall_at_k,
)
from semsearch.index.build import build_codes
from semsearch.index.choose import choose_index, n_lists
from semsearch.index.evaluate import without_own
from semsearch.index.probe import coarse_codes, fine_codes

N, DIM = 12_000, 32


def clustered(n: int, dim: int, n_clusters: int = 80) -> Rows:
    random = np.random.default_rng(0)
    rows = random.standard_normal((n_clusters, dim))[random.integers(0, n_clusters, n)]
    rows += 0.5 * random.standard_normal((n, dim))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Rows((rows.astype(np.float32),))


@pytest.fixture(scope="module")
def rows() -> Rows:
    return clustered(N, DIM)


@pytest.fixture
def small_ladder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few thousand rows be many: the rungs are the same, only lower."""
    monkeypatch.setattr(choose, "SCANNED_VALUES", 1000)
    monkeypatch.setattr(choose, "FLAT_ROWS", 5000)


def test_few_rows_are_scanned_and_the_reason_says_so(rows: Rows) -> None:
    codes, plan = choose_index(rows)
    assert codes is None
    assert plan.is_exact
    assert plan.recall == 1
    assert plan.reason.startswith("every one of 12,000 vectors is compared, as that is quick: a qu")


@pytest.mark.usefixtures("small_ladder")
def test_more_rows_get_codes_under_lists_that_reach_the_target(rows: Rows) -> None:
    codes, plan = choose_index(rows, recall_target=0.9)
    if codes is None:  # where a scan of so few rows was faster, the plan says it
        assert "no index was faster at the recall target of 0.9" in plan.reason
        return
    assert plan.spec.startswith("IVF256,")
    assert recall_at_k(SearchView(rows, None, codes), 10, 300, seed=5) >= 0.9
    assert f"recall {plan.recall:.3f} at" in plan.reason
    assert "under an IVF of 256 lists" in plan.reason


@pytest.mark.parametrize(
    ("kind", "spec", "words"),
    [
        ("flat", "IVF1,", "all scanned and"),
        ("ivf", "IVF256,", "under an IVF of 256 lists"),
        ("hnsw", "HNSW32", "an HNSW graph (HNSW32), searched with efSearch"),
        ("IVF32,SQ8", "IVF32,SQ8", "8-bit codes under an IVF of 32 lists"),
        ("PCA16,SQ8", "PCA16,SQ8", "8-bit codes, all scanned"),
        ("Flat", "Flat", "the FAISS index Flat, all scanned"),
    ],
)
def test_a_kind_that_was_asked_for_is_built_and_tuned(
    rows: Rows, kind: str, spec: str, words: str
) -> None:
    codes, plan = choose_index(rows, kind=kind)
    assert codes is not None
    assert plan.kind == kind
    assert plan.spec.startswith(spec)
    assert words in plan.reason
    assert plan.recall >= 0.95
    assert recall_at_k(SearchView(rows, None, codes), 10, 300, seed=5) >= 0.95


def test_an_index_that_misses_the_target_says_so(rows: Rows) -> None:
    codes, plan = choose_index(rows, kind="IVF64,PQ2x4fs", recall_target=0.999)
    assert codes is not None
    assert plan.recall < 0.999
    assert "as asked for" in plan.reason
    assert "misses the target of 0.999" in plan.reason


@pytest.mark.usefixtures("small_ladder")
def test_where_no_code_is_good_enough_all_is_scanned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "best_codes", lambda rows, seed: ["PQ1x4fs"])
    scattered = clustered(6000, DIM, n_clusters=6000)
    codes, plan = choose_index(scattered, recall_target=0.999)
    assert codes is None
    assert plan.is_exact
    assert "as no index was faster at the recall target of 0.999 (IVF128,PQ" in plan.reason


def test_a_target_of_one_is_a_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "SCANNED_VALUES", 1000)
    codes, plan = choose_index(clustered(3000, 8), recall_target=1.0)
    assert codes is None
    assert "as nothing else finds all of them" in plan.reason


@pytest.mark.parametrize("n", [0, 1, 2, 100])
@pytest.mark.parametrize("kind", ["auto", "exact", "flat", "hnsw", "IVF16,Flat"])
def test_so_few_rows_need_no_index_whatever_was_asked_for(n: int, kind: str) -> None:
    rows = Rows(()) if n == 0 else clustered(n, 8)
    codes, plan = choose_index(rows, kind=kind)
    assert codes is None
    assert plan.is_exact
    assert ("as asked for" if kind == "exact" else "as so few need no index") in plan.reason


def test_the_sample_is_drawn_from_what_lives(rows: Rows) -> None:
    live = np.zeros(N, dtype=bool)
    live[:6000] = True
    codes, plan = choose_index(rows, live, kind="IVF64,SQ8")
    assert codes is not None
    assert plan.recall >= 0.95
    assert (
        SearchView(rows, live, codes).search(rows.take(np.arange(9000, 9010)), 5)[0] < 6000
    ).all()


def test_deleted_rows_in_the_index_do_not_stand_in_the_way_of_the_target(rows: Rows) -> None:
    live = np.random.default_rng(0).random(N) < 0.5
    codes, plan = choose_index(rows, live, kind="IVF64,PQ16x4fs")
    assert codes is not None
    assert plan.recall >= 0.95
    assert plan.nprobe < 64


@pytest.mark.parametrize("dim", [1, 2, 3, 7, 8, 13, 30, 37])
def test_every_width_has_codes(dim: int) -> None:
    rows = clustered(1000, dim)
    for code in coarse_codes(dim) + fine_codes(dim):
        assert build_codes(rows, f"IVF4,{code}").ntotal == 1000


def test_codes_have_one_or_two_bits_a_dimension() -> None:
    assert coarse_codes(512) == ["PQ128x4fs", "RaBitQfs"]
    assert fine_codes(512) == ["PQ256x4fs", "SQ8"]
    assert coarse_codes(37) == ["RaBitQfs"]


def test_lists_grow_with_the_root_of_the_rows() -> None:
    assert [n_lists(n) for n in (10_000, 200_000, 1_000_000)] == [256, 1024, 2048]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("PQ7x4fs", "the index 'PQ7x4fs' cannot be built for vectors of 32 dimensions: The dim"),
        ("nonsense", "'nonsense' cannot be built for vectors of 32 dimensions: could not parse"),
        ("", "the index '' cannot be built"),
        ("HNSW0", "'HNSW0' cannot be built: HNSW takes 1 to 512, got 0"),
        ("HNSW100000000", "HNSW takes 1 to 512, got 100000000"),
        ("IVF0,Flat", "IVF takes 1 to 65536, got 0"),
        ("IVF-3,Flat", "IVF takes 1 to 65536, got -3"),
        ("IVF16,Flat,RFlat", "has no use for 'RFlat': candidates are scored exactly from the st"),
        ("PQ8x4fs,Refine(SQ8)", "has no use for 'Refine'"),
        ("IDMap,Flat", "has no use for 'IDMap': rows keep their own numbers"),
        ("HNSW16,PQ8", "'HNSW16,PQ8' cannot be built: it compares by distance alone"),
    ],
)
def test_a_kind_that_cannot_be_built_is_refused_with_its_name_and_the_reason(
    kind: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        check_request(kind, 0.95, DIM)


def test_a_kind_that_cannot_leave_deleted_rows_out_is_refused_with_the_reason(rows: Rows) -> None:
    live = np.ones(len(rows), dtype=np.bool_)
    live[0] = False
    with pytest.raises(ValueError, match="'IVF4,RQ2x4' cannot be built .* id selector not supp"):
        choose_index(rows, live, kind="IVF4,RQ2x4")


@pytest.mark.parametrize("target", [0, -1, 1.01, float("nan")])
def test_a_target_outside_0_to_1_is_refused(target: float) -> None:
    with pytest.raises(ValueError, match="recall_target must be above 0 and at most 1, got"):
        check_request("auto", target, DIM)


@pytest.mark.parametrize(
    ("kind", "target", "phrase"),
    [
        (5, 0.95, "kind must be a text such as 'flat', got 5"),
        ("auto", "x", "recall_target must be a number, got 'x'"),
        ("auto", True, "recall_target must be a number, got True"),
    ],
)
def test_a_request_of_another_type_is_refused(kind: Any, target: Any, phrase: str) -> None:
    with pytest.raises(TypeError, match=phrase):
        check_request(kind, target, DIM)


def test_one_seed_builds_one_index(rows: Rows) -> None:
    first, second = (build_codes(rows, "IVF16,PQ8x4fs", seed=3) for _ in range(2))
    queries = rows.take(np.arange(50))
    np.testing.assert_array_equal(first.search(queries, 20)[1], second.search(queries, 20)[1])


def test_a_plan_comes_back_from_json() -> None:
    plan = IndexPlan("IVF16,PQ8x4fs", "why", nprobe=3, candidates=50, recall=0.97)
    assert IndexPlan.from_dict(json.loads(json.dumps(plan.as_dict())) | {"later": 1}) == plan


@pytest.mark.parametrize(
    "values",
    [{}, {"spec": "exact"}, {"spec": 1, "reason": ""}, {"spec": "a", "reason": "", "nprobe": 1.5}],
)
def test_a_plan_of_wrong_values_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="index plan"):
        IndexPlan.from_dict(values)


def test_a_row_is_not_its_own_neighbour_in_a_measurement() -> None:
    rows, scores = np.array([[5, 1, 2], [3, 6, 4], [7, 8, 9]]), np.eye(3, dtype="f4")
    left, its_scores = without_own(rows, scores, np.array([5, 6, 0]))
    assert left.tolist() == [[1, 2], [3, 4], [7, 8]]
    assert its_scores.tolist() == [[0, 0], [0, 0], [0, 0]]


def test_recall_counts_what_was_lost(rows: Rows) -> None:
    def view(nprobe: int) -> SearchView:
        plan = IndexPlan("IVF256,SQ8", "", nprobe=nprobe, candidates=30)
        return SearchView(rows, None, CodeIndex(lists, plan, N))

    lists = build_codes(rows, "IVF256,SQ8")
    assert recall_at_k(view(1)) < 0.8
    assert recall_at_k(view(256)) > 0.99
    assert recall_at_k(SearchView(rows)) == 1
