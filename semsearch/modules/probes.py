"""Word-association probes: which groups of words a text module brings near to which others.

After the Word-Embedding Association Test: A. Caliskan, J. J. Bryson, A. Narayanan, "Semantics
derived automatically from language corpora contain human-like biases", Science 356 (2017), 183-186.
With s(w) = mean cos(w, a) over the attribute words a - mean cos(w, b) over the opposite words b,
the effect size of targets X and Y is

    d = (mean of s over X - mean of s over Y) / standard deviation of s over X and Y together

(between -2 and 2), and p comes from dividing X and Y together anew at random. Unlike there, p is
two-sided, and an interval comes from drawing all words anew with replacement (bootstrap).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semsearch.modules.probe_words import PROBES, SANITY, Probe
from semsearch.vectors import Vectors, unit

DRAWS = 10_000
SIGNIFICANT = 0.01
"""Above this, chance is not ruled out: half a dozen probes are read side by side."""
INTERVAL = (2.5, 97.5)
SMALLEST_SPREAD = 1e-6

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ProbeResult:
    """What one probe found: `effect` (positive where it goes as the name says) and its interval.

    `low` to `high` is a 95 % interval over other words of the same kinds, `p` how often chance
    alone does as much, `n` the number of target words; `reading` says in one sentence what
    follows, which mostly is nothing.
    """

    name: str
    effect: float
    low: float
    high: float
    p: float
    n: int
    reading: str

    @property
    def is_seen(self) -> bool:
        """Whether neither chance nor the choice of the words explains the effect."""
        return self.p < SIGNIFICANT and (self.low > 0 or self.high < 0)


def probe_text(
    encode: Callable[[Sequence[str]], Vectors],
    probes: Sequence[Probe] = PROBES,
    *,
    sanity: Probe = SANITY,
    seed: int = 0,
) -> list[ProbeResult]:
    """Return what each probe finds in the vectors that `encode` gives to single English words.

    The first result is that of `sanity`, an association that hardly any reader would doubt: where
    not even that is seen, nothing is concluded from the others. Equal seeds give equal results.

    Raises:
        ModuleError: the module refuses one of the words.
        ValueError: vectors of zeros, or not one for each word.
    """
    words = sorted({word for probe in (sanity, *probes) for word in probe.words})
    vectors = unit(np.asarray(encode(words), np.float32)).astype(np.float64)
    vector_of = dict(zip(words, vectors, strict=True))
    first = _found(sanity, vector_of, seed)
    can_see = first.is_seen and first.effect > 0
    results = [_with_reading(first, _reading(first, sanity))]
    for probe in probes:
        found = _found(probe, vector_of, seed)
        reading = _reading(found, probe) if can_see else _blind(sanity)
        results.append(_with_reading(found, reading))
    return results


def _found(probe: Probe, vector_of: dict[str, Floats], seed: int) -> ProbeResult:
    random = np.random.default_rng(seed)
    targets = np.stack([vector_of[word] for word in (*probe.first.words, *probe.second.words)])
    to_attribute = targets @ np.stack([vector_of[word] for word in probe.attribute.words]).T
    to_opposite = targets @ np.stack([vector_of[word] for word in probe.opposite.words]).T
    association = to_attribute.mean(axis=1) - to_opposite.mean(axis=1)
    effect = float(_effects(association[:, None])[0])
    low, high = np.percentile(_redrawn(to_attribute, to_opposite, random), INTERVAL)
    p = _chance(association, random)
    return ProbeResult(probe.name, effect, float(low), float(high), p, len(targets), "")


def _effects(associations: Floats) -> Floats:
    """Return the effect size of each column (targets, draws): X is the upper half, Y the lower."""
    half = len(associations) // 2
    gap = associations[:half].mean(axis=0) - associations[half:].mean(axis=0)
    spread = associations.std(axis=0, ddof=1)
    return np.where(spread > SMALLEST_SPREAD, gap / np.maximum(spread, SMALLEST_SPREAD), 0.0)


def _redrawn(to_attribute: Floats, to_opposite: Floats, random: np.random.Generator) -> Floats:
    """Return the effect sizes, shape (draws,), for words of all four kinds drawn again."""
    associations = to_attribute @ _shares(to_attribute.shape[1], random)
    associations -= to_opposite @ _shares(to_opposite.shape[1], random)
    half = len(associations) // 2
    upper = random.integers(0, half, (half, DRAWS))
    lower = random.integers(half, 2 * half, (half, DRAWS))
    drawn = np.take_along_axis(associations, np.concatenate([upper, lower]), axis=0)
    return _effects(drawn)


def _shares(n: int, random: np.random.Generator) -> Floats:
    """Return how often each of `n` words is drawn in `n` draws, as a share, shape (n, draws)."""
    return random.multinomial(n, np.full(n, 1 / n), size=DRAWS).T / n


def _chance(association: Floats, random: np.random.Generator) -> float:
    """Return how often targets divided at random differ as much, the division given included."""
    half = len(association) // 2
    divided = random.permuted(np.tile(association, (DRAWS, 1)), axis=1)
    gaps = np.abs(divided[:, :half].mean(axis=1) - divided[:, half:].mean(axis=1))
    given = abs(association[:half].mean() - association[half:].mean())
    return float((1 + (gaps >= given - SMALLEST_SPREAD).sum()) / (1 + DRAWS))


def _with_reading(found: ProbeResult, reading: str) -> ProbeResult:
    return ProbeResult(found.name, found.effect, found.low, found.high, found.p, found.n, reading)


def _reading(found: ProbeResult, probe: Probe) -> str:
    if found.low == found.high:
        return "Says nothing: to this module the words of the targets are all alike."
    if not found.is_seen:
        return (
            f"Says nothing: with other words of these kinds the effect may be anything from"
            f" {found.low:.1f} to {found.high:.1f}; that none is seen in {found.n} words does not"
            " mean that there is none."
        )
    first, second = probe.first.kind, probe.second.kind
    if found.effect < 0:
        first, second = second, first
    return (
        f"In this module words for {first!r} stand nearer to {probe.attribute.kind!r} and words for"
        f" {second!r} nearer to {probe.opposite.kind!r} than chance explains; seen on {found.n}"
        " single words of our choice, it does not tell how much a search of yours is affected."
    )


def _blind(sanity: Probe) -> str:
    return (
        f"Says nothing: not even that {sanity.first.kind} are more {sanity.attribute.kind} than"
        f" {sanity.second.kind} is seen in this module, so such words cannot probe it."
    )
