"""Searches and writes beside an exchange of modules: every answer is wholly of one module."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch.collection import filling, reencoding
from semsearch.collection.records import Hit
from semsearch.modules.catalogue import BUILT_IN, BuiltIn
from semsearch.modules.networks import hashing
from semsearch.store import Store
from semsearch.store.segments import Ids
from tests import words_module

QUERIES = ["cold soup", "running shoes", "a clever film"]
SECONDS = 2.0
MIRRORED = replace(hashing.CARD, name="mirrored", digest="5" * 64)
"""As wide as `hashing`, so that only its numbers tell when the two are mixed."""


def mirrored(texts: list[str], on_progress: Callable[[int, int], None]) -> np.ndarray:
    time.sleep(0.001)  # switches come between encoding and searching
    return np.ascontiguousarray(hashing.encode(texts, on_progress)[:, ::-1])


@pytest.fixture(autouse=True)
def _modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUILT_IN, "words", BuiltIn(words_module.CARD, words_module.words))
    made = semsearch.Module(MIRRORED, words_module.checked_text, lambda: mirrored)
    monkeypatch.setitem(BUILT_IN, "mirrored", BuiltIn(MIRRORED, lambda: made))


@pytest.fixture
def opened_again(collection: semsearch.Collection) -> Iterator[semsearch.Collection]:
    """The same collection through files of its own, as another process has it."""
    with semsearch.open(collection.path) as other:
        yield other


def answers(collection: semsearch.Collection) -> list[list[Hit]]:
    similar = [collection.similar("r-1", k=5), collection.similar("r-9", k=5)]
    filtered = collection.search(QUERIES[0], k=3, where="stars <= 2")
    return [*collection.search_many(QUERIES, k=12), *similar, filtered]


def asked(collection: semsearch.Collection, number: int) -> list[Hit]:
    if number < len(QUERIES):
        return collection.search(QUERIES[number], k=12)
    if number < len(QUERIES) + 2:
        return collection.similar(("r-1", "r-9")[number - len(QUERIES)], k=5)
    return collection.search(QUERIES[0], k=3, where="stars <= 2")


class Searcher(threading.Thread):
    """Asks one question after the other, and notes of which module each answer was."""

    def __init__(
        self,
        collection: semsearch.Collection,
        old: list[list[Hit]],
        new: list[list[Hit]],
        stop: threading.Event,
    ) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.wrong: list[object] = []
        self._collection, self._old, self._new, self._stopped = collection, old, new, stop

    def run(self) -> None:
        try:
            for number in cycle(range(len(self._old))):
                if self._stopped.is_set():
                    return
                self._note(number, asked(self._collection, number))
        except Exception as error:
            self.wrong.append(error)

    def _note(self, number: int, found: list[Hit]) -> None:
        if found not in (self._old[number], self._new[number]):
            self.wrong.append((number, found))
        elif self._old[number] != self._new[number]:
            self.seen.add("old" if found == self._old[number] else "new")


def test_every_answer_during_switches_is_wholly_of_one_module(
    collection: semsearch.Collection, opened_again: semsearch.Collection
) -> None:
    collection.delete(["r-2"])  # the new vectors have no row for it: rows of equal ids differ
    old = answers(collection)
    collection.reencode("mirrored")
    new = answers(collection)
    stop = threading.Event()
    objects = (collection, opened_again)
    searchers = [Searcher(objects[n % 2], old, new, stop) for n in range(4)]
    for searcher in searchers:
        searcher.start()
    deadline = time.monotonic() + SECONDS
    switches = 0
    while time.monotonic() < deadline:
        collection.rollback()
        switches += 1
        time.sleep(0.005)
    stop.set()
    for searcher in searchers:
        searcher.join()
    assert [wrong for searcher in searchers for wrong in searcher.wrong] == []
    assert set().union(*(searcher.seen for searcher in searchers)) == {"old", "new"}
    assert switches > 5
    assert [one == two for one, two in zip(old, new, strict=True)].count(False) >= 3


def test_adds_and_deletes_of_others_go_on_during_the_work(
    collection: semsearch.Collection,
    opened_again: semsearch.Collection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filling, "LOOKED_UP", 20)
    monkeypatch.setitem(filling.MOST, "text", 20)
    rows = [{"id": f"n-{n}", "review": f"review number {n} of a long row"} for n in range(400)]
    collection.add(rows, text="review", key="id")
    failures: list[Exception] = []
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        try:
            while not stop.is_set() and written < 300:
                row = {"id": f"w-{written}", "review": f"written meanwhile {written}"}
                opened_again.add([row], text="review", key="id")
                opened_again.delete([f"n-{written}"])
                written += 1
                time.sleep(0.01)
        except Exception as error:
            failures.append(error)

    def waited(_done: int, _total: int) -> None:
        time.sleep(0.01)  # the writer gets its turn

    writer = threading.Thread(target=write)
    writer.start()
    try:
        report = collection.reencode("words", progress=waited, on_wait=lambda _: None)
        in_time = written
        time.sleep(0.1)
    finally:
        stop.set()
        writer.join()
    assert in_time >= 2
    assert [type(error).__name__ for error in failures] in ([], ["CollectionSwitched"])
    assert report.switched
    keys, vectors = collection.vectors()
    assert {f"w-{n}" for n in range(in_time)} <= set(keys)
    assert not {f"n-{n}" for n in range(in_time)} & set(keys)
    texts = [hit.text for hit in collection.get(keys)]
    np.testing.assert_array_equal(vectors, words_module.words().encode(texts))


@pytest.fixture
def always_one_more(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """Whenever nothing is missing, another row comes before the lock is had."""
    keys: list[str] = []
    with semsearch.open(collection.path) as other:
        missing = Store.missing

        def one_more(self: Store, space_id: int) -> Ids:
            found = missing(self, space_id)
            if not len(found) and len(keys) < 50:
                keys.append(f"w-{len(keys)}")
                row = {"id": keys[-1], "review": f"row {keys[-1]}"}
                other.add([row], text="review", key="id")
            return found

        monkeypatch.setattr(Store, "missing", one_more)
        yield keys


def test_a_few_rows_that_come_last_are_encoded_while_writers_wait(
    collection: semsearch.Collection, always_one_more: list[str]
) -> None:
    report = collection.reencode("words")
    assert (report.switched, report.rows) == (True, 12 + len(always_one_more))
    assert len(always_one_more) == 1
    assert len(collection.search("row", k=100)) == report.rows


def test_writers_that_would_never_let_it_end_wait_at_last(
    collection: semsearch.Collection,
    always_one_more: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filling, "MOMENT", 0.0)
    monkeypatch.setattr(reencoding, "PASSES", 3)
    report = collection.reencode("words")
    assert (report.switched, report.rows) == (True, 12 + len(always_one_more))
    assert len(always_one_more) == 4
    assert len(collection.search("row", k=100)) == report.rows


def test_two_that_re_encode_at_once_store_every_vector_once(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "LOOKED_UP", 3)
    monkeypatch.setitem(filling.MOST, "text", 3)
    started = threading.Barrier(2)
    reports = []

    def reencode(path: Path) -> None:
        with semsearch.open(path) as mine:
            started.wait()
            reports.append(mine.reencode("words", on_wait=lambda _: None))

    collection.reencode("words", switch=False, k=1)
    rows = [{"id": f"n-{n}", "review": f"row {n}"} for n in range(30)]
    collection.add(rows, text="review", key="id")
    threads = [threading.Thread(target=reencode, args=(collection.path,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(report.encoded for report in reports) == 30
    assert collection.handle == "words"
    assert len(collection.search("row", k=100)) == 42


def test_a_reader_has_the_module_to_come_before_the_switch(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has begun: this one loads the module then, not in the first search after."""
    built = threading.Event()

    def build() -> Callable[..., np.ndarray]:
        built.set()
        return mirrored

    card = replace(MIRRORED, name="slow", digest="7" * 64)
    made = semsearch.Module(card, words_module.checked_text, build)
    monkeypatch.setitem(BUILT_IN, "slow", BuiltIn(card, lambda: made))
    collection.search("soup")
    with collection._store.writing() as writer:
        writer.spaces.begin(card.dim, "slow", card.digest, card.as_dict())
    assert collection.search("soup", k=1)
    assert built.wait(10)
    assert collection.handle == "hashing"


def test_a_module_to_come_that_is_not_here_is_logged(
    collection: semsearch.Collection, caplog: pytest.LogCaptureFixture
) -> None:
    before = collection.search("soup")
    with collection._store.writing() as writer:
        writer.spaces.begin(4, "nowhere", "8" * 64, {})
    assert collection.search("soup") == before
    deadline = time.monotonic() + 10
    while not caplog.records and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "the module to come cannot be used here" in caplog.text
