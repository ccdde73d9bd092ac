"""The one table from error class to HTTP status, and the one shape of an error answer."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from flask import Flask, Response, jsonify
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from semsearch import errors as engine

logger = logging.getLogger(__name__)

# The first class of an error's ancestry that stands here decides.
STATUS: dict[type[engine.SemsearchError], int] = {
    engine.CollectionNotFound: 404,
    engine.KeyNotFound: 404,
    engine.ResultNotFound: 404,
    engine.QueryError: 400,
    engine.ContentError: 422,
    engine.SourceError: 422,
    engine.CollectionExists: 409,
    engine.CollectionLocked: 409,
    engine.CollectionError: 409,
    engine.CollectionDamaged: 500,
    engine.FormatTooNew: 500,
    engine.ModuleError: 500,
    engine.StorageFull: 507,
    engine.SemsearchError: 500,
}

# What a person can do about an error that HTTP itself knows.
REMEDIES: dict[int, str] = {
    404: "look at the address; the API is described at /api/openapi.json",
    405: "the API is described at /api/openapi.json",
    413: "send at most 16 MB; a picture loses nothing that search needs when it is made smaller",
    415: "send application/json, or multipart/form-data with a picture",
}


class Refused(Exception):
    """A request that is understood and refused, with the status and the sentence for it."""

    def __init__(self, status: int, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.remedy = remedy


def error_answer(
    status: int, code: str, message: str, remedy: str = "", position: int | None = None
) -> Response:
    """Return the one shape that every error of the server has.

    `position` is the index, from 0, of the character at fault in a filter, where one is known.
    """
    error: dict[str, Any] = {"code": code, "message": message, "remedy": remedy}
    answer = jsonify({"error": error if position is None else error | {"position": position}})
    answer.status_code = status
    return answer


def status_of(error: engine.SemsearchError) -> int:
    """Return the HTTP status for an error of the engine."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def _from_engine(error: engine.SemsearchError) -> Response:
    place = error.position if isinstance(error, engine.QueryError) else None
    answer = error_answer(status_of(error), error.code, error.problem, error.remedy, place)
    if isinstance(error, engine.CollectionLocked):
        answer.headers["Retry-After"] = "2"
    return answer


def _from_refusal(error: Refused) -> Response:
    return error_answer(error.status, error.code, error.message, error.remedy)


def _place(location: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in location)


def validation_sentence(error: ValidationError) -> str:
    """Return one sentence that names the first field at fault and the reason.

    The value itself is left out: it may be long, and it may be private.
    """
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    is_unknown = first["type"] == "extra_forbidden"
    reason = "it is not known here" if is_unknown else first["msg"].removeprefix("Value error, ")
    place = _place(first["loc"])
    return f"{place!r}: {reason}" if place else reason


def _from_validation(error: ValidationError) -> Response:
    remedy = "the API is described at /api/openapi.json"
    return error_answer(422, "invalid-request", validation_sentence(error), remedy)


def _from_http(error: HTTPException) -> Response:
    status = error.code or 500
    code = error.name.lower().replace(" ", "-")
    answer = error_answer(status, code, error.description or error.name, REMEDIES.get(status, ""))
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            answer.headers[name] = value
    return answer


def _from_defect(error: Exception) -> Response:
    reference = secrets.token_hex(4)
    logger.error("request %s failed", reference, exc_info=error)
    return error_answer(
        500,
        "internal",
        f"something went wrong inside semsearch (reference {reference})",
        "the reason stands in the output of the program, beside this reference",
    )


def install(app: Flask) -> None:
    """Give every error of `app` the one shape."""
    app.register_error_handler(engine.SemsearchError, _from_engine)
    app.register_error_handler(Refused, _from_refusal)
    app.register_error_handler(ValidationError, _from_validation)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(Exception, _from_defect)
