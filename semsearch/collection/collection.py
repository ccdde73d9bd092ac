"""Collection: the one object a user holds; it joins the stored rows, the module and the search."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from semsearch import analysis, corpus
from semsearch.collection import classifier as classifiers
from semsearch.collection import clustering as clusterings
from semsearch.collection.checks import as_list, check_k
from semsearch.collection.classifier import Classifier
from semsearch.collection.clustering import Clustering
from semsearch.collection.encoders import VECTORS, OwnVectors, pinned_module, vector_entries
from semsearch.collection.ingest import Ingest, Progress, Unkeyed
from semsearch.collection.pictures import cached_thumbnail
from semsearch.collection.records import AddReport, Hit, Layout
from semsearch.collection.searching import allowed_ids, hits_of, keys_of, nearest
from semsearch.errors import CollectionError, KeyNotFound
from semsearch.modules import Module
from semsearch.store import Store, StoredItem
from semsearch.store.segments import Ids
from semsearch.vectors import Vectors, as_vectors, unit

if TYPE_CHECKING:
    from pandas import DataFrame


class Collection:
    """A stored set of items with one vector each; searched, clustered and classified.

    Any thread may read. What another process commits is seen by the next call. The writer's lock
    is held only while something is written.
    """

    def __init__(self, store: Store) -> None:
        """Join an open store; use `semsearch.open` and `semsearch.create` instead."""
        self._store = store
        self._module: Module | None = None
        self._loading = threading.Lock()
        self.path = store.folder.path
        self.name = self.path.name
        self.modality = store.meta["modality"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._store.snapshot())

    def __repr__(self) -> str:
        return f"<Collection {self.name!r}: {len(self):,} {self.modality}>"

    def close(self) -> None:
        """Close the collection's files; it cannot be used afterwards."""
        self._store.close()

    def remove_if_empty(self) -> None:
        """Remove the collection from the disk, unless it holds an item or is being written."""
        self._store.remove_if_empty()

    @property
    def module(self) -> Module:
        """The module whose vectors the collection holds, loaded when it is first asked for.

        Raises:
            CollectionError: the collection holds the user's own vectors.
            ModuleError: the module found is not the one that made the vectors.
        """
        space = self._store.space
        if space.handle is None:
            raise CollectionError(
                f"the collection {self.name!r} holds your own vectors and has no module",
                "search it by vector with neighbors(), or by key with similar()",
            )
        with self._loading:
            if self._module is None:
                self._module = pinned_module(space, self.name)
        return self._module

    @property
    def handle(self) -> str | None:
        """The handle of the module, None for the user's own vectors."""
        return self._store.space.handle

    @property
    def dim(self) -> int:
        """The width of the vectors."""
        return self._store.space.dim

    @property
    def fields(self) -> dict[str, str]:
        """The fields that filters can use, and their types: number, text or boolean."""
        return self._store.fields()

    @property
    def version(self) -> int:
        """A number that grows with every committed change, by this process or another."""
        return self._store.version

    # -- what stands in it

    def add(  # noqa: PLR0913 - the names are the contract of interface.md
        self,
        source: Any = None,
        *,
        text: str | Sequence[str] | None = None,
        image: str | None = None,
        key: str | None = None,
        vectors: Any = None,
        keys: Sequence[str] | None = None,
        on_error: str = "skip",
        progress: Progress | None = None,
    ) -> AddReport:
        """Store the items of a source; the same row again is not encoded again.

        `source` is a path (csv, tsv, json, jsonl, parquet, a folder or zip of images), a
        DataFrame, an iterable of dicts or a list of str; or `vectors` (n, dim) come with `keys`.
        `text` and `image` name the column that is encoded, `key` the column of the user's key;
        every other column becomes a field. A known key with other content is updated.
        With on_error="stop" the first bad row raises and its batch is not stored.
        `progress(done, total)` is told the number of rows; total is None when it is not known.

        Raises:
            SourceError: the source cannot be read, or a row is bad and on_error is "stop".
            CollectionLocked: another process is writing.

        Example:
            >>> report = collection.add("reviews.csv", text="review", key="id")
            >>> report.added, len(report.skipped)
        """
        if (vectors is None) != (keys is None):
            raise ValueError("vectors= and keys= go together; name a column of keys with key=")
        if vectors is not None and source is not None:
            raise ValueError("add() takes a source, or vectors= with keys=, not both")
        if vectors is not None:
            entries = vector_entries(vectors, keys, self._store.space, self.name)
            own = Ingest(self._store, OwnVectors(), VECTORS, on_error=on_error, progress=progress)
            return own.run(entries, len(entries))
        if source is None:
            raise ValueError("add() needs a source, or vectors= with keys=")
        module = self.module
        found = (
            source
            if isinstance(source, corpus.Corpus)
            else corpus.read_corpus(source, text=text, image=image, key=key)
        )
        if found.modality != self.modality:
            raise CollectionError(
                f"the source {found.name!r} holds {found.modality}s,"
                f" and the collection {self.name!r} {self.modality}s",
                "index it into a collection of its own",
            )
        rate = module.card.items_per_second
        ingest = Ingest(
            self._store, module, self.modality, on_error=on_error, progress=progress, rate=rate
        )
        unkeyed = Unkeyed(found.name, found.path) if found.key_column is None else None
        return ingest.run(found.entries, found.size, unkeyed=unkeyed)

    def delete(self, keys: Sequence[str] | None = None, *, where: str | None = None) -> int:
        """Delete items by key or by filter, and return how many.

        Raises:
            KeyNotFound: one of `keys` is not stored; nothing was deleted.
            QueryError: the filter cannot be understood.
        """
        if (keys is None) == (where is None):
            raise ValueError("delete() needs either keys or where")
        with self._store.writing() as writer:
            passing = allowed_ids(self._store, where)
            live = [item.id for item in self._live(keys)] if keys is not None else []
            ids = sorted({*live} if passing is None else passing.tolist())
            if ids:
                writer.delete(ids)
        return len(ids)

    def get(self, keys: Sequence[str]) -> list[Hit]:
        """Return stored items by key, with score None.

        Raises:
            KeyNotFound: a key is not stored.
        """
        return [Hit(item.key, None, item.text, item.fields) for item in self._live(keys)]

    def known(self, keys: Sequence[Any]) -> set[str]:
        """Return those of `keys` under which an item is stored."""
        texts = [key for key in as_list(keys, "keys") if isinstance(key, str)]
        return set(self._store.live_items(texts))

    def image(self, key: str) -> bytes:
        """Return the original bytes of an item's image."""
        return self._store.blob(self._blob_of(key))

    def thumbnail(self, key: str, size: int = 256) -> bytes:
        """Return a small webp of an item's image, made once and kept under derived/."""
        return cached_thumbnail(self._store, self._blob_of(key), size)

    def vectors(self, keys: Sequence[str] | None = None) -> tuple[list[str], Vectors]:
        """Return keys and their unit vectors (n, dim): those of `keys`, or all."""
        if keys is None:
            snapshot = self._store.snapshot()
            names = [key or "" for key in keys_of(self._store, snapshot.ids.tolist())]
            return names, snapshot.take(snapshot.ids)
        items = self._live(keys)  # before the snapshot, which then holds them all
        ids = np.array([item.id for item in items], dtype=np.int64)
        return [item.key for item in items], self._store.snapshot().take(ids)

    def keys(self, ids: Any = None) -> list[str | None]:
        """Return the user's keys of the ids that `neighbors` gave, None for -1; or all keys."""
        wanted = self._store.snapshot().ids if ids is None else np.asarray(ids).ravel()
        return keys_of(self._store, wanted.tolist())

    def to_pandas(self) -> DataFrame:
        """Return a DataFrame with the columns key, text and one a field."""
        ids = self._store.snapshot().ids.tolist()
        items = list(self._store.items(ids).values())
        columns: dict[str, list[Any]] = {
            "key": [item.key for item in items],
            "text": [item.text for item in items],
        }
        for name in self.fields:
            columns.setdefault(name, [item.fields.get(name) for item in items])
        return corpus.as_dataframe(columns)

    def info(self) -> dict[str, Any]:
        """Return what there is to know about the collection, JSON-ready."""
        return {
            "name": self.name,
            "path": str(self.path),
            "rows": len(self),
            "modality": self.modality,
            "fields": self.fields,
            "dim": self.dim,
            "handle": self.handle,
            "module": self._store.space.card,
            "index": "exact",
            "recall": 1.0,
            "bytes": self._store.bytes_on_disk(),
            "clusterings": self.clusterings(),
            "classifiers": self.classifiers(),
        }

    # -- search

    def search(
        self,
        text: str | None = None,
        *,
        image: Any = None,
        k: int = 10,
        where: str | None = None,
        mode: str = "semantic",
    ) -> list[Hit]:
        """Return the k items nearest in meaning to a text or an image, best first.

        `image` is a path, the bytes of an image file or a PIL image. `where` is a filter such as
        "stars <= 2 and source = 'yelp'".

        Raises:
            ContentError: the module refuses the text or image.
            QueryError: the filter cannot be understood.
        """
        if (text is None) == (image is None):
            raise ValueError("search() needs either a text or an image")
        if mode != "semantic":
            raise ValueError(f"the mode {mode!r} does not exist; the mode is 'semantic'")
        if text is not None and not text.strip():
            raise ValueError("the query is empty; write what to look for")
        wanted = "text" if image is None else "image"
        return self._search([text if image is None else image], wanted, k, where)[0]

    def search_many(
        self, texts: Sequence[str], *, k: int = 10, where: str | None = None
    ) -> list[list[Hit]]:
        """Return one list of hits a text; see `search`."""
        return self._search(as_list(texts, "texts"), "text", k, where)

    def similar(self, key: str, k: int = 10, where: str | None = None) -> list[Hit]:
        """Return the k items nearest to a stored one, itself left out.

        Raises:
            KeyNotFound: no stored item has this key.
        """
        check_k(k)
        [item] = self._live([key])
        own = np.array([item.id], dtype=np.int64)
        allowed = allowed_ids(self._store, where)
        vector = self._store.snapshot().take(own)
        ids, scores = nearest(self._store, vector, k, allowed, leave_out=own)
        return hits_of(self._store, ids, scores)[0]

    def neighbors(self, vectors: Any, k: int = 10, where: str | None = None) -> tuple[Ids, Vectors]:
        """Return the ids (n, k) int64 and cosines (n, k) float32 nearest to `vectors` (n, dim).

        The vectors need not have unit length. Where fewer than k items exist, the id is -1 and
        the score 0; `keys` turns ids into keys.
        """
        check_k(k)
        allowed = allowed_ids(self._store, where)
        return nearest(self._store, unit(as_vectors(vectors, self.dim)), k, allowed)

    # -- clusters, map, classes

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
            name=name,
            n_clusters=n_clusters,
            method=method,
            seed=seed,
        )

    def clustering(self, name: str = "default") -> Clustering:
        """Return the stored clustering of this name; raises `ResultNotFound`."""
        return clusterings.load_clustering(self, self._store, name)

    def clusterings(self) -> list[str]:
        """Return the names of the stored clusterings."""
        return self._store.result_names(clusterings.KIND)

    def map(self, method: str = "auto", seed: int = 0) -> Layout:
        """Return a 2-D map of all items."""
        keys, vectors = self.vectors()
        return Layout(keys, analysis.layout(vectors, method, seed))

    def train(self, name: str, examples: Any, *, keys: bool = False, seed: int = 0) -> Classifier:
        """Train a classifier from examples, cross-validate it and store it under `name`.

        `examples` is a dict of label -> texts (for pictures: paths), or of label -> keys of
        stored items with keys=True; or a DataFrame with the columns text or key, and label.
        """
        return classifiers.train_classifier(self, self._store, name, examples, keys=keys, seed=seed)

    def classifier(self, name: str) -> Classifier:
        """Return the stored classifier of this name; raises `ResultNotFound`."""
        return classifiers.load_classifier(self, self._store, name)

    def classifiers(self) -> list[str]:
        """Return the names of the stored classifiers."""
        return self._store.result_names(classifiers.KIND)

    def encode(self, contents: Sequence[Any]) -> Vectors:
        """Return unit vectors (n, dim) of contents, by the collection's module."""
        return self.module.encode(as_list(contents, "contents"))

    # -- inside

    def _search(
        self, contents: list[Any], wanted: str, k: int, where: str | None
    ) -> list[list[Hit]]:
        check_k(k)
        if self._store.space.handle is not None and self.modality != wanted:
            raise CollectionError(
                f"the module of the collection {self.name!r} reads {self.modality}s, not {wanted}s",
                f"search it by {self.modality}, or by key with similar()",
            )
        allowed = allowed_ids(self._store, where)
        if allowed is not None and not len(allowed):
            return [[] for _ in contents]
        prepared = [self.module.prepare(content) for content in contents]
        ids, scores = nearest(self._store, self.module.encode_prepared(prepared), k, allowed)
        return hits_of(self._store, ids, scores)

    def _live(self, keys: Sequence[str]) -> list[StoredItem]:
        keys = as_list(keys, "keys")
        items = self._store.live_items(keys)
        for key in keys:
            if key not in items:
                raise KeyNotFound(
                    f"no item of the collection {self.name!r} has the key {key!r}",
                    "search shows the keys that there are",
                )
        return [items[key] for key in keys]

    def _blob_of(self, key: str) -> str:
        [item] = self._live([key])
        if item.blob is None:
            raise CollectionError(f"the item {key!r} has no image", "ask for its text instead")
        return item.blob
