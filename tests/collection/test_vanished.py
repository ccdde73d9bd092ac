"""What goes away between two looks, a row that is compacted or all of derived/, harms nobody."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import semsearch
from semsearch import fsio
from semsearch.collection import keeping
from semsearch.store import Store
from semsearch.store.recovery import strays
from tests.collection.live_rows import around, keys

N = 300


@pytest.fixture
def collection(tmp_path: Path) -> semsearch.Collection:
    made = semsearch.create(tmp_path / "c", None, dim=around(1, 0).shape[1], auto_index=False)
    made.add(vectors=around(N, 0), keys=keys(0, N))
    return made


@pytest.mark.parametrize(
    "look", [lambda c: c.vectors()[0], lambda c: c.keys()], ids=["vectors", "keys"]
)
def test_rows_that_are_compacted_away_meanwhile_have_no_empty_key(
    collection: semsearch.Collection,
    monkeypatch: pytest.MonkeyPatch,
    look: Callable[[semsearch.Collection], Any],
) -> None:
    real = Store.keys

    def late(self: Store, ids: Any) -> dict[int, str]:
        monkeypatch.setattr(Store, "keys", real)
        with semsearch.open(collection.path, auto_index=False) as other:
            other.delete(keys(0, 5))
            other.compact()
        return real(self, ids)

    monkeypatch.setattr(Store, "keys", late)
    assert look(collection) == keys(5, N - 5)


def test_the_vectors_that_are_left_are_still_those_of_their_keys(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Store.keys
    monkeypatch.setattr(
        Store, "keys", lambda self, ids: {n: key for n, key in real(self, ids).items() if n > 7}
    )
    names, vectors = collection.vectors()
    assert names == keys(7, N - 7)
    np.testing.assert_allclose(vectors, around(N, 0)[7:], atol=1e-6)


def test_a_folder_that_vanished_holds_no_strays(collection: semsearch.Collection) -> None:
    with collection._store.writing() as writer:
        shutil.rmtree(collection.path / "derived")
        assert list(strays(collection._store.folder, writer._connection)) == []


def test_files_are_removed_already_where_their_folder_is(tmp_path: Path) -> None:
    fsio.remove_all([tmp_path / "gone" / "file"])


def test_a_file_that_is_kept_is_not_swept(tmp_path: Path) -> None:
    file = tmp_path / "job"
    file.write_text("{}")
    assert not fsio.is_being_written(file)
    with fsio.kept(file):
        assert fsio.is_being_written(file)
    assert not fsio.is_being_written(file)


def test_a_build_that_begins_in_the_background_can_be_stopped_at_any_moment(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, stopped = collection._keeper, threading.Thread(target=collection._keeper.stop)
    start = threading.Thread.start

    def slow(thread: threading.Thread) -> None:
        if thread.name == "semsearch-index":
            start(stopped)
            stopped.join(0.1)  # it would have ended with an error by now
        start(thread)

    failures: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", failures.append)
    monkeypatch.setattr(threading.Thread, "start", slow)
    keeper.start(keeping.same_again(None))
    stopped.join(20)
    assert failures == []
    assert keeper.wait(0)
