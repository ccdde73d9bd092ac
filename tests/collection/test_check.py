"""The check of a whole collection, its index included."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch.collection import Collection, index_check
from semsearch.collection.searching import LoadedIndex
from semsearch.errors import CollectionDamaged
from semsearch.store import Derived, Snapshot


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with semsearch.create(tmp_path / "c", module=None, dim=8) as made:
        rows = np.random.default_rng(0).standard_normal((600, 8))
        made.add(vectors=rows, keys=[f"k{n}" for n in range(600)])
        made.build_index(kind="flat")
        yield made


def index_file(collection: Collection) -> Path:
    [path] = (collection.path / "derived").glob("*.faiss")
    return path


def test_the_full_check_measures_the_index_against_an_exact_search(collection: Collection) -> None:
    report = collection.check(full=True)
    assert report.findings == ()
    assert report.facts["index"] == collection.info()["index"]
    assert 0.9 <= report.facts["recall"] <= 1


def test_an_index_that_was_damaged_is_told_and_made_again(collection: Collection) -> None:
    path = index_file(collection)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with semsearch.open(collection.path, read_only=True) as reader:
        report = reader.check(full=True)
    assert report.level == "derived"
    assert path.exists()
    report = collection.check(full=True, repair=True)
    assert (report.level, report.repaired) == ("derived", 1)
    assert (collection.path / "quarantine" / path.name).exists()
    assert collection.check(full=True).level == "ok"


def test_a_check_goes_on_beside_a_server_that_searches_and_adds(collection: Collection) -> None:
    with semsearch.open(collection.path, read_only=True) as reader:
        for n in range(5):
            collection.add(vectors=np.ones((3, 8)), keys=[f"n{n}-{row}" for row in range(3)])
            assert reader.check(full=True).level == "ok"
            assert len(collection.neighbors(np.ones((1, 8)))[0]) == 1


def test_an_index_that_misses_its_target_as_was_said_when_it_was_built_is_sound(
    collection: Collection,
) -> None:
    rows = np.random.default_rng(1).standard_normal((6000, 8))
    collection.add(vectors=rows, keys=[f"more{n}" for n in range(6000)])
    built = collection.build_index(kind="PCA4,Flat") or {}
    assert built["recall"] < 0.8
    assert "misses the target of 0.95" in built["reason"]
    assert collection.check(full=True).findings == ()


def test_an_index_that_is_exchanged_while_it_is_checked_is_not_damaged(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = index_check.load
    exchanges = iter(["HNSW16"])

    def loaded_late(record: Derived, snapshot: Snapshot) -> LoadedIndex:
        for kind in exchanges:
            collection.build_index(kind)
        return load(record, snapshot)

    monkeypatch.setattr(index_check, "load", loaded_late)
    report = collection.check(full=True, repair=True)
    assert (report.level, report.repaired) == ("ok", 0)
    assert collection.info()["index"] == "HNSW16"


@pytest.mark.parametrize("repair", [False, True])
def test_whatever_page_is_damaged_the_report_says_what_could_not_be_read(
    collection: Collection, tmp_path: Path, repair: bool
) -> None:
    copy = Path(shutil.copytree(collection.path, tmp_path / "copy"))
    sound = (copy / "store.db").read_bytes()
    page_size = int.from_bytes(sound[16:18])
    n_opened = 0
    for start in range(page_size, len(sound), page_size):
        data = bytearray(sound)
        data[start + page_size // 2] ^= 1
        (copy / "store.db").write_bytes(data)
        try:
            damaged = semsearch.open(copy)
        except CollectionDamaged:
            continue  # told by opening
        with damaged:
            n_opened += 1
            report = damaged.check(full=True, repair=repair)
            assert report.level == "source", start
            assert report.repaired == 0
    assert n_opened > 5


@pytest.mark.parametrize("n_queries", [0, -5])
def test_a_check_asks_at_least_one_query(collection: Collection, n_queries: int) -> None:
    with pytest.raises(ValueError, match="n_queries must lie between 1 and 100000, got"):
        collection.check(full=True, n_queries=n_queries)
