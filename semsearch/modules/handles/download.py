"""Downloads over https: streamed, measured against what the server promised, told in sentences."""

from __future__ import annotations

import ipaddress
import re
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import IO, Any

from semsearch.errors import ModuleError
from semsearch.fsio import HashingFile, Published, publish
from semsearch.modules.handles.attempts import NotObtained
from semsearch.modules.handles.policy import Policy

CHUNK = 1 << 18
LARGEST = 16 << 30
SILENCE = 60.0
"""How many seconds a server may say nothing."""

AGENT = "semsearch"
REASONS = {
    401: "the server wants a login",
    403: "the server refuses it",
    404: "the server has nothing there",
    410: "the server has nothing there any more",
    429: "the server is asked too often",
}


def is_address(source: str) -> bool:
    """Tell whether a source is written as an address of any scheme."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", source) is not None


def check_address(url: str) -> None:
    """Raise a ModuleError unless an address is https, or http of this very machine."""
    try:
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        raise ModuleError(f"{url!r} is no address ({error})", "correct it") from error
    if not host or re.search(r"[\x00-\x20\x7f]", url):
        raise ModuleError(f"{url!r} is no address of a host", "write it as https://host/path")
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)):
        return
    raise ModuleError(
        f"{url!r} is not fetched: {parts.scheme} neither hides nor proves what is sent",
        "use an https address, or download it yourself and name the file",
    )


def check_redirect(url: str, target: str) -> None:
    """Raise a ModuleError unless one address may lead to another.

    That other one could have been given itself; from elsewhere none leads to this machine by http.
    """
    check_address(target)
    if target.startswith("http:") and not url.startswith("http:"):
        raise ModuleError(f"{url!r} leads to {target!r}", "do not use it")


def download(
    url: str, target: Path, *, scratch: Path, policy: Policy, silence: float = SILENCE
) -> Published:
    """Fetch an address into the file `target`, durably; give up after `silence` seconds of nothing.

    Raises:
        ModuleError: the address is not allowed.
        NotObtained: the server cannot be reached, refuses, or breaks off.
        StorageError: the disk refuses.
    """
    check_address(url)
    with _faults(url):
        response = _opened(url, silence)
    with response:
        return publish(
            lambda out: _copy(url, response, out, policy), scratch=scratch, place=lambda _: target
        )


def _copy(url: str, response: Any, out: HashingFile, policy: Policy) -> None:
    total = _promised(response.headers)
    policy.report(url, 0, total)
    for data in _pieces(url, response):
        out.write(data)
        if out.size > LARGEST:
            raise NotObtained(f"{url!r} sends more than {LARGEST} bytes", "check the address")
        policy.report(url, out.size, total)
    if total is not None and out.size != total:
        raise NotObtained(
            f"{url!r} broke off after {out.size} of {total} bytes", "try it again in a while"
        )


def _pieces(url: str, response: IO[bytes]) -> Iterator[bytes]:
    while True:
        # What the network does is told apart here from what the disk does.
        with _faults(url):
            data = response.read(CHUNK)
        if not data:
            return
        yield data


def _promised(headers: Message) -> int | None:
    length = headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _opened(url: str, silence: float) -> Any:
    """Ask for an address, and follow the redirects that are allowed."""
    # Python's HTTP and TLS take a while to import, which every `semsearch --help` would wait for.
    import urllib.request

    class CarefulRedirects(urllib.request.HTTPRedirectHandler):
        def redirect_request(
            self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: Any
        ) -> Any:
            try:
                check_redirect(req.full_url, newurl)
            except ModuleError:
                fp.close()
                raise
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    request = urllib.request.Request(url, headers={"User-Agent": AGENT})
    return urllib.request.build_opener(CarefulRedirects()).open(request, timeout=silence)


@contextmanager
def _faults(url: str) -> Iterator[None]:
    """Turn everything that a network can do into one sentence."""
    import http.client
    import urllib.error

    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        reason = REASONS.get(error.code, "the server answers with an error")
        raise NotObtained(
            f"{url!r} was not sent: {reason} ({error.code} {error.reason})",
            "check the address, or download it yourself and name the file",
        ) from error
    except (OSError, http.client.HTTPException) as error:
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        raise NotObtained(
            f"{url!r} could not be fetched: {_reason(cause)}",
            "check the network and the address, and try again",
        ) from error


def _reason(cause: object) -> str:
    import ssl

    if isinstance(cause, TimeoutError):
        return "the server said nothing for too long"
    if isinstance(cause, ConnectionRefusedError):
        return "nobody answers there (connection refused)"
    if isinstance(cause, ssl.SSLError):
        return f"the connection is not safe ({cause})"
    return str(cause) or type(cause).__name__


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
