"""A collection of the first format opens as one of today's, and no crash on the way harms it."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import apsw
import numpy as np
import pytest

from semsearch.errors import CollectionDamaged, CollectionError, CollectionLocked
from semsearch.store import Batch, Store
from semsearch.store.lock import writer_lock
from tests.store.dying import dies_opening
from tests.store.format_one import make_collection
from tests.store.rows import item, keys, put, stored_vectors, vectors

BATCHES = [vectors(3, 1), vectors(40, 2)]
LIVE = np.delete(np.concatenate(BATCHES), 1, axis=0)
KEYS = ["k0", *(f"k{n}" for n in range(2, 43))]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    make_collection(tmp_path / "old", BATCHES)
    return tmp_path / "old"


def is_as_before(store: Store) -> bool:
    return keys(store) == KEYS and np.array_equal(stored_vectors(store), LIVE)


@pytest.mark.parametrize("keep_log", [False, True])
def test_everything_is_there_after_the_upgrade(tmp_path: Path, keep_log: bool) -> None:
    make_collection(tmp_path / "old", BATCHES, keep_log=keep_log)
    store = Store(tmp_path / "old")
    assert is_as_before(store)
    assert json.loads(store.folder.format.read_text())["major"] == 3
    assert json.loads(store.folder.format.read_text())["uuid"] == "1"
    assert store.fields() == {"n": "number"}
    assert store.live_items(["k7"])["k7"].fields == {"n": 7}
    assert store.load_result("clustering", "default")[0]["labels"].tolist() == [0, 1, 2]
    assert store.check(full=True).level == "ok"


def test_ids_and_versions_go_on_where_they_were(old: Path) -> None:
    store = Store(old)
    assert store.version == 4
    put(store, "new")
    assert store.snapshot().ids[-1] == 44
    assert store.version == 5
    with store.writing() as writer:
        assert writer.prefix_of("/data/reviews.csv", "reviews") == ""
        writer.compact()
    assert keys(store) == [*KEYS, "new"]


def test_a_read_only_opening_says_what_to_do_and_changes_nothing(old: Path) -> None:
    before = {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}
    with pytest.raises(CollectionError, match="older semsearch; bring it up to date once"):
        Store(old, read_only=True)
    assert {path: path.read_bytes() for path in old.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("stop", range(24))
def test_an_upgrade_that_dies_anywhere_is_done_again(
    old: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    assert dies_opening(old, monkeypatch, stop) or stop > 15
    again = Store(old)
    assert is_as_before(again)
    assert again.check(full=True, repair=True).level == "ok"
    put(again, "new")
    assert list(again.folder.scratch.iterdir()) == []


def test_two_processes_that_open_it_upgrade_it_once(old: Path) -> None:
    stores: list[Store] = []
    locked: list[CollectionLocked] = []

    def go() -> None:
        try:
            stores.append(Store(old))
        except CollectionLocked as error:
            locked.append(error)

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stores) >= 1
    assert len(stores) + len(locked) == 4
    assert all(is_as_before(store) for store in stores)


def test_an_upgrade_beside_a_writer_is_refused(old: Path) -> None:
    with writer_lock(old / "LOCK"), pytest.raises(CollectionLocked):
        Store(old)


def test_a_reader_of_the_old_program_keeps_what_it_reads(old: Path) -> None:
    reader = apsw.Connection(str(old / "store.db"), flags=apsw.SQLITE_OPEN_READONLY, vfs="unix")
    assert reader.execute("SELECT count(*) FROM item").get == 43
    store = Store(old)
    with store.writing() as writer:
        writer.commit(Batch([item("new")], vectors(1)))
        # The new log is not empty now; the old database must not be read through it.
        assert reader.execute("SELECT count(*), sum(length(text)) FROM item").get == (43, 463)
        assert reader.execute("PRAGMA integrity_check").get == "ok"
    reader.close()
    assert keys(store) == [*KEYS, "new"]


def test_a_damaged_old_database_is_left_as_it_is(old: Path) -> None:
    path = old / "store.db"
    data = bytearray(path.read_bytes())
    data[4096 * 3 : 4096 * 3 + 40] = bytes(40)
    path.write_bytes(data)
    with pytest.raises(CollectionDamaged, match="is damaged"):
        Store(old)
    assert path.read_bytes() == bytes(data)
    assert json.loads((old / "FORMAT").read_text())["major"] == 1
