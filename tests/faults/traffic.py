"""R11: threads search while rows come and go and indexes are exchanged, in two processes."""

from __future__ import annotations

import random
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import semsearch
from semsearch.collection import building
from semsearch.errors import CollectionError, CollectionLocked, KeyNotFound
from semsearch.index.jobs import run_worker
from tests.faults import defects as seeded
from tests.faults import (
    index_defects,  # noqa: F401 - puts its defects beside the others
    small_indexes,
)
from tests.faults.ledger import ADDED, BEGUN, ENDING, GONE, STOP, Ledger, Reader
from tests.faults.workload import DIM, vector_of

SEARCHERS = 4
FIRST_ROWS, FEWEST_ROWS, MOST_ROWS = 600, 400, 900
BATCH = 20
K = 10
CLOSE = 2e-6
PAUSE = 0.01
SHOWN = 5
FRAMES = 6

QUICK_KINDS = ("Flat", "SQ8", "IVF16,SQ8", "IVF1,PQ8x4fs", "exact")
SLOW_KINDS = ("IVF8,SQ8", "IVF1,PQ4x4fs")
"""Built by a process of its own, as programs have it."""


def prepare(path: str, ledger: str) -> None:
    """Make a collection with an index."""
    small_indexes.install()
    written = Ledger(Path(ledger))
    with semsearch.create(path, module=None, dim=DIM, auto_index=False) as collection:
        Writer(collection, written, random.Random(0)).add(FIRST_ROWS)
        collection.build_index("SQ8")


def drive(
    path: str, ledger: str, *, seed: int, seconds: float, writes: bool, defect: str | None = None
) -> dict[str, Any]:
    """Search by threads, build indexes by another, and change rows; tell what was wrong."""
    small_indexes.install()
    if not writes:
        building.run_worker = run_worker
    seeded.apply(defect)
    # By itself it would be built anew so often that nothing else happened.
    with semsearch.open(path, auto_index=False) as collection:
        drive = Drive(collection, Path(ledger), seed, seconds)
        if writes:
            return drive.run([drive.search] * SEARCHERS + [drive.build_quickly, drive.write])
        return drive.run([drive.search] * 2 + [drive.build])


class Drive:
    """Threads that work on one collection until the time is over or something is wrong."""

    def __init__(
        self, collection: semsearch.Collection, ledger: Path, seed: int, seconds: float
    ) -> None:
        self._collection = collection
        self._path = ledger
        self._ledger = Ledger(ledger)
        self._seed = seed
        self._end = time.monotonic() + seconds
        self._problems: list[str] = []
        self.counts: Counter[str] = Counter()
        self._indexes: set[str] = set()

    def run(self, jobs: Sequence[Callable[[int], None]]) -> dict[str, Any]:
        """Do each job in a thread; return what was wrong, and what happened how often."""
        threads = [
            threading.Thread(target=self._guarded, args=(job, number), daemon=True)
            for number, job in enumerate(jobs)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.counts["indexes seen"] = len(self._indexes)
        return {"problems": self._problems[:SHOWN], "counts": dict(self.counts)}

    def _guarded(self, job: Callable[[int], None], number: int) -> None:
        try:
            job(self._seed + number)
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
            where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
            self.wrong(f"{job.__name__}: {type(error).__name__}: {error} ({where})")

    def wrong(self, what: str) -> None:
        """Note what is wrong; everybody stops then."""
        self._problems.append(what)
        self._ledger.write(STOP)

    def is_over(self) -> bool:
        """Say whether there is no more to do."""
        return bool(self._problems) or time.monotonic() > self._end

    def write(self, seed: int) -> None:
        """Add, delete and compact."""
        writer = Writer(self._collection, self._ledger, random.Random(seed))
        while not self.is_over():
            self.counts[writer.step()] += 1
            time.sleep(PAUSE)

    def build_quickly(self, seed: int) -> None:
        """Exchange the index again and again, without a process of its own."""
        self.build(seed, QUICK_KINDS, 5 * PAUSE)

    def build(self, seed: int, kinds: Sequence[str] = SLOW_KINDS, pause: float = PAUSE) -> None:
        """Exchange the index again and again."""
        chance = random.Random(seed)
        while not self.is_over():
            try:
                self._collection.build_index(chance.choice(kinds))
                self.counts["builds"] += 1
            except CollectionError as error:
                if type(error) is not CollectionError:
                    raise
                self.counts["builds given up"] += 1  # rows were purged under three attempts
            time.sleep(pause)

    def search(self, seed: int) -> None:
        """Ask and judge the answers."""
        searcher = Searcher(self._collection, Reader(self._path), random.Random(seed))
        while not (self.is_over() or searcher.is_over):
            for problem in searcher.ask():
                self.wrong(problem)
            self.counts["answers"] += 1
            index = self._collection._view.now().index
            self._indexes.add("" if index is None else index.sha256)


class Writer:
    """Changes a collection, and writes down what it does."""

    def __init__(
        self, collection: semsearch.Collection, ledger: Ledger, chance: random.Random
    ) -> None:
        self._collection = collection
        self._ledger = ledger
        self._chance = chance
        self._born = len(collection) and collection.version * MOST_ROWS
        self._alive: list[str] = collection.vectors()[0]

    def step(self) -> str:
        """Do one change, and return what it was."""
        n = len(self._alive)
        name = self._chance.choices(["add", "delete", "purge", "compact"], [8, 8, 1, 2])[0]
        if n < FEWEST_ROWS or (name == "add" and n < MOST_ROWS):
            self.add(self._chance.randint(1, BATCH))
            return "adds"
        if name == "compact":
            patiently(self._collection.compact)
            return "compactions"
        self._delete(purge=name == "purge")
        return "deletes"

    def add(self, n: int) -> None:
        """Add so many new rows."""
        keys = [f"k{self._born + number}" for number in range(n)]
        self._born += n
        vectors = np.stack([vector_of(key, 0) for key in keys])
        self._ledger.write(BEGUN, keys)
        patiently(lambda: self._collection.add(vectors=vectors, keys=keys))
        self._ledger.write(ADDED, keys)
        self._alive += keys

    def _delete(self, *, purge: bool) -> None:
        keys = self._chance.sample(self._alive, self._chance.randint(1, BATCH))
        self._ledger.write(ENDING, keys)
        patiently(lambda: self._collection.delete(keys, purge=purge))
        self._ledger.write(GONE, keys)
        gone = set(keys)
        self._alive = [key for key in self._alive if key not in gone]


def patiently(change: Callable[[], Any]) -> None:
    """Make a change as soon as nobody else is writing."""
    while True:
        try:
            change()
            return
        except CollectionLocked:
            time.sleep(PAUSE)


class Searcher:
    """Asks one question after another, and judges the answers by the ledger."""

    def __init__(
        self, collection: semsearch.Collection, reader: Reader, chance: random.Random
    ) -> None:
        self._collection = collection
        self._reader = reader
        self._chance = chance

    @property
    def is_over(self) -> bool:
        """Whether somebody found something wrong."""
        return self._reader.is_over

    def ask(self) -> list[str]:
        """Ask something, and return what is wrong with the answer."""
        self._reader.read()
        gone = set(self._reader.keys[GONE])
        n_added = len(self._reader.order)
        name = self._chance.choices(["neighbors", "similar", "filtered", "vectors"], [10, 5, 2, 1])[
            0
        ]
        key = self._some_key(gone)
        try:
            found, probes = getattr(self, f"_{name}")(key, n_added)
        except KeyNotFound:
            self._reader.read()
            return [] if key in self._reader.keys[ENDING] else [f"{name}: {key} is not found"]
        self._reader.read()
        ending = self._reader.keys[ENDING]
        begun = self._reader.keys[BEGUN]
        problems = [f"{name}: {one} was deleted before" for one in found if one in gone] + [
            f"{name}: {one} was never added" for one in found if one not in begun
        ]
        problems += [
            f"{name}: {one} is lost" for one in probes if one not in ending and one not in found
        ]
        if name != "vectors":
            problems += self._wrong_scores(name, key, found)
        return problems

    def _some_key(self, gone: set[str]) -> str:
        """Return an acknowledged key; the last ones most often, as they have no codes yet."""
        order = self._reader.order
        while True:
            last = len(order) - 1
            at = last - min(last, int(self._chance.expovariate(1 / 60)))
            if self._chance.random() < 0.5:
                at = self._chance.randrange(len(order))
            if order[at] not in gone:
                return order[at]

    def _neighbors(self, key: str, _: int) -> tuple[dict[str, float], list[str]]:
        ids, scores = self._collection.neighbors(vector_of(key, 0)[None], K)
        if (ids < 0).any():
            return {"fewer than k": 0.0}, []
        keys = self._collection.keys(ids[0])
        # A row that was compacted away between the two calls has no key any more.
        named = zip(keys, scores[0].tolist(), strict=True)
        return {one: score for one, score in named if one is not None}, [key]

    def _similar(self, key: str, _: int) -> tuple[dict[str, float], list[str]]:
        hits = self._collection.similar(key, K)
        found = {hit.key: hit.score or 0.0 for hit in hits}
        return ({"itself": 0.0} if key in found else found), []

    def _filtered(self, key: str, _: int) -> tuple[dict[str, float], list[str]]:
        where = f"key like '%{key[-1]}'"
        ids, scores = self._collection.neighbors(vector_of(key, 0)[None], K, where=where)
        known = zip(self._collection.keys(ids[0]), scores[0].tolist(), strict=True)
        found = {one: score for one, score in known if one is not None}
        wrong = {f"{one}, not {where}": 0.0 for one in found if not one.endswith(key[-1])}
        return wrong or found, [key]

    def _vectors(self, _: str, n_added: int) -> tuple[dict[str, float], list[str]]:
        keys, vectors = self._collection.vectors()
        own = np.stack([vector_of(one, 0) for one in keys])
        if len(set(keys)) != len(keys) or not np.allclose(own, vectors, atol=CLOSE):
            return {"doubled or wrong": 0.0}, []
        return dict.fromkeys(keys, 1.0), self._reader.order[:n_added]

    def _wrong_scores(self, name: str, key: str, found: dict[str, float]) -> list[str]:
        query = vector_of(key, 0)
        return [
            f"{name}: {one} scores {score} to {key}"
            for one, score in found.items()
            if abs(score - float(vector_of(one, 0) @ query)) > CLOSE
        ]
