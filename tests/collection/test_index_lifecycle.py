"""The index of a collection comes, goes, is damaged and is exchanged; the answers stay right."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch import fsio
from semsearch.collection import building, keeping
from semsearch.errors import IndexBuildFailed
from semsearch.index import view as views
from semsearch.index.files import Loads
from tests.collection.live_rows import DIM, ROWS, around, build, copied, elsewhere, keys


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


def index_files(collection: semsearch.Collection) -> list[Path]:
    return sorted((collection.path / "derived").glob("*.faiss"))


def right_answers(collection: semsearch.Collection) -> bool:
    """Say whether the best answer to twenty stored rows is each time the row itself."""
    ids, _ = collection.neighbors(around(ROWS, 0)[:20], k=1)
    return collection.keys(ids) == keys(0, 20)


def eventually(holds: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return holds()


# -- damage


@pytest.mark.parametrize("harm", ["flip", "cut", "remove", "append"])
def test_a_damaged_index_never_reaches_faiss_and_costs_only_speed(
    built: Path, tmp_path: Path, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    with copied(built, tmp_path / "c") as collection:
        [file] = index_files(collection)
        data = bytearray(file.read_bytes())
        if harm == "flip":
            data[len(data) // 2] ^= 1
        changed = {"cut": data[:-1], "append": data + b"x"}.get(harm, data)
        file.unlink()
        if harm != "remove":
            file.write_bytes(changed)
        before = Loads.count
        assert right_answers(collection)
        assert right_answers(collection)
        assert Loads.count == before
        info = collection.info()
        assert (info["index"], info["recall"], info["tail_rows"]) == ("exact", 1.0, ROWS)
        assert "missing or damaged" in info["index_reason"]
        assert len(caplog.records) == 1
        kept = list((collection.path / "quarantine").glob("*"))
        assert [path.name for path in kept] == ([] if harm == "remove" else [file.name])


def test_a_damaged_index_is_built_again_by_itself(built: Path, tmp_path: Path) -> None:
    with copied(built, tmp_path / "c", auto_index=True) as collection:
        [file] = index_files(collection)
        file.write_bytes(b"nonsense")
        assert right_answers(collection)
        assert eventually(lambda: collection.info()["index"] != "exact")
        assert right_answers(collection)


def test_a_reader_leaves_a_damaged_index_where_it_is(built: Path, tmp_path: Path) -> None:
    with copied(built, tmp_path / "c") as collection:
        [file] = index_files(collection)
        file.write_bytes(b"nonsense")
        with semsearch.open(collection.path, read_only=True) as reader:
            assert right_answers(reader)
            assert reader.info()["index"] == "exact"
        assert file.read_bytes() == b"nonsense"


def test_derived_may_be_deleted_while_the_collection_is_open(
    collection: semsearch.Collection,
) -> None:
    assert right_answers(collection)
    for file in index_files(collection):
        file.unlink()
    collection.add(vectors=around(3, 5), keys=keys(ROWS, 3))
    assert right_answers(collection)
    assert collection.build_index_if_due() is not None
    assert len(index_files(collection)) == 1


# -- exchange


def test_a_new_index_takes_the_place_of_the_old_file(collection: semsearch.Collection) -> None:
    [old] = index_files(collection)
    assert right_answers(collection)
    collection.add(vectors=around(50, 5), keys=keys(ROWS, 50))
    told = collection.build_index(kind="flat")
    assert told is not None
    assert told["index"].startswith("IVF1,")
    [new] = index_files(collection)
    assert new != old
    assert collection.info()["index"] == told["index"]
    assert collection.info()["tail_rows"] == 0
    assert right_answers(collection)


def test_what_another_process_does_is_seen_by_the_next_search(
    collection: semsearch.Collection,
) -> None:
    assert right_answers(collection)
    elsewhere(collection.path, "c.add(vectors=-around(1, 9), keys=['far'])")
    ids, _ = collection.neighbors(-around(1, 9), k=1)
    assert collection.keys(ids[0]) == ["far"]
    elsewhere(collection.path, "c.delete(['far', *keys(100, 1000)]); c.compact()")
    ids, _ = collection.neighbors(around(ROWS, 0)[100:140], k=10)
    assert {None, "far", *keys(100, 1000)}.isdisjoint(collection.keys(ids))
    assert right_answers(collection)
    assert collection.info()["index_rows"] == ROWS - 1000


def test_the_index_of_another_process_takes_over_while_the_old_one_serves(
    collection: semsearch.Collection,
) -> None:
    assert right_answers(collection)
    before = collection.info()["index"]
    elsewhere(collection.path, "c.build_index(kind='HNSW8')")
    assert right_answers(collection)
    assert eventually(lambda: collection.info()["index"] == "HNSW8")
    assert before != "HNSW8"
    assert right_answers(collection)


def test_a_compaction_leaves_the_index_right(collection: semsearch.Collection) -> None:
    collection.delete(keys(20, 1500))
    collection.compact()
    collection.add(vectors=around(5, 8), keys=keys(ROWS, 5))
    info = collection.info()
    assert (info["index_rows"], info["tail_rows"]) == (ROWS - 1500, 5)
    assert right_answers(collection)
    recall = collection.evaluate_index(n_queries=100)["recall"]
    assert recall > 0.9


def test_an_index_built_during_a_compaction_is_right(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = building.run_worker

    def slow(*arguments: object, **options: object) -> object:
        made = real(*arguments, **options)  # type: ignore[arg-type]
        collection.delete(keys(20, 500))
        collection.compact()
        monkeypatch.setattr(building, "run_worker", real)
        return made

    monkeypatch.setattr(building, "run_worker", slow)
    told = collection.build_index(kind="ivf")
    assert told is not None
    assert collection.info()["index_rows"] == ROWS - 500
    assert right_answers(collection)


def test_segments_that_vanish_before_the_worker_reads_them_are_read_all_the_same(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = building.run_worker

    def late(*arguments: object, **options: object) -> object:
        monkeypatch.setattr(building, "run_worker", real)
        collection.delete(keys(20, 500))
        collection.compact()
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(building, "run_worker", late)
    told = collection.build_index(kind="ivf")
    assert told is not None
    assert told["rows"] == ROWS
    assert collection.info()["index_rows"] == ROWS - 500
    assert right_answers(collection)


def test_segments_that_are_gone_before_the_build_begins_cost_another_look(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = building.held_open

    def late(files: Sequence[Path]) -> AbstractContextManager[list[Path]]:
        monkeypatch.setattr(building, "held_open", real)
        collection.delete(keys(20, 500))
        collection.compact()
        return real(files)

    monkeypatch.setattr(building, "held_open", late)
    told = collection.build_index(kind="ivf")
    assert told is not None
    assert told["rows"] == ROWS - 500
    assert right_answers(collection)


def test_a_purge_during_a_build_leaves_nothing_of_the_purged_rows_in_the_index(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = building.run_worker

    def slow(*arguments: object, **options: object) -> object:
        made = real(*arguments, **options)  # type: ignore[arg-type]
        monkeypatch.setattr(building, "run_worker", real)
        collection.delete(keys(20, 5), purge=True)
        return made

    monkeypatch.setattr(building, "run_worker", slow)
    told = collection.build_index(kind="ivf")
    assert told is not None
    assert told["rows"] == ROWS - 5
    assert len(index_files(collection)) == 1


def test_a_build_waits_for_whoever_is_writing(collection: semsearch.Collection) -> None:
    told: list[object] = []
    with collection._store.writing():
        thread = threading.Thread(target=lambda: told.append(collection.build_index(kind="flat")))
        thread.start()
        assert eventually(lambda: len(index_files(collection)) == 2)
        time.sleep(0.3)
        assert told == []
        assert right_answers(collection)
    thread.join(20)
    assert len(told) == len(index_files(collection)) == 1


def test_a_build_that_fails_is_told_and_leaves_the_old_index(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(IndexBuildFailed):
        collection.build_index(kind="flat")
    assert collection.info()["index"] != "exact"
    assert right_answers(collection)


def test_an_empty_collection_needs_no_index(tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "empty", None, dim=DIM) as empty:
        told = empty.build_index()
        assert told is not None
        assert told["index"] == "exact"
        assert empty.neighbors(around(1, 0))[0].tolist() == [[-1] * 10]


# -- by itself


@pytest.fixture
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SCANNED_VALUES", ROWS * DIM - 1)


@pytest.mark.usefixtures("small_is_large")
def test_a_collection_that_outgrows_exact_search_gets_an_index_by_itself(tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "c", None, dim=DIM) as collection:
        collection.add(vectors=around(100, 0), keys=keys(0, 100))
        assert collection._keeper.wait(0)
        collection.add(vectors=around(ROWS, 0), keys=keys(0, ROWS))
        assert collection._keeper.wait(30)
        assert collection._indexes.record(collection._store.space.id) is not None


def test_the_index_is_built_anew_when_a_fifth_was_added(collection: semsearch.Collection) -> None:
    collection.add(vectors=around(ROWS // 5, 4), keys=keys(ROWS, ROWS // 5))
    assert collection.build_index_if_due() is None
    collection.add(vectors=around(1, 5), keys=["one more"])
    told = collection.build_index_if_due()
    assert told is not None
    assert told["rows"] == ROWS + ROWS // 5 + 1
    assert collection.info()["tail_rows"] == 0


def test_the_index_is_built_anew_sooner_when_its_tail_alone_takes_long(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection.add(vectors=around(200, 4), keys=keys(ROWS, 200))
    assert not collection.index_is_due()
    monkeypatch.setattr(keeping, "SCANNED_VALUES", 200 * DIM - 1)
    assert collection.index_is_due()


def test_an_index_of_an_unknown_make_is_built_again(collection: semsearch.Collection) -> None:
    record = collection._indexes.record(collection._store.space.id)
    assert record is not None
    published = fsio.Published(record.path, record.sha256, record.size)
    with collection._store.writing() as writer:
        writer.record_derived("index", "vectors", published, ROWS, record.ids, {"made": "later"})
    assert right_answers(collection)
    assert collection.info()["index"] == "exact"
    collection.build_index(kind="flat")
    assert collection.info()["index"].startswith("IVF1,")


def test_what_was_asked_for_is_built_again(collection: semsearch.Collection) -> None:
    collection.build_index(kind="HNSW8", recall_target=0.8)
    collection.add(vectors=around(ROWS, 4), keys=keys(ROWS, ROWS))
    told = collection.build_index_if_due()
    assert told is not None
    assert told["index"] == "HNSW8"


def test_no_index_is_built_where_none_was_asked_for(collection: semsearch.Collection) -> None:
    collection.build_index(kind="exact")
    collection.add(vectors=around(ROWS, 5), keys=keys(ROWS, ROWS))
    assert collection.build_index_if_due() is None


@pytest.mark.usefixtures("small_is_large")
def test_auto_index_false_builds_nothing(tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "c", None, dim=DIM, auto_index=False) as collection:
        collection.add(vectors=around(ROWS, 0), keys=keys(0, ROWS))
        assert collection._keeper.wait(0)
        assert collection.info()["index"] == "exact"
        assert "no index was built yet" in collection.info()["index_reason"]


@pytest.mark.usefixtures("small_is_large")
def test_closing_ends_a_build_at_once(tmp_path: Path) -> None:
    collection = semsearch.create(tmp_path / "c", None, dim=DIM)
    collection.add(vectors=around(ROWS, 0), keys=keys(0, ROWS))
    assert not collection._keeper.wait(0)
    start = time.monotonic()
    collection.close()
    assert collection._keeper.wait(0)
    assert time.monotonic() - start < 3
    assert list((tmp_path / "c" / "derived").glob("*.faiss")) == []
    assert list((tmp_path / "c" / "tmp").iterdir()) == []


@pytest.mark.usefixtures("small_is_large")
def test_a_build_in_the_background_that_fails_is_logged_and_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with semsearch.create(tmp_path / "c", None, dim=DIM) as collection:
        collection.add(vectors=around(ROWS, 0), keys=keys(0, ROWS))
        assert collection._keeper.wait(30)
        collection.add(vectors=around(10, 1), keys=keys(ROWS, 10))
        assert collection._keeper.wait(0)
        assert right_answers(collection)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_build_in_the_background_is_asked_for_with_wait_false(
    collection: semsearch.Collection,
) -> None:
    assert collection.build_index(kind="HNSW8", wait=False) is None
    assert collection._keeper.wait(30)
    assert collection.info()["index"] == "HNSW8"


# -- threads


def test_searches_go_on_while_rows_come_go_and_the_index_is_exchanged(
    collection: semsearch.Collection,
) -> None:
    vectors, ended, wrong = around(ROWS, 0), threading.Event(), []

    def search(seed: int) -> None:
        random = np.random.default_rng(seed)
        while not ended.is_set():
            number = int(random.integers(0, 500))  # these stay
            ids, scores = collection.neighbors(vectors[number : number + 1], k=5)
            found = collection.keys(ids)
            if found[0] != f"k{number}" or abs(scores[0, 0] - 1) > 1e-5 or -1 in ids:
                wrong.append((number, found, scores))
            time.sleep(0.002)

    threads = [threading.Thread(target=search, args=(seed,)) for seed in range(2)]
    for thread in threads:
        thread.start()
    try:
        for turn, kind in enumerate(("flat", "ivf")):
            new = keys(ROWS + turn * 100, 100)
            collection.add(vectors=around(100, turn + 5), keys=new)
            collection.build_index(kind=kind)
            collection.delete([*new[:50], *keys(1000 + turn * 100, 100)])
            collection.compact()
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert wrong == []
