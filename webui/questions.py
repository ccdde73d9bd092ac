"""From a request to the hits of the engine, and from hits to JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from semsearch.collection import Collection, Hit, Hits
from semsearch.errors import KeyNotFound
from semsearch.search import Term, parse_term
from webui.search_schemas import Options, SearchQuery, SearchRequest

DIGITS = 6


def found_by_request(collection: Collection, wanted: SearchRequest) -> Hits:
    """Return the hits of a question that came as JSON."""
    if wanted.key is not None:
        return Hits(collection.similar(wanted.key, k=wanted.k, where=wanted.where))
    return collection.search(wanted.text, k=wanted.k, where=wanted.where, **_options(wanted))


def found_by_query(collection: Collection, wanted: SearchQuery) -> Hits:
    """Return the hits of a question that stands in an address."""
    asked: dict[str, Any] = wanted.model_dump(exclude={"q", "like"})
    for side in ("plus", "minus"):
        asked[side] = [parse_term(spelled) for spelled in asked[side]]
    if wanted.like is None:
        return collection.search(wanted.q, **asked)
    if wanted.model_fields_set - {"like", "k", "where", "mode"} or wanted.mode != "semantic":
        raise ValueError("'like' goes with 'k' and 'where' alone; in a question it is plus=key:KEY")
    return Hits(collection.similar(wanted.like, k=wanted.k, where=wanted.where))


def found_by_image(
    collection: Collection, image: bytes, k: int, where: str | None, options: Options | None
) -> Hits:
    """Return the hits of a picture."""
    return collection.search(image=image, k=k, where=where, **_options(options or Options()))


def _options(wanted: Options) -> dict[str, Any]:
    chosen = wanted.model_dump(include=set(Options.model_fields) - {"plus", "minus"})
    terms = {
        name: [Term(term.weight, term.text, term.key) for term in getattr(wanted, name)]
        for name in ("plus", "minus")
    }
    return chosen | terms


def page_as_json(hits: Hits) -> dict[str, Any]:
    """Return hits with what belongs to all of them, as JSON can carry it."""
    return hits.as_dict() | {"hits": hits_as_json(hits)}


def hits_as_json(hits: Sequence[Hit]) -> list[dict[str, Any]]:
    """Return hits as JSON can carry them."""
    return [hit_as_json(hit) for hit in hits]


def hit_as_json(hit: Hit) -> dict[str, Any]:
    """Return a hit as JSON can carry it: a number that is not finite becomes null."""
    told = hit.as_dict()
    told["score"] = None if hit.score is None else round(float(hit.score), DIGITS)
    told["fields"] = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in hit.fields.items()
    }
    if hit.parts is not None:
        told["parts"] = {name: round(float(part), DIGITS) for name, part in hit.parts.items()}
    return told


def still_stored(collection: Collection, keys: Sequence[str]) -> list[Hit]:
    """Return the items of `keys`, without those that are deleted at this very moment."""
    found: list[Hit] = []
    for key in keys:
        with suppress(KeyNotFound):
            found += collection.get([key])
    return found
