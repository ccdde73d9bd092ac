"""The check of a whole collection, its index included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch.collection import Collection


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
