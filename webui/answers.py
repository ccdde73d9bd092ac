"""What every view of the API shares: the library, the specification, and checks of the body."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import current_app, request
from pydantic import ValidationError
from spectree import SpecTree
from werkzeug.exceptions import BadRequest

from webui.errors import Refused
from webui.library import Library
from webui.schemas import MAX_JSON_DEPTH, depth


def _raise_invalid(
    _request: Any, _answer: Any, error: Exception | None, _view: Any, _adapter: Any
) -> None:
    """Leave a failed validation to the one place that turns errors into answers."""
    if isinstance(error, ValidationError):
        raise error


spec = SpecTree(
    "flask",
    before=_raise_invalid,
    mode="strict",
    title="semsearch",
    version="1",
    description=(
        "Search, cluster and classify stored items. Every error has the shape "
        '{"error": {"code", "message", "remedy"}}. Writing needs the header X-Semsearch-Token.'
    ),
    path="openapi-is-served-by-pages",  # spectree leaves addresses under this path out
    naming_strategy=lambda model: model.__name__,
)


def library() -> Library:
    """Return the library of the running app."""
    found: Library = current_app.extensions["semsearch-library"]
    return found


def check_body() -> None:
    """Refuse a body that is no JSON object, or nested too deep, before any view sees it."""
    if request.method != "POST" or request.mimetype == "multipart/form-data":
        return
    if request.mimetype != "application/json":
        raise Refused(
            415,
            "unsupported-media-type",
            f"a body of type {request.mimetype!r} cannot be read",
            "send application/json, or multipart/form-data with a picture",
        )
    try:
        body = request.get_json()
    except BadRequest as error:
        remedy = "write names and texts in double quotes, and send UTF-8"
        raise Refused(400, "bad-request", "the body cannot be read as JSON", remedy) from error
    except RecursionError:
        body = None
        deep = True
    else:
        deep = depth(body) > MAX_JSON_DEPTH
    if deep:
        raise Refused(422, "invalid-request", f"the body is nested deeper than {MAX_JSON_DEPTH}")
    if not isinstance(body, dict):
        raise Refused(422, "invalid-request", "the body is no JSON object")


@contextmanager
def slips_told() -> Iterator[None]:
    """Turn the engine's word on a caller's slip into a refusal of the request."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise Refused(422, "invalid-request", str(error)) from error
