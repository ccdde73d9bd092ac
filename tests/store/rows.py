"""Items and vectors for the tests of the store, and what stands in one."""

from __future__ import annotations

from typing import Any

import numpy as np

from semsearch.store import Batch, NewItem, Store

DIM = 4


def item(key: str, text: str = "", **fields: Any) -> NewItem:
    return NewItem(key, text or f"text of {key}", fields, content=f"digest of {text or key}")


def vectors(n: int, seed: int = 0, dim: int = DIM) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def put(store: Store, *keys: str, seed: int = 0) -> np.ndarray:
    rows = vectors(len(keys), seed, store.space.dim)
    with store.writing() as writer:
        writer.commit(Batch([item(key) for key in keys], rows))
    return rows


def keys(store: Store) -> list[str]:
    ids = store.snapshot().ids.tolist()
    items = store.items(ids)
    return [items[id_].key for id_ in ids]


def stored_vectors(store: Store) -> np.ndarray:
    return store.snapshot().take(store.snapshot().ids)
