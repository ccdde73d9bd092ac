"""The new vectors have their index before they are searched, and the old ones keep theirs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch.collection import building
from semsearch.errors import IndexBuildFailed
from semsearch.index import view as views
from semsearch.modules.catalogue import BUILT_IN, BuiltIn
from semsearch.modules.networks import hashing
from tests import words_module
from tests.collection.live_rows import copied

N = 900
TOPICS = ["soup", "shoes", "film", "phone", "hotel", "garden"]
MIRRORED = replace(hashing.CARD, name="mirrored", digest="6" * 64)


def mirrored(texts: list[str], on_progress: Callable[[int, int], None]) -> np.ndarray:
    return np.ascontiguousarray(hashing.encode(texts, on_progress)[:, ::-1])


@pytest.fixture(autouse=True)
def _through_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "FEW_ROWS", 0)
    monkeypatch.setattr(views, "SCANNED_SHARE", 10**9)
    made = semsearch.Module(MIRRORED, words_module.checked_text, lambda: mirrored)
    monkeypatch.setitem(BUILT_IN, "mirrored", BuiltIn(MIRRORED, lambda: made))


def text(number: int) -> str:
    return f"the {TOPICS[number % len(TOPICS)]} number {number} was good number {number}"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("built") / "c"
    rows = [{"id": str(n), "text": text(n)} for n in range(N)]
    with semsearch.create(path, module="hashing", auto_index=False) as made:
        made.add(rows, text="text", key="id")
        made.build_index(kind="ivf", recall_target=0.99)
    return path


@pytest.fixture
def collection(built: Path, tmp_path: Path) -> Iterator[semsearch.Collection]:
    with copied(built, tmp_path / "c") as opened:
        yield opened


def check_answers(collection: semsearch.Collection, numbers: range) -> None:
    """A stored text finds itself, with the cosine 1 that only vectors of one module have."""
    found = collection.search_many([text(number) for number in numbers], k=3)
    for number, hits in zip(numbers, found, strict=True):
        assert hits[0].key == str(number)
        assert hits[0].score == pytest.approx(1, abs=1e-5)


def test_the_index_is_there_at_the_switch_and_after_the_way_back(
    collection: semsearch.Collection,
) -> None:
    collection.reencode("mirrored")
    info = collection.info()
    assert info["index"].startswith("IVF")
    assert (info["index_rows"], info["tail_rows"]) == (N, 0)
    check_answers(collection, range(0, N, 30))
    assert collection.evaluate_index(n_queries=50)["recall"] > 0.9
    collection.rollback()
    assert collection.info()["index"].startswith("IVF")
    check_answers(collection, range(0, N, 30))
    with semsearch.open(collection.path, auto_index=False) as reopened:
        reopened.rollback()
        assert reopened.info()["index"].startswith("IVF")
        check_answers(reopened, range(0, N, 30))


def test_no_index_is_mistaken_for_that_of_the_other_vectors(
    collection: semsearch.Collection,
) -> None:
    collection.reencode("mirrored")
    stop = threading.Event()
    errors: list[BaseException] = []

    def search(path: Path, first: int) -> None:
        try:
            with semsearch.open(path, auto_index=False) as mine:
                while not stop.is_set():
                    check_answers(mine, range(first, N, 97))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=search, args=(collection.path, first)) for first in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(15):
        collection.rollback()
        time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    assert errors == []


def test_an_index_that_cannot_be_built_does_not_stop_the_switch(
    collection: semsearch.Collection,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def failed(*_: object, **__: object) -> None:
        raise IndexBuildFailed("the index cannot be built today", "build it tomorrow")

    monkeypatch.setattr(building, "run_worker", failed)
    with caplog.at_level(logging.WARNING):
        assert collection.reencode("mirrored").switched
    assert "have no index yet: the index cannot be built today" in caplog.text
    assert collection.info()["index"] == "exact"
    check_answers(collection, range(0, N, 100))


def test_dropping_the_old_vectors_drops_their_index_file(collection: semsearch.Collection) -> None:
    collection.reencode("mirrored")
    files = set((collection.path / "derived").glob("*.faiss"))
    assert len(files) == 2
    collection.drop_space()
    assert len(set((collection.path / "derived").glob("*.faiss"))) == 1
    check_answers(collection, range(0, N, 100))
