"""The API that reads: collections, search, items and thumbnails."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from semsearch.collection import Collection, Hits
from semsearch.errors import SemsearchError
from webui.answers import library, slips_told, spec
from webui.errors import Refused
from webui.questions import (
    found_by_image,
    found_by_query,
    found_by_request,
    hit_as_json,
    hits_as_json,
    page_as_json,
)
from webui.schemas import ItemQuery, SampleQuery, ThumbnailQuery
from webui.search_schemas import ImageSearchForm, SearchQuery, SearchRequest

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


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


def _uploaded() -> bytes:
    upload = request.files.get("image")
    if upload is None:
        raise Refused(422, "invalid-request", "'image': it is not a file", "upload a picture")
    content: bytes = upload.read()
    return content


def _page(name: str, find: Callable[[Collection], Hits]) -> Response:
    collection = library().get(name)
    start = time.perf_counter()
    with slips_told():
        hits = find(collection)
    seconds = round(time.perf_counter() - start, 4)
    return jsonify(page_as_json(hits) | {"seconds": seconds})


@blueprint.post("/collections/<name>/search")
@spec.validate(tags=["search"])
def search(name: str, json: SearchRequest, form: ImageSearchForm) -> Response:
    """Find the items that answer a question: a text, terms, a stored item or a picture."""
    if json:
        return _page(name, lambda collection: found_by_request(collection, json))
    image = _uploaded()
    return _page(
        name,
        lambda collection: found_by_image(collection, image, form.k, form.where, form.options),
    )


@blueprint.get("/collections/<name>/search")
@spec.validate(tags=["search"])
def search_by_address(name: str, query: SearchQuery) -> Response:
    """Find the items that answer a question which stands in the address, as pages write it."""
    return _page(name, lambda collection: found_by_query(collection, query))


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
