"""The API of what stands in a collection: how often each value of a field, and what twice."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, Response, jsonify

from semsearch.collection import Collection
from webui.answers import library, slips_told, spec
from webui.contents_schemas import DuplicatesQuery, FacetsQuery
from webui.errors import Refused
from webui.questions import hits_as_json, still_stored

blueprint = Blueprint("contents", __name__, url_prefix="/api/v1")

MEMBERS_SHOWN = 20
"""So many items of a group of duplicates are sent; `size` tells how many there are."""

MOST_COMPARED = 50_000
"""So many items are compared, each with each, while a page waits: some ten seconds."""


@blueprint.get("/collections/<name>/facets")
@spec.validate(tags=["contents"])
def facets(name: str, query: FacetsQuery) -> Response:
    """Count the values of fields among the items that pass a filter; of all telling ones."""
    found = library().get(name).facets(query.fields or None, query.where)
    return jsonify({"facets": {field: facet.as_dict() for field, facet in found.items()}})


@blueprint.get("/collections/<name>/duplicates")
@spec.validate(tags=["contents"])
def duplicates(name: str, query: DuplicatesQuery) -> Response:
    """Return the largest groups of items that say the same, exactly or nearly."""
    collection = library().get(name)
    if len(collection) > MOST_COMPARED:
        raise Refused(
            422,
            "invalid-request",
            f"{len(collection):,} items are too many to be compared while a page waits",
            f"run: semsearch duplicates {name}",
        )
    start = time.perf_counter()
    with slips_told():
        found = collection.duplicates(query.threshold, where=query.where)
        groups = found.groups()
    shown = groups[: query.limit]
    return jsonify(
        {
            "threshold": found.threshold,
            "total": len(groups),
            "items": sum(len(group.keys) for group in groups),
            "groups": [_group_as_json(collection, group.as_dict()) for group in shown],
            "seconds": round(time.perf_counter() - start, 3),
        }
    )


def _group_as_json(collection: Collection, group: dict[str, Any]) -> dict[str, Any]:
    keys = group["keys"]
    return {
        "size": len(keys),
        "n_exact": group["n_exact"],
        "n_near": group["n_near"],
        "hits": hits_as_json(still_stored(collection, keys[:MEMBERS_SHOWN])),
    }
