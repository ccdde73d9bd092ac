"""The words that tell one cluster from the others, and the short name made of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semsearch.analysis.words import is_english_filler, looks_english, terms

TEXTS_PER_CLUSTER = 2000
"""Evenly spaced texts that are read of a larger cluster: more change no keyword."""

CHARACTERS_PER_TEXT = 10_000
NAMING_TERMS = 3
UNNAMED = "unnamed"

_SMALL_CLUSTER = 5  # below it, a term of a single text may still be its best
_COMMON = 0.1  # a term in a tenth of all texts, and ...
_EVEN = 0.5  # ... at half that rate or more ...
_EVERYWHERE = 0.8  # ... in this share of the clusters, is grammar in any language
_LARGE_ENOUGH = 10  # texts from which a rate within a cluster is worth comparing


def keywords(
    texts: Sequence[str], labels: npt.ArrayLike, n_terms: int = 8
) -> list[tuple[str, ...]]:
    """Return for each cluster 0..max(labels) up to `n_terms` terms, the most telling first.

    Class-weighted term frequency, the c-TF-IDF of BERTopic (Grootendorst 2022): how often a term
    stands in a cluster, times log(1 + mean number of terms in a cluster / how often it stands
    anywhere). Left out: terms spread evenly over the clusters; English grammar words if the
    texts look English; terms of a single text in a cluster of five or more, unless there are no
    others; the rarer of "phone" and "phones". Of a large cluster 2,000 texts and of a text
    10,000 characters are read. Texts with label -1 count in no cluster.

    Raises:
        ValueError: not one label for each text, or `n_terms` below 1.
    """
    numbers = np.asarray(labels, dtype=np.int64)
    if numbers.shape != (len(texts),):
        raise ValueError(
            f"each text needs one label: got {len(texts)} texts and labels of shape {numbers.shape}"
        )
    if n_terms < 1:
        raise ValueError(f"n_terms must be 1 or more, got {n_terms}")
    clusters = [_count(texts, numbers, cluster) for cluster in range(numbers.max(initial=-1) + 1)]
    total = _sum(cluster.count for cluster in clusters)
    filler = _evenly_spread(clusters) | _english_fillers(total)
    mean = total.total() / max(1, len(clusters))
    weight = {term: math.log1p(mean / n) for term, n in total.items() if term not in filler}
    return [_best(cluster, weight, n_terms) for cluster in clusters]


def cluster_name(terms: Sequence[str]) -> str:
    """Return the first three terms joined by commas, or "unnamed" if there are none."""
    return ", ".join(terms[:NAMING_TERMS]) or UNNAMED


@dataclass(frozen=True)
class _Cluster:
    size: int  # texts read
    count: Counter[str]  # how often each term occurs
    spread: Counter[str]  # in how many texts each term occurs


def _count(texts: Sequence[str], labels: npt.NDArray[np.int64], cluster: int) -> _Cluster:
    rows = np.flatnonzero(labels == cluster)
    if len(rows) > TEXTS_PER_CLUSTER:
        rows = rows[np.linspace(0, len(rows) - 1, TEXTS_PER_CLUSTER).astype(np.int64)]
    count: Counter[str] = Counter()
    spread: Counter[str] = Counter()
    for row in rows.tolist():
        found = terms(texts[row][:CHARACTERS_PER_TEXT])
        count.update(found)
        spread.update(set(found))
    return _Cluster(len(rows), count, spread)


def _sum(counts: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return total


def _english_fillers(total: Counter[str]) -> set[str]:
    if not looks_english(total.elements()):
        return set()
    return {term for term in total if is_english_filler(term)}


def _evenly_spread(clusters: Sequence[_Cluster]) -> set[str]:
    """Find the grammar words of any language: in many texts, and as often in each cluster."""
    judges = [cluster for cluster in clusters if cluster.size >= _LARGE_ENOUGH]
    if len(judges) < 2:  # noqa: PLR2004 - one cluster has nothing to be even with
        return set()
    n = sum(cluster.size for cluster in judges)
    rates = {
        term: seen / n
        for term, seen in _sum(cluster.spread for cluster in judges).items()
        if seen >= _COMMON * n
    }
    return {
        term
        for term, rate in rates.items()
        if sum(cluster.spread[term] >= _EVEN * rate * cluster.size for cluster in judges)
        >= _EVERYWHERE * len(judges)
    }


def _best(cluster: _Cluster, weight: dict[str, float], n_terms: int) -> tuple[str, ...]:
    known = [term for term in cluster.count if term in weight]
    shared = [term for term in known if cluster.spread[term] > 1]
    candidates = shared if shared and cluster.size >= _SMALL_CLUSTER else known
    ranked = sorted(candidates, key=lambda term: (-cluster.count[term] * weight[term], term))
    chosen: list[str] = []
    for term in ranked:
        if len(chosen) == n_terms:
            break
        if not any(_is_plural(term, other) or _is_plural(other, term) for other in chosen):
            chosen.append(term)
    return tuple(chosen)


def _is_plural(term: str, singular: str) -> bool:
    if len(singular) < 3:  # noqa: PLR2004 - "us" is no plural of "u"
        return False
    return term in {singular + "s", singular + "es", singular.removesuffix("y") + "ies"}
