"""The API of what people say of hits: a thumb up or down for an answer to a query."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from semsearch.collection import Collection
from webui.answers import library, slips_told, spec
from webui.contents_schemas import JudgementRequest, JudgementsQuery
from webui.security import needs_token

blueprint = Blueprint("judgements", __name__, url_prefix="/api/v1")


def _judgements_as_json(collection: Collection, query: str | None) -> dict[str, Any]:
    every = collection.judgements()
    asked = None if query is None else query.strip()
    return {
        "judgements": [
            {"query": said.query, "key": said.key, "grade": said.grade}
            for said in every
            if asked is None or said.query == asked
        ],
        "total": len(every),
        "queries": len({said.query for said in every}),
    }


@blueprint.get("/collections/<name>/judgements")
@spec.validate(tags=["judgements"])
def judgements(name: str, query: JudgementsQuery) -> Response:
    """Return what was said of the answers to a query, or to all, and how much was said in all."""
    return jsonify(_judgements_as_json(library().get(name), query.query))


@blueprint.post("/collections/<name>/judgements")
@needs_token
@spec.validate(tags=["judgements"])
def judge(name: str, json: JudgementRequest) -> Response:
    """Store what a person says of an item as an answer to a query; null takes it back."""
    with library().writing(name) as collection, slips_told():
        collection.judge(json.query, json.key, json.grade)
        return jsonify(_judgements_as_json(collection, json.query))
