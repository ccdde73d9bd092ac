"""R21: operations in an order drawn by chance, on a collection and on a dict of what it holds."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import semsearch
from semsearch.errors import KeyNotFound, QueryError
from semsearch.store import columns
from tests.faults import defects as seeded
from tests.faults import (
    index_defects,  # noqa: F401 - puts its defects beside the others
    small_indexes,
)
from tests.faults.chunks import Case, answer_each
from tests.faults.filters import FIELDS, WORDS, Filter, draw_fields, draw_filter
from tests.faults.workload import DIM, vector_of

Vectors = npt.NDArray[np.float32]

KINDS = ("Flat", "SQ8", "HNSW8", "IVF4,PQ8x4fs", "exact")
EXACT_KINDS = ("Flat", "exact")
FOUND = 0.5
"""Which share of the true neighbours an approximate index must find in one answer."""

CLOSE = 2e-6
FIRST_ROWS = 45
MOST_KEYS = 70

OWN, TEXTS = "own", "texts"


class Differs(Exception):
    """Raised when a collection and the model answer differently."""


def play(cases: Sequence[Case], folder: str, defect: str | None = None) -> None:
    """Play one sequence after another, and tell what differed."""
    small_indexes.install()
    seeded.apply(defect)

    def answer(case: Case) -> list[str]:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            return Play(Path(place) / "c", case["seed"]).run(case["steps"])

    answer_each(cases, answer, seconds=120)


class Play:
    """One collection, the dict of rows that it must hold in the order of their ids, and chance."""

    def __init__(self, path: Path, seed: int) -> None:
        self._path = path
        self._chance = random.Random(seed)
        self._flavour = self._chance.choice([OWN, TEXTS, TEXTS])
        self._rows: dict[str, dict[str, Any]] = {}
        self._said: dict[tuple[str, str], int] = {}
        self._dead: set[str] = set()
        self._index = "exact"
        self._has_fields = False
        columns.SMALLEST_SAVED = self._chance.choice([1, 20_000])
        module = None if self._flavour == OWN else "hashing"
        dim = DIM if self._flavour == OWN else None
        self._collection = semsearch.create(path, module, dim=dim, auto_index=False)

    def run(self, n_steps: int) -> list[str]:
        """Do so many steps, and return what differed first."""
        chosen = self._chance.choices(list(STEPS), weights=list(STEPS.values()), k=n_steps)
        chosen[0] = "many"
        try:
            for number, name in enumerate([*chosen, "everything"]):
                try:
                    getattr(self, f"_{name}")()
                    self._see(len(self._collection) == len(self._rows), "another length")
                except Exception as error:
                    before = " ".join(chosen[:number])
                    return [f"step {number} ({name}) {type(error).__name__}: {error}; {before}"]
        finally:
            self._collection.close()
        return []

    # -- steps that change something

    def _many(self) -> None:
        self._store([f"k{number}" for number in range(FIRST_ROWS)])

    def _add(self) -> None:
        n = self._chance.randint(1, 6)
        self._store(self._chance.sample([f"k{number}" for number in range(MOST_KEYS)], n))

    def _store(self, keys: Sequence[str]) -> None:
        """Store rows under keys: new, other, with other fields only, or the same as there are."""
        made = {key: self._made(key) for key in keys}
        if self._flavour == OWN:
            vectors = np.stack([vector_of(key, row["version"]) for key, row in made.items()])
            report = self._collection.add(vectors=vectors, keys=list(made))
        else:
            rows = [{**row, "id": key} for key, row in made.items()]
            report = self._collection.add(rows, text="text", key="id")
            self._has_fields = True
        counts = {"added": 0, "updated": 0, "unchanged": 0}
        for key, row in made.items():
            before = self._rows.get(key)
            if before is None:
                counts["added"] += 1
            else:
                counts["unchanged" if before == row else "updated"] += 1
            if before is not None and _content(before) != _content(row):
                del self._rows[key]  # another content has another id
            self._rows[key] = row
        told = {name: getattr(report, name) for name in counts}
        self._see(told == counts, f"told {told}, expected {counts}")

    def _made(self, key: str) -> dict[str, Any]:
        before, dice = self._rows.get(key), self._chance.random()
        if before is not None and dice < 0.25:
            return dict(before)
        if self._flavour == OWN:
            return {"version": self._chance.randrange(4)}
        text = before["text"] if before is not None and dice < 0.5 else self._text()
        return {"text": text, **draw_fields(self._chance)}

    def _text(self) -> str:
        words = self._chance.choices(WORDS, k=self._chance.randint(1, 4))
        return " ".join([*words, str(self._chance.randrange(20))])

    def _delete(self, *, purge: bool = False) -> None:
        keys = self._some_keys(4)
        if keys:
            n = self._collection.delete(keys, purge=purge)
            self._see(n == len(keys), f"deleted {n} instead of {len(keys)}")
        self._forget(keys)
        if keys and purge:  # what was said of items whose bytes leave the disk, leaves it too
            erased = self._dead - self._rows.keys()
            self._said = {one: n for one, n in self._said.items() if one[1] not in erased}
            self._dead.clear()

    def _forget(self, keys: Sequence[str]) -> None:
        for key in keys:
            del self._rows[key]
        self._dead.update(keys)

    def _purge(self) -> None:
        self._delete(purge=True)

    def _thumb(self) -> None:
        """Say something of items, and take something back."""
        for key in self._some_keys(3):
            query = self._chance.choice(WORDS)
            self._said.pop((query, key), None)  # the last word comes last
            self._said[query, key] = self._chance.randrange(4)
            self._collection.judge(query, key, self._said[query, key])
        if self._said and self._chance.random() < 0.3:
            query, key = self._chance.choice(sorted(self._said))
            del self._said[query, key]
            self._collection.judge(query, key, None)

    def _delete_where(self) -> None:
        wanted = self._filter()
        gone = self._passing(wanted)
        if wanted is None or len(gone) > len(self._rows) // 2:
            return
        n = self._collection.delete(where=wanted.text)
        self._see(n == len(gone), f"{wanted.text} deleted {n} instead of {len(gone)}")
        self._forget(gone)

    def _compact(self) -> None:
        self._collection.compact()
        self._dead.clear()

    def _build(self) -> None:
        kind = self._chance.choice(KINDS)
        self._collection.build_index(kind)
        self._index = kind

    def _reopen(self) -> None:
        self._collection.close()
        self._collection = semsearch.open(self._path, auto_index=False)

    def _mistake(self) -> None:
        """Do what must be refused, and change nothing."""
        known = self._some_keys(2)
        for call, error in (
            (lambda: self._collection.delete([*known, "nobody"]), KeyNotFound),
            (lambda: self._collection.delete(where="nothing = 3"), QueryError),
            (lambda: self._collection.similar("nobody"), KeyNotFound),
            (lambda: self._collection.add(vectors=np.eye(2, DIM + 1), keys=["a", "b"]), Exception),
        ):
            try:
                call()
            except error:
                continue
            raise Differs("a mistake was let through")

    # -- steps that look

    def _search(self) -> None:
        if self._flavour == OWN:
            self._neighbors()
            return
        text, wanted, k = self._text(), self._filter(), self._k()
        hits = self._collection.search(text, k=k, where=wanted and wanted.text)
        self._judge(hits, _encoded(text), self._passing(wanted), k, wanted)
        for hit in hits:
            row = self._rows[hit.key]
            told = {"text": hit.text, **{name: hit.fields.get(name) for name in FIELDS}}
            self._see(told == row, f"{hit.key} is {told}, not {row}")

    def _neighbors(self) -> None:
        wanted, k = self._filter(), self._k()
        queries = np.stack([self._query() for _ in range(self._chance.randint(1, 4))])
        ids, scores = self._collection.neighbors(queries, k, where=wanted and wanted.text)
        for query, row_ids, row_scores in zip(queries, ids, scores, strict=True):
            n = int((row_ids >= 0).sum())
            self._see(bool((row_ids[n:] == -1).all() and (row_scores[n:] == 0).all()), "no -1 last")
            keys = self._collection.keys(row_ids[:n])
            hits = [
                semsearch.Hit(key or "", float(score), "", {})
                for key, score in zip(keys, row_scores, strict=False)
            ]
            self._judge(hits, query, self._passing(wanted), k, wanted)

    def _similar(self) -> None:
        for key in self._some_keys(1):
            wanted, k = self._filter(), self._k()
            hits = self._collection.similar(key, k, where=wanted and wanted.text)
            allowed = [other for other in self._passing(wanted) if other != key]
            self._judge(hits, self._vector(key), allowed, k, wanted)

    def _vectors(self) -> None:
        keys = self._some_keys(5)
        found, vectors = self._collection.vectors(keys)
        self._see(found == keys, "other keys")
        self._compare_vectors(keys, vectors)

    def _everything(self) -> None:
        keys, vectors = self._collection.vectors()
        self._see(keys == list(self._rows), f"the keys are {keys}, not {list(self._rows)}")
        self._see(self._collection.keys() == keys, "keys() differ from those of vectors()")
        self._compare_vectors(keys, vectors)
        self._see(self._collection.known([*keys, "nobody"]) == set(keys), "other keys are known")
        said = [(query, key, n) for (query, key), n in self._said.items()]
        told = self._collection.judgements()
        self._see(told == said, f"the judgements are {told}, not {said}")
        findings = self._collection.check(full=True).findings
        self._see(not findings, f"check: {[(f.thing, f.wrong) for f in findings]}")

    # -- inside

    def _judge(
        self, hits: Sequence[semsearch.Hit], query: Vectors, allowed: Sequence[str], k: int,
        wanted: Filter | None,
    ) -> None:  # fmt: skip
        """See that an answer holds the k nearest of the allowed rows, scored exactly, in order."""
        about = f"k {k}, where {wanted.text if wanted else None}, index {self._index}"
        keys = [hit.key for hit in hits]
        scores = np.array([hit.score for hit in hits], dtype=np.float32)
        self._see(len(keys) == len(set(keys)) == min(k, len(allowed)), f"{len(keys)} hits, {about}")
        self._see(set(keys) <= set(allowed), f"{set(keys) - set(allowed)} not allowed, {about}")
        if not keys:
            return
        self._see(bool((np.diff(scores) <= 0).all()), f"not in order, {about}")
        truth = {key: float(self._vector(key) @ query) for key in allowed}
        own = np.array([truth[key] for key in keys])
        self._see(np.allclose(scores, own, atol=CLOSE), f"wrong scores, {about}")
        best = np.sort(list(truth.values()))[::-1][: len(keys)]
        n_right = int((own >= best[-1] - CLOSE).sum())
        share = 1.0 if self._index in EXACT_KINDS else FOUND
        self._see(n_right >= share * len(keys), f"{n_right} of the nearest, {about}")

    def _compare_vectors(self, keys: Sequence[str], vectors: Vectors) -> None:
        for key, vector in zip(keys, vectors, strict=True):
            self._see(np.allclose(self._vector(key), vector, atol=CLOSE), f"the vector of {key}")

    def _vector(self, key: str) -> Vectors:
        row = self._rows[key]
        return vector_of(key, row["version"]) if self._flavour == OWN else _encoded(row["text"])

    def _query(self) -> Vectors:
        keys = self._some_keys(1)
        if keys and self._chance.random() < 0.5:
            return self._vector(keys[0])
        if self._flavour == TEXTS:
            return _encoded(self._text())
        return vector_of("a query", self._chance.randrange(1000))

    def _filter(self) -> Filter | None:
        if self._chance.random() < 0.4:
            return None
        names = ("key", *(("text", *FIELDS) if self._has_fields else ()))
        return draw_filter(self._chance, names)

    def _passing(self, wanted: Filter | None) -> list[str]:
        if wanted is None:
            return list(self._rows)
        return [key for key, row in self._rows.items() if wanted.passes({**row, "key": key})]

    def _some_keys(self, most: int) -> list[str]:
        n = min(self._chance.randint(1, most), len(self._rows))
        return self._chance.sample(sorted(self._rows), n)

    def _k(self) -> int:
        return self._chance.choice([1, 3, 10, 10, 200])

    def _see(self, is_right: bool, what: str) -> None:
        if not is_right:
            raise Differs(f"{self._flavour}: {what}")


STEPS = {
    "add": 6,
    "delete": 3,
    "purge": 1,
    "delete_where": 1,
    "compact": 1,
    "thumb": 2,
    "build": 2,
    "reopen": 2,
    "mistake": 1,
    "search": 5,
    "neighbors": 4,
    "similar": 2,
    "vectors": 1,
    "everything": 1,
}


def _content(row: dict[str, Any]) -> Any:
    return row.get("text", row.get("version"))


@cache
def _module() -> Callable[..., Any]:
    encode: Callable[..., Any] = semsearch.load_module("hashing").encode
    return encode


@cache
def _encoded(text: str) -> Vectors:
    return np.asarray(_module()([text])[0], dtype=np.float32)
