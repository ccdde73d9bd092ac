"""An open collection: its store, its module, and the stored items by key."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from semsearch import corpus
from semsearch.collection.building import Builder
from semsearch.collection.checks import as_ids, as_keys, as_list, is_storable
from semsearch.collection.encoders import pinned_module
from semsearch.collection.indexing import IndexFiles
from semsearch.collection.judging import Judge
from semsearch.collection.keeping import Keeper
from semsearch.collection.pictures import cached_thumbnail
from semsearch.collection.records import Hit
from semsearch.collection.searching import LiveView, keys_of
from semsearch.errors import (
    CollectionDamaged,
    CollectionError,
    CollectionSwitched,
    KeyNotFound,
    SemsearchError,
    shortened,
)
from semsearch.modules import Module
from semsearch.store import Snapshot, Space, Store, StoredItem
from semsearch.store.columns import save_columns
from semsearch.store.spaces import BUILDING
from semsearch.vectors import Vectors

if TYPE_CHECKING:
    from pandas import DataFrame

logger = logging.getLogger(__name__)


class OpenedCollection:
    """What every verb of a `Collection` stands on: reading what is stored, by key."""

    def __init__(self, store: Store, *, auto_index: bool = True) -> None:
        """Join an open store; use `semsearch.open` and `semsearch.create` instead."""
        self._store = store
        self._modules: dict[int, Module] = {}
        self._loading = threading.Lock()
        self._begun: set[int] = set()
        self._judge = Judge(store, self._module_of)
        self._indexes = IndexFiles(store)
        self._view = LiveView(store, self._indexes)
        self._builder = Builder(store, self._view, self._indexes)
        self._keeper = Keeper(self._builder, is_automatic=auto_index)
        self._view.on_change = self._build_next_module
        self._indexes.on_loaded = self._view.refresh
        self._indexes.on_damage = self._keeper.after_damage
        self.path = store.folder.path
        self.name = self.path.name
        self.modality = _modality_of(store)

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
        save_columns(self._store)
        self._judge.save()
        self._keeper.close()
        self._view.close()
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
        return self._module_of(self._store.space)

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
        """The fields that filters can use, and their types: number, text, boolean, date or list."""
        return self._store.fields()

    @property
    def version(self) -> int:
        """A number that grows with every committed change, by this process or another."""
        return self._store.version

    # -- what stands in it

    def get(self, keys: Sequence[str]) -> list[Hit]:
        """Return stored items by key, with score None.

        Raises:
            KeyNotFound: a key is not stored.
        """
        return [Hit(item.key, None, item.text, item.fields) for item in self._live(keys)]

    def known(self, keys: Sequence[Any]) -> set[str]:
        """Return those of `keys` under which an item is stored."""
        texts = [key for key in as_list(keys, "keys") if isinstance(key, str)]
        return set(self._store.live_items([text for text in texts if is_storable(text)]))

    def image(self, key: str) -> bytes:
        """Return the original bytes of an item's image."""
        return self._store.blob(self._blob_of(key))

    def thumbnail(self, key: str, size: int = 256) -> bytes:
        """Return a small webp of an item's image, made once and kept under derived/."""
        return cached_thumbnail(self._store, self._blob_of(key), size)

    def vectors(
        self, keys: Sequence[str] | None = None, *, space: Space | None = None
    ) -> tuple[list[str], Vectors]:
        """Return keys and their unit vectors (n, dim): those of `keys`, or all.

        Raises:
            KeyNotFound: a key is not stored.
            CollectionSwitched: the vectors are not those of `space`, where one is given.
        """
        items = None if keys is None else self._live(keys)  # before the snapshot, which has them
        snapshot = self._store.snapshot()
        if space is not None and space.id != snapshot.space.id:
            raise CollectionSwitched(
                f"the vectors of the collection {self.name!r} are those of"
                f" {snapshot.space.handle!r} now, not of {space.handle!r}",
                "make anew what was made of the former ones",
            )
        if items is None:
            there = self._keys_in(snapshot)
            return list(there.values()), snapshot.take(np.array(list(there), dtype=np.int64))
        return [item.key for item in items], self._vectors_of(items, snapshot)

    def keys(self, ids: Any = None) -> list[str | None]:
        """Return the user's keys of the ids that `neighbors` gave, None for -1; or all keys."""
        if ids is None:
            return list(self._keys_in(self._store.snapshot()).values())
        return keys_of(self._store, as_ids(ids))

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

    def encode(self, contents: Sequence[Any], *, space: Space | None = None) -> Vectors:
        """Return unit vectors (n, dim) of contents by the module of `space`, or the current one."""
        module = self._module_of(space or self._store.space)
        return module.encode(as_list(contents, "contents"))

    # -- inside

    def _keys_in(self, snapshot: Snapshot) -> dict[int, str]:
        """Return the keys of a snapshot by ascending id, but of what was compacted away since."""
        ids = snapshot.ids.tolist()
        found = self._store.keys(ids)
        return {id_: found[id_] for id_ in ids if id_ in found}

    def _module_of(self, space: Space) -> Module:
        """Return the module of one vector space: what it encodes is compared with that space only.

        The collection may change to another space at any moment.
        """
        if space.handle is None:
            raise CollectionError(
                f"the collection {self.name!r} holds your own vectors and has no module",
                "search it by vector with neighbors(), or by key with similar()",
            )
        found = self._modules.get(space.id)
        if found is not None:  # nobody waits for a module that another thread is loading
            return found
        with self._loading:
            if space.id not in self._modules:
                self._modules[space.id] = pinned_module(space, self.name)
            return self._modules[space.id]

    def _build_next_module(self) -> None:
        """Have the module ready that another process re-encodes with: no search waits for it."""
        space = self._store.spaces().get(BUILDING)
        if space is None or space.id in self._modules or space.id in self._begun:
            return
        self._begun.add(space.id)

        def build() -> None:
            try:
                self._module_of(space).build()
            except SemsearchError as error:
                logger.warning("the module to come cannot be used here: %s", error)

        threading.Thread(target=build, name="semsearch-next-module", daemon=True).start()

    def _vectors_of(self, items: Sequence[StoredItem], snapshot: Snapshot) -> Vectors:
        """Return the vectors (n, dim) of items that were live before the snapshot was taken."""
        ids = np.array([item.id for item in items], dtype=np.int64)
        gone = snapshot.rows_of(ids) < 0
        if gone.any():
            key = items[int(gone.argmax())].key
            raise KeyNotFound(
                f"the item {shortened(key)} of the collection {self.name!r} was deleted or changed"
                " meanwhile",
                "ask again",
            )
        return snapshot.take(ids)

    def _live(self, keys: Sequence[str]) -> list[StoredItem]:
        keys = as_keys(keys)
        items = self._store.live_items([key for key in keys if is_storable(key)])
        for key in keys:
            if key not in items:
                raise KeyNotFound(
                    f"no item of the collection {self.name!r} has the key {shortened(key)}",
                    "search shows the keys that there are",
                )
        return [items[key] for key in keys]

    def _blob_of(self, key: str) -> str:
        [item] = self._live([key])
        if item.blob is None:
            raise CollectionError(f"the item {key!r} has no image", "ask for its text instead")
        return item.blob


def _modality_of(store: Store) -> str:
    try:
        return str(store.meta["modality"])
    except KeyError as error:
        raise CollectionDamaged(
            f"the database of {str(store.folder.path)!r} does not say what it holds",
            "restore it from a backup",
        ) from error
