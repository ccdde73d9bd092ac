"""What hangs together by pairs, told in any order."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from semsearch.analysis import Components


def test_pairs_make_groups() -> None:
    components = Components[str]()
    for one, other in (("a", "b"), ("c", "d"), ("e", "f"), ("d", "e"), ("a", "b")):
        components.join(one, other)
    assert components.groups() == [["a", "b"], ["c", "d", "e", "f"]]
    assert len(components) == 2
    assert components.root("c") == components.root("f") != components.root("a")


def test_a_long_chain_is_one_group() -> None:
    components = Components[int]()
    for number in range(20_000, 0, -1):
        components.join(number, number - 1)
    assert len(components) == 1
    assert len(components.groups()[0]) == 20_001


def test_random_pairs_make_the_groups_that_scipy_finds() -> None:
    chance = np.random.default_rng(0)
    pairs = chance.integers(0, 300, (200, 2))
    components = Components[int]()
    for one, other in pairs.tolist():
        components.join(one, other)
    graph = coo_array((np.ones(len(pairs)), pairs.T), shape=(300, 300))
    _, labels = connected_components(graph, directed=False)
    expected = {frozenset(np.flatnonzero(labels == labels[each]).tolist()) for each in pairs.flat}
    assert {frozenset(group) for group in components.groups()} == expected
    assert len(components) == len(expected)
