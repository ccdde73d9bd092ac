"""The verbs of a collection that make something of all its vectors: clusters, a map, classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from semsearch import analysis
from semsearch.collection import classifier as classifiers
from semsearch.collection import clustering as clusterings
from semsearch.collection.checks import check_label, check_seed, check_whole
from semsearch.collection.classifier import Classifier
from semsearch.collection.clustering import Clustering
from semsearch.collection.contents import sides_of
from semsearch.collection.duplicates import Duplicates, Progress, check_threshold
from semsearch.collection.facets import count_live
from semsearch.collection.opened import OpenedCollection
from semsearch.collection.records import Layout
from semsearch.search import Facet


class Insight(OpenedCollection):
    """Clusters, map and classifiers of a collection."""

    def cluster(
        self,
        n_clusters: int | None = None,
        method: str = "auto",
        seed: int = 0,
        name: str = "default",
    ) -> Clustering:
        """Group all items into clusters with names, and store the result under `name`.

        None lets the number of clusters be chosen by measurement.
        """
        return clusterings.compute_clustering(
            self,
            self._store,
            name=check_label(name, "clustering"),
            n_clusters=self._checked_number(n_clusters),
            method=method,
            seed=check_seed(seed),
        )

    def clustering(self, name: str = "default") -> Clustering:
        """Return the stored clustering of this name; raises `ResultNotFound`."""
        return clusterings.load_clustering(self, self._store, name)

    def clusterings(self) -> list[str]:
        """Return the names of the stored clusterings."""
        return self._store.result_names(clusterings.KIND)

    def facets(
        self, fields: Sequence[str] | None = None, where: str | None = None
    ) -> dict[str, Facet]:
        """Return how often each value of these fields stands in the items that pass a filter.

        None: all fields but those that nearly every item has another value of. See `Facet` for
        the order, and for how numbers and dates of many values are counted by ranges.

        Raises:
            QueryError: a field does not exist, or the filter cannot be understood.

        Example:
            >>> collection.facets(["source", "stars"], where="text contains 'soup'")
            {'source': [('yelp', 12), ('amazon', 3)], 'stars': [(1, 9), (2, 6)]}
        """
        return count_live(self._store, fields, where)

    def duplicates(
        self,
        threshold: float | None = None,
        *,
        other: OpenedCollection | None = None,
        where: str | None = None,
        progress: Progress | None = None,
    ) -> Duplicates:
        """Return pairs of items with the same content, or with a cosine of `threshold` or more.

        With `other`, a second collection of the same module, the pairs have one item of either:
        what of the training data stands in the test data. `where` chooses among the items of this
        collection. Every two items are compared: 20,000 of 512 dimensions take some seconds, ten
        times as many a hundred times as long. `progress(done, total)` counts items. What is
        returned is iterated over for pairs as they are found, or asked for `groups()`.

        Raises:
            QueryError: the filter cannot be understood.
            CollectionError: the two collections hold vectors of different modules.

        Example:
            >>> for pair in train.duplicates(other=test):
            ...     print(pair.key, pair.other, pair.score, pair.is_exact)
            >>> for group in train.duplicates(0.95).groups():
            ...     train.delete([key for key in group.keys if key != group.representative])
        """
        checked = check_threshold(threshold)
        sides = sides_of(self._store, where, None if other is None else other._store)
        return Duplicates(*sides, checked, progress)

    def map(self, method: str = "auto", seed: int = 0) -> Layout:
        """Return a 2-D map of all items."""
        keys, vectors = self.vectors()
        return Layout(keys, analysis.layout(vectors, method, check_seed(seed)))

    def train(self, name: str, examples: Any, *, keys: bool = False, seed: int = 0) -> Classifier:
        """Train a classifier from examples, cross-validate it and store it under `name`.

        `examples` is a dict of label -> texts (for pictures: paths), or of label -> keys of
        stored items with keys=True; or a DataFrame with the columns text or key, and label.
        """
        check_label(name, "classifier")
        check_seed(seed)
        return classifiers.train_classifier(self, self._store, name, examples, keys=keys, seed=seed)

    def classifier(self, name: str) -> Classifier:
        """Return the stored classifier of this name; raises `ResultNotFound`."""
        return classifiers.load_classifier(self, self._store, name)

    def classifiers(self) -> list[str]:
        """Return the names of the stored classifiers."""
        return self._store.result_names(classifiers.KIND)

    def _checked_number(self, n_clusters: int | None) -> int | None:
        n = len(self)
        if n_clusters is None or not n:
            return n_clusters
        return check_whole(n_clusters, f"n_clusters, of {n:,} items,", 1, n)
