"""Indexes over few rows: built in this process without measuring, and searched all the same."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import semsearch
from semsearch.collection import building
from semsearch.collection.searching import unit_queries
from semsearch.index import choose, view, worker
from semsearch.index.build import build_codes
from semsearch.index.codes import CodeIndex
from semsearch.index.files import publish_index
from semsearch.index.jobs import BuiltIndex, IndexJob
from semsearch.index.plan import EXACT, IndexPlan
from semsearch.index.rows import Rows
from semsearch.store import columns

Vectors = npt.NDArray[np.float32]

DIM, ROWS = 16, 300
DEAD = 10

KINDS = (
    "IVF1,PQ8x4fs",
    "IVF16,PQ8x4fs",
    "IVF16,PQ4x8",
    "RaBitQ",
    "HNSW8",
    "SQ8",
    "IVF16,SQ8",
    "Flat",
    "IVF16,Flat",
)
"""What the templates are made of; each kind has a reader of its own in FAISS."""

COLUMNS = "columns"
"""The template that has saved columns instead of an index."""

TEXTS = ("soup of the day", "shoes and laces", "a film with a plot", "salt in the office")

FEWEST = 32
CANDIDATES = 60
RECALL = 0.9

Answers = tuple[Any, Any]


def install() -> None:
    """Let this process build small indexes quickly and use them, however few rows there are."""
    building.run_worker = build_quickly
    choose.FEWEST_ROWS = FEWEST
    view._is_scanned = lambda codes, scope, k: not scope.n_codes
    columns.SMALLEST_SAVED = 1


def build_quickly(job: IndexJob, **_: Any) -> BuiltIndex:
    """Do what the worker's process does, without measuring how far a search must go."""
    rows = Rows(tuple(worker._mapped(path, n, job.dim) for path, n in job.files))
    if job.kind == EXACT or len(rows) < FEWEST:
        return BuiltIndex(IndexPlan(EXACT, "as asked for", kind=job.kind), len(rows), "", 0, 0.0)
    index = build_codes(rows, job.kind, seed=job.seed)
    plan = IndexPlan(
        job.kind, "for a test", 8, CANDIDATES, RECALL, recall_target=RECALL, kind=job.kind
    )
    plan = IndexPlan(**{**plan.as_dict(), "nprobe": CodeIndex(index, plan, len(rows)).widest})
    published = publish_index(index, scratch=job.scratch, place=job.place)
    return BuiltIndex(plan, len(rows), published.sha256, published.size, 0.0)


def vectors_of(seed: int, n: int = ROWS, dim: int = DIM) -> Vectors:
    """Return unit vectors (n, dim), drawn by a seed."""
    drawn = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), dtype=np.float32)


def make_template(path: str, kind: str) -> None:
    """Make a collection with an index of a kind, or with saved columns."""
    install()
    if kind == COLUMNS:
        _make_columns(path)
        return
    with semsearch.create(path, module=None, dim=DIM, auto_index=False) as collection:
        collection.add(vectors=vectors_of(0), keys=[f"k{row}" for row in range(ROWS)])
        collection.delete([f"k{row}" for row in range(0, ROWS, ROWS // DEAD)])
        collection.build_index(kind)
        collection.add(vectors=vectors_of(1, 5), keys=[f"later {row}" for row in range(5)])


def _make_columns(path: str) -> None:
    rows = [
        {"id": f"k{n}", "text": f"{TEXTS[n % 4]} {n}", "stars": n % 6, "even": n % 2 == 0,
         "town": f"town {n % 9}", "day": f"2024-05-{1 + n % 28:02}", "tags": [f"t{n % 5}", "all"]}
        for n in range(ROWS)
    ]  # fmt: skip
    with semsearch.create(path, module="hashing", auto_index=False) as collection:
        collection.add(rows, text="text", key="id")


FILTERS = (
    "stars >= 2 and even",
    "town = 'town 3' or stars is null",
    "day < '2024-05-09' and not even",
    "'t2' in tags and stars < 5",
)


def answers(collection: semsearch.Collection, kind: str) -> Answers:
    """Return what searches find, as JSON would hold it, scores to the last bit."""
    if kind == COLUMNS:
        hits = [collection.search("soup", k=10, where=where) for where in FILTERS]
        return [[h.key for h in found] for found in hits], [[h.score for h in f] for f in hits]
    ids, scores = collection.neighbors(vectors_of(2, 6), 10)
    return ids.tolist(), scores.tolist()


def exact_answers(collection: semsearch.Collection, kind: str) -> Answers:
    """Return what `answers` does when every vector is compared."""
    if kind == COLUMNS:
        return answers(collection, kind)
    seen = collection._view.now()
    queries = unit_queries(vectors_of(2, 6), DIM)
    rows, scores = seen.view.search_exactly(queries, 10)
    return seen.snapshot.every[rows].tolist(), scores.tolist()


def derived_files(path: Path) -> list[Path]:
    """Return the derived files of a collection, in one order."""
    return sorted(file for file in (path / "derived").iterdir() if file.is_file())


def is_whole(file: Path) -> bool:
    """Say whether a derived file holds what its name says."""
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == file.stem
