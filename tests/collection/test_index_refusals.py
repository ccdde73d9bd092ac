"""What was refused before, and what FAISS refuses, costs an index nothing more than it must."""

from __future__ import annotations

from pathlib import Path

import faiss
import pytest

import semsearch
from semsearch.collection import building
from semsearch.errors import KeyNotFound
from tests.collection.live_rows import around, keys

N = 400


@pytest.fixture
def collection(tmp_path: Path) -> semsearch.Collection:
    made = semsearch.create(tmp_path / "c", module=None, dim=around(1, 0).shape[1])
    made.add(vectors=around(N, 0), keys=keys(0, N))
    return made


def test_an_index_is_built_once_though_the_change_before_was_refused(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds, real = [], building.run_worker

    def counted(*arguments: object, **options: object) -> object:
        builds.append(arguments)
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(building, "run_worker", counted)
    with pytest.raises(KeyNotFound):
        collection.delete(["nobody"])
    collection.build_index("SQ8")
    assert len(builds) == 1
    assert collection.info()["index"] == "SQ8"


@pytest.mark.parametrize("error", [RuntimeError, MemoryError])
def test_an_index_that_faiss_loads_and_cannot_search_is_damaged(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    collection.build_index("SQ8")

    def refuse(*arguments: object, **options: object) -> object:
        raise error("no")

    monkeypatch.setattr(faiss.IndexScalarQuantizer, "search", refuse)
    with semsearch.open(collection.path, auto_index=False) as other:
        ids, _ = other.neighbors(around(N, 0)[:5], 1)
        assert other.keys(ids) == keys(0, 5)
        assert other.info()["index"] == "exact"
