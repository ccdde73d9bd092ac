"""Any sequence of adds, updates and deletes leaves what a dict and numpy would hold."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import semsearch

KEYS = [f"k{n}" for n in range(8)]
WORDS = st.text("abcé日😀 ", min_size=1, max_size=12).filter(str.strip)
STARS = st.none() | st.integers(1, 5)
ROWS = st.dictionaries(st.sampled_from(KEYS), st.tuples(WORDS, STARS), min_size=1, max_size=5)


class Model(RuleBasedStateMachine):
    """A collection beside a plain dict of key -> (text, stars)."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.collection = semsearch.create(self.folder / "c", module="hashing")
        self.module = semsearch.load_module("hashing")
        self.expected: dict[str, tuple[str, int | None]] = {}

    @rule(rows=ROWS)
    def add(self, rows: dict[str, tuple[str, int | None]]) -> None:
        report = self.collection.add(
            [{"id": key, "t": text, "stars": stars} for key, (text, stars) in rows.items()],
            text="t",
            key="id",
        )
        new = [key for key in rows if key not in self.expected]
        same = [key for key in rows if self.expected.get(key) == rows[key]]
        assert (report.added, report.unchanged) == (len(new), len(same))
        assert report.updated == len(rows) - len(new) - len(same)
        self.expected |= rows

    @rule(texts=st.lists(WORDS, min_size=1, max_size=4))
    def add_without_keys(self, texts: list[str]) -> None:
        before = set(self.collection.vectors()[0])
        report = self.collection.add([{"t": text, "stars": 3} for text in texts], text="t")
        after = self.collection.vectors()[0]
        assert report.added == len(set(after) - before)
        assert report.added + report.updated + report.unchanged == len(texts)
        for hit in self.collection.get(sorted(set(after) - before)):
            assert hit.key not in KEYS
            self.expected[hit.key] = (hit.text, 3)
        stored = [row for key, row in self.expected.items() if key not in KEYS]
        for text in texts:
            assert stored.count((text, 3)) >= texts.count(text)

    @rule(key=st.sampled_from(KEYS))
    def delete(self, key: str) -> None:
        if key in self.expected:
            assert self.collection.delete([key]) == 1
            del self.expected[key]

    @rule(stars=st.integers(1, 5))
    def delete_where(self, stars: int) -> None:
        if "stars" in self.collection.fields:
            gone = [key for key, row in self.expected.items() if row[1] and row[1] <= stars]
            assert self.collection.delete(where=f"stars <= {stars}") == len(gone)
            for key in gone:
                del self.expected[key]

    @rule()
    def open_again(self) -> None:
        self.collection.close()
        self.collection = semsearch.open(self.folder / "c")

    @rule(query=WORDS, k=st.integers(1, 10), stars=st.integers(1, 5))
    def search(self, query: str, k: int, stars: int) -> None:
        if not self.expected:
            return
        hits = self.collection.search(query, k=k, where=f"stars >= {stars}")
        allowed = {key: row for key, row in self.expected.items() if row[1] and row[1] >= stars}
        assert {hit.key for hit in hits} <= set(allowed)
        assert len(hits) == min(k, len(allowed))
        scores = self._scores(query, [text for text, _ in allowed.values()])
        np.testing.assert_allclose(
            [hit.score for hit in hits], sorted(scores, reverse=True)[:k], atol=1e-5
        )

    @invariant()
    def holds_what_the_dict_holds(self) -> None:
        assert len(self.collection) == len(self.expected)
        names, vectors = self.collection.vectors()
        assert sorted(names) == sorted(self.expected)
        for hit in self.collection.get(names):
            assert (hit.text, hit.fields["stars"]) == self.expected[hit.key]
        if names:
            fresh = self.module.encode([self.expected[name][0] for name in names])
            np.testing.assert_allclose(vectors, fresh, atol=1e-6)

    def _scores(self, query: str, texts: list[str]) -> list[float]:
        if not texts:
            return []
        similarities = self.module.encode(texts) @ self.module.encode([query])[0]
        return [float(value) for value in similarities]

    def teardown(self) -> None:
        self.collection.close()
        shutil.rmtree(self.folder)


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
