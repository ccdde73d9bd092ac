"""What the stages of an answer need of a collection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from semsearch.collection.searching import LiveView
from semsearch.modules import Module
from semsearch.store import Space, Store, StoredItem


@dataclass(frozen=True)
class Parts:
    """The store, what searches see of it, its modules and its live items by key."""

    name: str
    modality: str
    store: Store
    view: LiveView
    module_of: Callable[[Space], Module]
    items_of: Callable[[Sequence[str]], list[StoredItem]]
