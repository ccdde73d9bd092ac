"""A collection with an index answers as one without: at once, whatever is added or deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch.index import view as views
from tests.collection.live_rows import DIM, ROWS, around, build, copied, keys


@pytest.fixture(autouse=True)
def _few_rows_go_through_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "FEW_ROWS", 0)
    monkeypatch.setattr(views, "SCANNED_SHARE", 10**9)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built") / "c")


@pytest.fixture
def collection(built: Path, tmp_path: Path) -> Iterator[semsearch.Collection]:
    with copied(built, tmp_path / "c") as opened:
        yield opened


def test_info_names_the_index_and_what_it_covers(collection: semsearch.Collection) -> None:
    collection.add(vectors=around(7, 1), keys=keys(ROWS, 7))
    info = collection.info()
    assert info["index"].startswith("IVF")
    assert (info["rows"], info["index_rows"], info["tail_rows"]) == (ROWS + 7, ROWS, 7)
    assert 0.9 < info["recall"] <= 1
    assert "recall" in info["index_reason"]
    assert 0 < info["index_bytes"] == info["files"]["derived"]["bytes"]


def test_a_new_row_is_found_at_once(collection: semsearch.Collection) -> None:
    new = around(1, 77)
    collection.add(vectors=new, keys=["new"])
    ids, scores = collection.neighbors(new, k=3)
    assert collection.keys(ids[0])[0] == "new"
    assert scores[0, 0] == pytest.approx(1)


def test_a_deleted_row_is_never_found(collection: semsearch.Collection) -> None:
    vectors = around(ROWS, 0)
    gone = keys(0, ROWS)[::2]
    collection.delete(gone)
    ids, _ = collection.neighbors(vectors[:200], k=20)
    found = {key for key in collection.keys(ids)}
    assert None not in found
    assert found.isdisjoint(gone)


def test_a_changed_row_is_found_where_it_is_now(collection: semsearch.Collection) -> None:
    there = -around(1, 3)
    collection.add(vectors=there, keys=["k5"])
    ids, _ = collection.neighbors(there, k=1)
    assert collection.keys(ids[0]) == ["k5"]
    ids, _ = collection.neighbors(around(ROWS, 0)[5:6], k=50)
    assert "k5" not in collection.keys(ids[0])


def test_the_item_itself_is_not_similar_to_itself(collection: semsearch.Collection) -> None:
    hits = collection.similar("k8", k=9)
    assert len(hits) == 9
    assert "k8" not in [hit.key for hit in hits]


def test_scores_are_exact_and_ordered(collection: semsearch.Collection) -> None:
    vectors = around(ROWS, 0)
    queries = around(20, 5)
    ids, scores = collection.neighbors(queries, k=10)
    rows = [int(key[1:]) for key in collection.keys(ids) if key is not None]
    expected = np.einsum("nd,nkd->nk", queries, vectors[rows].reshape(20, 10, DIM))
    assert scores == pytest.approx(expected, abs=1e-6)
    assert (np.diff(scores) <= 0).all()
    assert scores.dtype == np.float32
    assert ids.dtype == np.int64


def test_asking_for_all_gives_all(collection: semsearch.Collection) -> None:
    ids, _ = collection.neighbors(around(2, 9), k=ROWS + 10)
    assert all(len({*row.tolist()}) == ROWS + 1 for row in ids)
    assert (ids[:, ROWS:] == -1).all()


def test_no_query_at_all_gives_no_answer(collection: semsearch.Collection) -> None:
    ids, scores = collection.neighbors(np.empty((0, DIM), np.float32), k=4)
    assert ids.shape == scores.shape == (0, 4)


def test_evaluation_compares_with_an_exact_search(collection: semsearch.Collection) -> None:
    told = collection.evaluate_index(k=10, n_queries=100)
    assert told["index"].startswith("IVF")
    assert 0.9 < told["recall"] <= 1
    assert told["n_queries"] == 100
    assert told["milliseconds"] > 0 < told["exact_milliseconds"]


def test_evaluation_sees_an_index_that_misses(tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "poor", None, dim=DIM) as poor:
        poor.add(vectors=around(ROWS, 0), keys=keys(0, ROWS))
        poor.build_index(kind="IVF64,PQ8x4fs", recall_target=0.05)
        assert poor.evaluate_index(n_queries=100)["recall"] < 0.9


def test_evaluation_without_an_index_finds_everything(tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "plain", None, dim=DIM) as plain:
        plain.add(vectors=around(50, 0), keys=keys(0, 50))
        told = plain.evaluate_index()
    assert (told["index"], told["recall"], told["n_queries"]) == ("exact", 1.0, 50)


def test_evaluation_of_an_empty_collection_has_nothing_to_miss(tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "empty", None, dim=DIM) as empty:
        assert empty.evaluate_index()["recall"] == 1.0


def test_exact_is_an_index_that_one_can_ask_for(collection: semsearch.Collection) -> None:
    told = collection.build_index(kind="exact")
    assert told is not None
    assert told["index"] == collection.info()["index"] == "exact"
    assert collection.info()["recall"] == 1.0
    assert "asked for" in collection.info()["index_reason"]
    assert collection.evaluate_index(n_queries=50)["recall"] == 1.0


def test_a_kind_that_faiss_does_not_know_is_a_slip(collection: semsearch.Collection) -> None:
    for kind in ("nonsense", "IVF0,Flat", ""):
        with pytest.raises(ValueError, match="index"):
            collection.build_index(kind=kind)
    with pytest.raises(ValueError, match="recall_target"):
        collection.build_index(recall_target=1.5)
    assert collection.info()["index"].startswith("IVF")


def test_a_read_only_collection_builds_nothing(collection: semsearch.Collection) -> None:
    with (
        semsearch.open(collection.path, read_only=True) as reader,
        pytest.raises(semsearch.SemsearchError, match="read-only"),
    ):
        reader.build_index()


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e12, 1e20])
def test_the_length_of_a_query_does_not_matter(
    collection: semsearch.Collection, scale: float
) -> None:
    queries = around(5, 4)
    ids, scores = collection.neighbors(queries, k=4)
    for form in (queries * np.float32(scale), np.asfortranarray(queries) * np.float64(scale)):
        again, same = collection.neighbors(form, k=4)
        assert again.tolist() == ids.tolist()
        assert same == pytest.approx(scores, abs=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_query_that_is_no_number_is_refused(
    collection: semsearch.Collection, value: float
) -> None:
    queries = around(5, 4)
    queries[3, 2] = value
    with pytest.raises(ValueError, match="vector 3 holds a value that is NaN or infinite"):
        collection.neighbors(queries)
