"""The application factory."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from webui import api, contents, errors, judgements, pages, results, security
from webui.answers import check_body
from webui.library import Library
from webui.schemas import MAX_BODY_BYTES, MAX_FORM_PARTS


class StrictJSON(DefaultJSONProvider):
    """JSON as the standard has it: every number is finite, in both directions."""

    sort_keys = False

    def dumps(self, obj: object, **kwargs: object) -> str:
        """Return `obj` as JSON; ValueError for NaN or infinity, which JSON does not know."""
        return super().dumps(obj, allow_nan=False, **kwargs)

    def loads(self, s: str | bytes, **kwargs: object) -> object:
        """Return the value of `s`; ValueError for NaN, infinity, or a number beyond a float."""
        return super().loads(s, parse_constant=_refuse, parse_float=_finite, **kwargs)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise ValueError(f"{written} is larger than numbers are")
    return number


def create_app(
    indexes: Path,
    *,
    token: str | None,
    loopback: bool = True,
    host_names: Iterable[str] = (),
) -> Flask:
    """Return the app over the collections in `indexes`.

    `token` is what writing needs, and reading too unless `loopback`; None draws one. `host_names`
    are names besides localhost under which the server may be asked for.
    """
    app = Flask("webui")
    app.json = StrictJSON(app)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_PARTS"] = MAX_FORM_PARTS
    app.url_map.merge_slashes = False  # a key may hold two slashes in a row
    app.extensions["semsearch-library"] = Library(Path(indexes))
    security.install(app, token, loopback, host_names)
    errors.install(app)
    app.before_request(check_body)
    for part in (pages, api, contents, judgements, results):
        app.register_blueprint(part.blueprint)
    return app
