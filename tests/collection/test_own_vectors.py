"""A collection of the user's own vectors, without any module."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch.errors import CollectionError, KeyNotFound, QueryError


@pytest.fixture
def collection(tmp_path: Path) -> semsearch.Collection:
    return semsearch.create(tmp_path / "own", module=None, dim=4)


def test_own_vectors_are_found_by_vector_and_by_key(collection: semsearch.Collection) -> None:
    rows = np.eye(4, dtype=np.float64) * 7
    report = collection.add(vectors=rows, keys=["a", "b", "c", "d"])
    assert report.added == 4
    ids, scores = collection.neighbors([[0, 1, 0.5, 0]], k=2)
    assert collection.keys(ids[0]) == ["b", "c"]
    assert scores[0] == pytest.approx([2 / 5**0.5, 1 / 5**0.5])
    assert collection.similar("a", k=1)[0].score == pytest.approx(0)


def test_bad_rows_are_skipped_with_their_reason(collection: semsearch.Collection) -> None:
    rows = [[1, 0, 0, 0], [np.nan, 0, 0, 1], [0, 0, 0, 0], [np.inf, 0, 0, 0], [0, 1, 0, 0]]
    report = collection.add(vectors=rows, keys=["a", "nan", "zero", "inf", "a"])
    assert report.added == 1
    assert [(row.key, row.reason) for row in report.skipped] == [
        ("nan", "the vector holds NaN, infinity or a number beyond float32"),
        ("zero", "the vector is zero and has no direction"),
        ("inf", "the vector holds NaN, infinity or a number beyond float32"),
        ("a", "the key stands in row 1 already"),
    ]


def test_stopping_at_a_bad_vector_stores_nothing(collection: semsearch.Collection) -> None:
    with pytest.raises(semsearch.SemsearchError, match="row 2 .* NaN"):
        collection.add(vectors=[[1, 0, 0, 0], [np.nan] * 4], keys=["a", "b"], on_error="stop")
    assert len(collection) == 0


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.ones((2, 5)), "must be 4 wide as the collection is, got 5"),
        (np.ones(4), r"must have the shape \(n, dim\)"),
        (np.ones((3, 4)), "need one key a row, got 2 keys for 3 rows"),
    ],
)
def test_a_wrong_shape_is_a_value_error(
    collection: semsearch.Collection, vectors: np.ndarray, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        collection.add(vectors=vectors, keys=["a", "b"])


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.ones((1, 5)), "must be 4 wide"),
        (np.zeros((1, 4)), "vector 0 is zero"),
        ([[np.nan] * 4], "NaN or infinite"),
        (np.ones(4), r"shape \(n, dim\)"),
    ],
)
def test_a_bad_query_vector_is_a_value_error(
    collection: semsearch.Collection, vectors: np.ndarray, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        collection.neighbors(vectors)


def test_the_same_vector_again_is_unchanged(collection: semsearch.Collection) -> None:
    collection.add(vectors=np.eye(4), keys=list("abcd"))
    report = collection.add(vectors=np.eye(4)[::-1], keys=list("abcd"))
    assert (report.added, report.updated, report.unchanged) == (0, 4, 0)
    assert collection.add(vectors=np.eye(4)[::-1], keys=list("abcd")).unchanged == 4


def test_searching_by_text_names_what_works_instead(collection: semsearch.Collection) -> None:
    with pytest.raises(CollectionError, match="holds your own vectors .* neighbors()"):
        collection.search("soup")


def test_a_module_collection_refuses_own_vectors(tmp_path: Path) -> None:
    made = semsearch.create(tmp_path / "reviews", module="hashing")
    with pytest.raises(CollectionError, match="make a collection with module=None"):
        made.add(vectors=np.ones((1, 256)), keys=["a"])


@pytest.mark.parametrize(
    ("dim", "message"),
    [
        (None, "needs dim"),
        (0, "between 1 and 65536"),
        (-3, "between 1 and 65536"),
        (3.5, "must be a whole number"),
        (True, "must be a whole number"),
    ],
)
def test_no_module_needs_a_width(tmp_path: Path, dim: object, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        semsearch.create(tmp_path / "own2", module=None, dim=dim)


def test_a_deletion_that_is_refused_leaves_nothing_to_recover_from(
    collection: semsearch.Collection,
) -> None:
    collection.add(vectors=np.eye(4), keys=["a", "b", "c", "d"])
    with pytest.raises(KeyNotFound):
        collection.delete(["a", "typo"])
    with pytest.raises(QueryError):
        collection.delete(where="nosuch = 1")
    assert (collection.path / "LOCK").read_bytes() == b""
    assert len(collection) == 4
