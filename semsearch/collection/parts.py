"""What the stages of an answer need of a collection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from semsearch.collection.judging import Judge
from semsearch.collection.searching import LiveView
from semsearch.modules import Module
from semsearch.store import Snapshot, Space, Store, StoredItem
from semsearch.vectors import Vectors


@dataclass(frozen=True)
class Parts:
    """The store, what searches see of it, its modules, its live items by key and their vectors."""

    name: str
    modality: str
    store: Store
    view: LiveView
    module_of: Callable[[Space], Module]
    items_of: Callable[[Sequence[str]], list[StoredItem]]
    vectors_of: Callable[[Sequence[StoredItem], Snapshot], Vectors]
    judge: Judge
