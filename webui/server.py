"""Serve the app with waitress: limits, a clean end, and an address to click on."""

from __future__ import annotations

import logging
import secrets
import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import click
from flask import Flask
from waitress.server import create_server

from semsearch.errors import SemsearchError
from webui.app import create_app

logger = logging.getLogger(__name__)

# Without these, 120 half-open connections make waitress unreachable (storage.md, E17).
LIMITS: dict[str, Any] = {
    "threads": 4,
    "connection_limit": 500,
    "channel_timeout": 10,
    "cleanup_interval": 5,
    "asyncore_use_poll": True,
    # The app refuses 16 MB in its own words; this bounds what is taken in before it is asked.
    "max_request_body_size": 64 * 1024 * 1024,
    "ident": None,
}
MIN_TOKEN_LENGTH = 22  # characters of base64 that carry 128 bits
SECONDS_TO_FINISH = 30


class CannotListen(SemsearchError):
    """Raised when the address is taken or not of this machine."""

    code = "address"


def listen(app: Flask, host: str, port: int) -> Any:
    """Return a waitress server that listens; CannotListen tells why not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CannotListen(
            f"cannot listen on {host} port {port}: {reason}",
            f"choose another port, such as: semsearch serve --port {port + 1 if port else 8766}",
        ) from error
    return create_server(app, sockets=[listening], **LIMITS)


def address(server: Any, host: str) -> str:
    """Return the address of a listening server as a browser takes it."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{server.effective_port}/"


def own_names() -> list[str]:
    """Return the name and addresses of this machine, as a browser in its network may ask."""
    name = socket.gethostname()
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(name, None)}
    except OSError:
        found = set()
    return [name, *sorted(f"[{each}]" if ":" in each else each for each in found)]


def _stop_on_sigterm() -> None:
    """Let SIGTERM, and a terminal that closes, end the loop the way Ctrl-C does.

    Requests in flight are finished (E16). Under `nohup` the terminal may close.
    """

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, stop)


def serve_until_told(server: Any) -> None:
    """Answer requests until SIGTERM or Ctrl-C, then finish those in flight."""
    try:
        server.run()
    finally:
        server.task_dispatcher.shutdown(cancel_pending=True, timeout=SECONDS_TO_FINISH)
        server.close()


def _checked_token(token: str | None) -> str:
    if token is not None and len(token) < MIN_TOKEN_LENGTH:
        raise click.UsageError(
            f"the token has {len(token)} characters; take at least {MIN_TOKEN_LENGTH}, "
            "or leave it out and one is drawn"
        )
    return token or secrets.token_urlsafe(32)


def run(
    indexes: Path,
    host: str,
    port: int,
    *,
    token: str | None,
    host_names: Sequence[str],
    loopback: bool,
) -> None:
    """Serve until told to stop, after printing where."""
    # A browser asks for ten thumbnails at once; that some wait their turn is no news.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    token = _checked_token(token)
    names = [*host_names] if loopback else [host, *own_names(), *host_names]
    app = create_app(indexes, token=token, loopback=loopback, host_names=names)
    server = listen(app, host, port)
    where = address(server, host)
    click.echo(f"semsearch is at {where if loopback else f'{where}?token={token}'}")
    click.echo("Press Ctrl-C to stop.", err=True)
    library = app.extensions["semsearch-library"]
    library.start_warming()
    _stop_on_sigterm()
    serve_until_told(server)
    library.close()
