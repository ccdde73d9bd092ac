"""Who may ask what: trusted host names, the token, other origins, and the headers of each answer.

A web page open in the same browser can send requests to a server on loopback, and a foreign name
can be made to resolve to it. So: only known host names are answered, no other origin may post, and
writing needs a token in a header, which only a page that was served from here can know.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request

from webui.errors import Refused

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

TOKEN_HEADER = "X-Semsearch-Token"
TOKEN_COOKIE = "semsearch_token"
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
IPV6_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\])((?::\d{1,5})?)")
ASKED_HOST = "semsearch.asked_host"
OPEN_TO_ALL = "/healthz"

PAGE_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# regl compiles its drawing commands with `Function`, so the plot stands in a document of its own
# that may do this and is sent nothing but numbers; see static/plot.js.
PLOT_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; img-src 'self' blob: data:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
)

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Guard:
    """The token of this server, and whether it only listens to its own machine."""

    token: str
    loopback: bool

    def accepts(self, offered: str | None) -> bool:
        """Tell in constant time whether `offered` is the token."""
        return offered is not None and secrets.compare_digest(
            offered.encode("utf-8", "surrogatepass"), self.token.encode()
        )


def _taking_ipv6(app: WSGIApplication, trusted: Collection[str]) -> WSGIApplication:
    """Return `app` with trusted IPv6 hosts told to it as localhost.

    TRUSTED_HOSTS cannot hold "[::1]": werkzeug cuts its entries at the first colon.
    """

    def taking(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        literal = IPV6_HOST.fullmatch(environ.get("HTTP_HOST", ""))
        if literal and literal[1].lower() in trusted:
            environ[ASKED_HOST] = environ["HTTP_HOST"]
            environ["HTTP_HOST"] = f"localhost{literal[2]}"
        return app(environ, start_response)

    return taking


def guard() -> Guard:
    """Return the guard of the running app."""
    found: Guard = current_app.extensions["semsearch-guard"]
    return found


def _header_token() -> str | None:
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return request.headers.get(TOKEN_HEADER) or bearer or None


def needs_token(view: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Let a view that writes run only when a header carries the token."""

    @wraps(view)
    def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        if not guard().accepts(_header_token()):
            raise Refused(
                403,
                "token",
                "writing needs the token of this server",
                f"send it in the header {TOKEN_HEADER}; SEMSEARCH_TOKEN chooses it for the server",
            )
        return view(*args, **kwargs)

    return guarded


def _refuse_other_origins() -> None:
    """Refuse a request that changes or computes something for a page of another origin."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin")
    asked = request.environ.get(ASKED_HOST, request.host)
    foreign = origin is not None and urlsplit(origin).netloc != asked
    if site not in {"same-origin", "none"} or foreign:
        raise Refused(403, "cross-origin", "a page of another origin may not do this")


def _ask_for_token() -> Response | None:
    """Where the network can reach the server, answer nothing but /healthz without the token."""
    if guard().loopback or request.path == OPEN_TO_ALL:
        return None
    if guard().accepts(_header_token()) or guard().accepts(request.cookies.get(TOKEN_COOKIE)):
        return None
    if request.method == "GET" and guard().accepts(request.args.get("token")):
        return _exchange_for_cookie()
    raise Refused(
        401,
        "token",
        "this server needs its token",
        "open the address that semsearch serve printed when it started",
    )


def _exchange_for_cookie() -> Response:
    """Move the token from the address, which histories and logs keep, into a cookie."""
    answer = Response(status=303, headers={"Location": request.path})
    answer.set_cookie(TOKEN_COOKIE, guard().token, httponly=True, samesite="Strict")
    return answer


def _check() -> Response | None:
    request.host  # noqa: B018 - reading it is what compares it with TRUSTED_HOSTS
    _refuse_other_origins()
    return _ask_for_token()


def _seal(answer: Response) -> Response:
    answer.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


def install(app: Flask, token: str | None, loopback: bool, host_names: Iterable[str]) -> None:
    """Guard every route of `app`, static files included."""
    trusted = [*LOOPBACK_HOSTS, *host_names]
    app.config["TRUSTED_HOSTS"] = [name for name in trusted if not name.startswith("[")]
    app.wsgi_app = _taking_ipv6(app.wsgi_app, trusted)  # type: ignore[method-assign, assignment]
    app.extensions["semsearch-guard"] = Guard(token or secrets.token_urlsafe(32), loopback)
    app.before_request(_check)
    app.after_request(_seal)
