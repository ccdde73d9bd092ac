"""How far chance could have moved a mean over queries, and the difference between two of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from semsearch.search.measures import Values

DRAWS = 10_000

LEVEL = 0.95

AT_ONCE = 2_000_000
"""Random numbers in memory at a time."""

EXACT = 13
"""The most differences whose signs are all tried: 2 ** 13 ways are fewer than the draws."""

ROUNDING = 1e-12
"""What is closer than this is the same mean."""


def interval(values: Values, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % interval of the mean of (n,) values, by drawing queries again and again.

    It is the percentile bootstrap: the same seed, the same interval. One query tells nothing of
    others, so its interval is the query itself.
    """
    chance = np.random.default_rng(seed)
    n = len(values)
    means = [
        values[chance.integers(0, n, (draws, n))].mean(axis=1) for draws in _portions(DRAWS, n)
    ]
    low, high = np.quantile(np.concatenate(means), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def p_value(first: Values, second: Values, seed: int = 0) -> float:
    """Return how often chance alone makes two means over the same queries differ as much.

    Two-sided paired randomisation: were both runs alike, each difference could as well have the
    other sign. All signs are tried where there are few, 10,000 ways otherwise.
    """
    differences = (second - first)[second != first]
    n = len(differences)
    if not n:
        return 1.0
    observed = abs(differences.mean()) - ROUNDING
    if n <= EXACT:
        ways = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
        return float((np.abs((1.0 - 2.0 * ways) @ differences / n) >= observed).mean())
    chance = np.random.default_rng(seed)
    extreme = sum(
        int((np.abs(chance.choice((-1.0, 1.0), (draws, n)) @ differences / n) >= observed).sum())
        for draws in _portions(DRAWS, n)
    )
    return (extreme + 1) / (DRAWS + 1)  # what was observed is one way as well


def _portions(draws: int, n: int) -> Iterator[int]:
    """Yield numbers of draws that sum to `draws`, so few that n numbers of each fit in memory."""
    portion = max(1, AT_ONCE // n)
    for done in range(0, draws, portion):
        yield min(portion, draws - done)
