"""Clusterings: stored groups of the items, with names and representatives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from semsearch import analysis
from semsearch.store import Space, Store, StoredItem
from semsearch.vectors import Vectors

KIND = "clustering"
N_REPRESENTATIVES = 5


class HasVectors(Protocol):
    """Anything that hands out vectors by key, such as a `Collection`."""

    def vectors(
        self, keys: Sequence[str] | None = None, *, space: Space | None = None
    ) -> tuple[list[str], Vectors]:
        """Return keys and their unit vectors (n, dim), those of `space` or none."""


@dataclass(frozen=True)
class Cluster:
    """One group: its id (0 is the largest), a name, and the keys nearest to its centre."""

    id: int
    name: str
    keywords: tuple[str, ...]
    size: int
    representatives: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the cluster as JSON-ready values."""
        return {
            "id": self.id,
            "name": self.name,
            "keywords": list(self.keywords),
            "size": self.size,
            "representatives": list(self.representatives),
        }


@dataclass(frozen=True)
class Clustering:
    """Which item belongs to which cluster: `labels` (n,) is aligned with `keys`, -1 an outlier."""

    name: str
    keys: list[str] = field(repr=False)
    labels: npt.NDArray[np.int64]
    clusters: tuple[Cluster, ...]
    method: str
    seed: int
    centroids: Vectors = field(repr=False)
    _home: HasVectors = field(repr=False)
    _space: Space = field(repr=False)

    @property
    def n_clusters(self) -> int:
        """How many clusters there are."""
        return len(self.clusters)

    def assign(self, items: HasVectors | Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the cluster of every item of another collection, or of these keys of our own.

        The rule is that of the clustering itself: the nearest centroid.
        """
        if isinstance(items, Sequence):
            _, vectors = self._home.vectors(list(items), space=self._space)
        else:
            _, vectors = items.vectors()
        return analysis.assign(vectors, self.centroids)

    def as_dict(self) -> dict[str, Any]:
        """Return the clustering as JSON-ready values."""
        return {
            "clusters": [cluster.as_dict() for cluster in self.clusters],
            "labels": dict(zip(self.keys, self.labels.tolist(), strict=True)),
        }


def compute_clustering(
    home: HasVectors,
    store: Store,
    *,
    name: str,
    n_clusters: int | None,
    method: str,
    seed: int,
) -> Clustering:
    """Group all live items, name the groups, store the result under `name`."""
    snapshot = store.snapshot()
    ids = snapshot.ids
    vectors = snapshot.take(ids)
    grouping = analysis.group(vectors, n_clusters, method, seed)
    items = store.items(ids.tolist())
    texts = [words_of(items[id_]) for id_ in ids.tolist()]
    words = analysis.keywords(texts, grouping.labels)
    nearest = analysis.representatives(vectors, grouping, N_REPRESENTATIVES)
    detail = {
        "method": method,
        "seed": seed,
        "clusters": [
            {
                "name": analysis.cluster_name(terms),
                "keywords": list(terms),
                "representatives": ids[rows].tolist(),
            }
            for terms, rows in zip(words, nearest, strict=True)
        ],
    }
    arrays: dict[str, npt.NDArray[Any]] = {
        "ids": ids,
        "labels": grouping.labels,
        "centroids": grouping.centroids,
    }
    with store.writing() as writer:
        writer.save_result(KIND, name, arrays, detail, snapshot.space.id)
    return load_clustering(home, store, name)


def words_of(item: StoredItem) -> str:
    """Return what a cluster is named from: the item's text, its text fields, or its key."""
    fields = (value for value in item.fields.values() if isinstance(value, str))
    return item.text or " ".join(fields) or re.sub(r"[\W_]+", " ", item.key)


def load_clustering(home: HasVectors, store: Store, name: str) -> Clustering:
    """Return a stored clustering of the items as they stand now.

    Deleted items are left out; those stored or changed since are assigned by the clustering's rule.
    """
    snapshot = store.snapshot()
    arrays, detail = store.load_result(KIND, name, snapshot.space)
    ids = snapshot.ids
    is_new = ~np.isin(ids, arrays["ids"])
    labels = np.empty(len(ids), np.int64)
    labels[~is_new] = arrays["labels"][np.isin(arrays["ids"], ids)]
    labels[is_new] = analysis.assign(snapshot.take(ids[is_new]), arrays["centroids"])
    keys = store.keys(ids.tolist())
    clusters = tuple(
        Cluster(
            id=number,
            name=cluster["name"],
            keywords=tuple(cluster["keywords"]),
            size=int((labels == number).sum()),
            representatives=tuple(keys[id_] for id_ in cluster["representatives"] if id_ in keys),
        )
        for number, cluster in enumerate(detail["clusters"])
    )
    return Clustering(
        name,
        [keys[id_] for id_ in ids.tolist()],
        labels,
        clusters,
        detail["method"],
        detail["seed"],
        arrays["centroids"],
        home,
        snapshot.space,
    )
