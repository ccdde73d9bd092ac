"""Exact search gives what a sort of all scores would give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semsearch.index import NONE, Block, search_exact


def unit_rows(n: int, dim: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def by_sorting(queries: np.ndarray, blocks: list[Block], k: int) -> list[list[int]]:
    expected = []
    for query in queries:
        found = []
        for block in blocks:
            rows = range(len(block.vectors)) if block.rows is None else block.rows
            found += [(-float(query @ block.vectors[r]), int(r) + block.first_id) for r in rows]
        ids = [id_ for _, id_ in sorted(found)[:k]]
        expected.append(ids + [NONE] * (k - len(ids)))
    return expected


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 150), max_size=4),
    share=st.floats(0, 1),
    k=st.integers(1, 30),
    seed=st.integers(0, 10_000),
)
def test_the_nearest_are_those_a_full_sort_finds(
    sizes: list[int], share: float, k: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    blocks, first = [], 1
    for size in sizes:
        keep = np.flatnonzero(random.random(size) < share)
        rows = None if random.random() < 0.3 else keep
        blocks.append(Block(first, unit_rows(size, 8, seed + first), rows))
        first += size + int(random.integers(0, 5))
    queries = unit_rows(3, 8, seed + 1)
    ids, scores = search_exact(queries, blocks, k)
    assert ids.tolist() == by_sorting(queries, blocks, k)
    assert ids.dtype == np.int64
    assert scores.dtype == np.float32


def test_equal_scores_come_in_the_order_of_ids() -> None:
    same = np.tile(unit_rows(1, 8, 0), (20, 1))
    ids, scores = search_exact(same[:1], [Block(11, same[:10]), Block(1, same[10:])], 20)
    assert ids[0].tolist() == list(range(1, 21))
    assert scores[0] == pytest.approx(np.ones(20))


def test_nothing_stored_finds_nothing() -> None:
    ids, scores = search_exact(unit_rows(2, 8, 0), [], 3)
    assert ids.tolist() == [[NONE] * 3] * 2
    assert scores.tolist() == [[0.0] * 3] * 2


def test_scores_never_leave_the_range_of_a_cosine() -> None:
    rows = unit_rows(500, 64, 3)
    _, scores = search_exact(rows, [Block(1, rows)], 1)
    assert scores.max() <= 1
