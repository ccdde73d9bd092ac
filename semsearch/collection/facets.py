"""Facet counts of a collection: which fields are counted, and among which items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semsearch.collection.checks import as_list
from semsearch.collection.searching import Mask, allowing
from semsearch.errors import QueryError, shortened
from semsearch.search.facets import Facet, count_facets, is_telling
from semsearch.search.reading import names_there
from semsearch.store import Snapshot, Store


def count_live(store: Store, fields: Sequence[str] | None, where: str | None) -> dict[str, Facet]:
    """Return the counts of fields among the live items that pass a filter; see `Collection.facets`.

    Raises:
        QueryError: a field does not exist, or the filter cannot be understood.
    """
    chosen = chosen_fields(store, fields)
    allowed = allowing(store, where)
    snapshot = store.snapshot()
    found = facets_of(store, snapshot, allowed(snapshot), chosen)
    if fields is not None:
        return found
    return {name: facet for name, facet in found.items() if is_telling(facet, len(snapshot))}


def chosen_fields(store: Store, fields: Sequence[str] | None) -> dict[str, str]:
    """Return the types of the fields to count, all of them for None."""
    types = store.columns.types()
    if fields is None:
        return types
    for name in as_list(fields, "facets"):
        if name not in types:
            raise QueryError(
                f"facets of the unknown field {shortened(name)}",
                names_there(str(name), list(types)) if types else "there are no fields",
            )
    return {name: types[name] for name in fields}


def facets_of(
    store: Store, snapshot: Snapshot, mask: Mask | None, fields: dict[str, str]
) -> dict[str, Facet]:
    """Return the counts of fields, given with their types, among the live items of a mask (N,)."""
    live = snapshot.live
    if mask is None:
        mask = np.ones(len(snapshot.every), np.bool_) if live is None else live
    elif live is not None:
        mask = mask & live
    return count_facets(store.columns.at(snapshot), mask, fields)
