"""The pages: one document for every view, one for the plot inside it, and the state of health."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, make_response, render_template

from webui.answers import library, spec
from webui.security import PLOT_POLICY, guard

blueprint = Blueprint("pages", __name__)

VIEWS = "any(search, clusters, map, classes, duplicates)"


@blueprint.get("/")
@blueprint.get("/c/<name>")
@blueprint.get(f"/c/<name>/<{VIEWS}:view>")
def index(name: str = "", view: str = "") -> Response:
    """Return the one document; its scripts read the view from the address."""
    answer = make_response(render_template("index.html", token=guard().token))
    answer.headers["Cache-Control"] = "no-store"  # it carries the token
    return answer


@blueprint.get("/plot")
def plot() -> Response:
    """Return the document in which the points of the map are drawn."""
    answer = make_response(render_template("plot.html"))
    answer.headers["Content-Security-Policy"] = PLOT_POLICY
    return answer


@blueprint.get("/healthz")
def healthz() -> Response:
    """Tell that the server answers, and whether its models are loaded."""
    ready = library().is_warm
    return jsonify({"status": "ok", "ready": ready, "models": dict(library().models)})


@blueprint.get("/api/openapi.json")
def openapi() -> Response:
    """Describe the API."""
    return jsonify(spec.spec)
