"""The API that reads: collections, search, items and thumbnails."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, request

from semsearch.collection import Collection, Hit
from semsearch.errors import SemsearchError
from webui.answers import library, slips_told, spec
from webui.errors import Refused
from webui.schemas import (
    ImageSearchForm,
    ItemQuery,
    SampleQuery,
    SearchRequest,
    ThumbnailQuery,
)

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


def hit_as_json(hit: Hit) -> dict[str, Any]:
    """Return a hit as JSON can carry it: a number that is not finite becomes null."""
    fields = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in hit.fields.items()
    }
    score = None if hit.score is None else round(float(hit.score), 6)
    return {"key": hit.key, "score": score, "text": hit.text, "fields": fields}


def hits_as_json(hits: Sequence[Hit]) -> list[dict[str, Any]]:
    """Return hits as JSON can carry them."""
    return [hit_as_json(hit) for hit in hits]


def _summary(name: str) -> dict[str, Any]:
    """Return a line about a collection; a damaged one must not hide the others."""
    try:
        collection = library().get(name)
        return {
            "name": name,
            "modality": collection.modality,
            "rows": len(collection),
            "fields": dict(collection.fields),
        }
    except SemsearchError as error:
        told = {"code": error.code, "message": error.problem, "remedy": error.remedy}
        return {"name": name, "error": told}


@blueprint.get("/collections")
@spec.validate(tags=["collections"])
def collections() -> Response:
    """List the collections of this server."""
    return jsonify({"collections": [_summary(name) for name in library().names()]})


@blueprint.get("/collections/<name>")
@spec.validate(tags=["collections"])
def collection_info(name: str) -> Response:
    """Describe a collection, its module and what is stored beside it."""
    collection = library().get(name)
    info = {key: value for key, value in collection.info().items() if key != "path"}
    return jsonify(
        info
        | {
            "name": name,
            "modality": collection.modality,
            "rows": len(collection),
            "fields": dict(collection.fields),
            "version": collection.version,
            "clusterings": collection.clusterings(),
            "classifiers": collection.classifiers(),
        }
    )


def _search(collection: Collection, wanted: SearchRequest) -> list[Hit]:
    if wanted.key is not None:
        return collection.similar(wanted.key, k=wanted.k, where=wanted.where)
    return collection.search(wanted.text, k=wanted.k, where=wanted.where, mode=wanted.mode)


def _search_by_image(collection: Collection, form: ImageSearchForm) -> list[Hit]:
    upload = request.files.get("image")
    if upload is None:
        raise Refused(422, "invalid-request", "'image': it is not a file", "upload a picture")
    return collection.search(image=upload.read(), k=form.k, where=form.where)


@blueprint.post("/collections/<name>/search")
@spec.validate(tags=["search"])
def search(name: str, json: SearchRequest, form: ImageSearchForm) -> Response:
    """Find the items nearest to a text, to a stored item or to a picture."""
    collection = library().get(name)
    start = time.perf_counter()
    with slips_told():
        hits = _search(collection, json) if json else _search_by_image(collection, form)
    seconds = time.perf_counter() - start
    return jsonify({"hits": hits_as_json(hits), "seconds": round(seconds, 4)})


def _item(name: str, key: str) -> Response:
    (hit,) = library().get(name).get([key])
    return jsonify(hit_as_json(hit))


@blueprint.get("/collections/<name>/items/<path:key>")
@spec.validate(tags=["items"])
def item(name: str, key: str) -> Response:
    """Return one stored item by its key."""
    return _item(name, key)


@blueprint.get("/collections/<name>/items")
@spec.validate(tags=["items"])
def item_by_query(name: str, query: ItemQuery) -> Response:
    """Return one stored item by any key: an address cannot carry all, such as '..'."""
    return _item(name, query.key)


@blueprint.get("/collections/<name>/sample")
@spec.validate(tags=["items"])
def sample(name: str, query: SampleQuery) -> Response:
    """Return some stored items, spread evenly over the collection, as a place to begin."""
    _, keys = library().made(name, "keys", stored_keys)
    step = max(1, len(keys) // query.n)
    return jsonify({"hits": hits_as_json(library().get(name).get(keys[::step][: query.n]))})


def stored_keys(collection: Collection) -> list[str]:
    """Return the key of every stored item, in the order of storing."""
    every = collection.keys()
    return [key for key in every if key is not None]


@blueprint.get("/collections/<name>/thumbnails")
@spec.validate(tags=["items"])
def thumbnail(name: str, query: ThumbnailQuery) -> Response:
    """Return a small WebP of a stored picture."""
    collection = library().get(name)
    answer = Response(mimetype="image/webp")
    answer.set_etag(f"{collection.version}-{query.size}")
    answer.headers["Cache-Control"] = "private, max-age=300"
    answer.make_conditional(request)
    if answer.status_code != 304:  # noqa: PLR2004 - not modified
        answer.set_data(collection.thumbnail(query.key, size=query.size))
    return answer
