"""Downloads over https: streamed, measured against what the server promised, told in sentences."""

from __future__ import annotations

import ipaddress
import re
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import Any

from semsearch.errors import ModuleError
from semsearch.fsio import HashingFile, Published, publish
from semsearch.modules.handles.attempts import NotObtained
from semsearch.modules.handles.contents import CONTROL
from semsearch.modules.handles.policy import Policy
from semsearch.modules.handles.watch import Watch

CHUNK = 1 << 18
LARGEST = 16 << 30
SILENCE = 60.0
"""How many seconds a server may say nothing, or next to nothing."""

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

    So it is after as long a time in which less than `LEAST` bytes arrive.

    Raises:
        ModuleError: the address is not allowed.
        NotObtained: the server cannot be reached, refuses, or breaks off.
        StorageError: the disk refuses.
    """
    check_address(url)
    with Watch(silence) as watch:
        with _faults(url, watch):
            response = _opened(url, silence, watch)
        with response:
            return publish(
                lambda out: _copy(url, response, out, policy, watch),
                scratch=scratch,
                place=lambda _: target,
            )


def _copy(url: str, response: Any, out: HashingFile, policy: Policy, watch: Watch) -> None:
    total = _promised(response.headers)
    policy.report(url, 0, total)
    for data in _pieces(url, response, watch):
        out.write(data)
        if out.size > LARGEST:
            raise NotObtained(f"{url!r} sends more than {LARGEST} bytes", "check the address")
        policy.report(url, out.size, total)
    if total is not None and out.size != total:
        raise NotObtained(
            f"{url!r} broke off after {out.size} of {total} bytes", "try it again in a while"
        )


def _pieces(url: str, response: Any, watch: Watch) -> Iterator[bytes]:
    while True:
        # What the network does is told apart here from what the disk does.
        with _faults(url, watch):
            data = response.read1(CHUNK)
            if watch.has_cut:
                raise TimeoutError
        if not data:
            return
        watch.saw(len(data))
        yield data


def _promised(headers: Message) -> int | None:
    length = headers.get("Content-Length", "")
    return int(length) if re.fullmatch("[0-9]{1,18}", length) else None


def _opened(url: str, silence: float, watch: Watch) -> Any:
    """Ask for an address, and follow the redirects that are allowed."""
    # Python's HTTP and TLS take a while to import, which every `semsearch --help` would wait for.
    import urllib.request

    class CarefulRedirects(urllib.request.HTTPRedirectHandler):
        def redirect_request(
            self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: Any
        ) -> Any:
            check_redirect(req.full_url, newurl)
            return super().redirect_request(req, fp, code, msg, headers, newurl)

        def http_error_302(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any) -> Any:
            with fp:  # Left open otherwise where it does not lead on.
                return super().http_error_302(req, fp, code, msg, headers)

        http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302

    request = urllib.request.Request(url, headers={"User-Agent": AGENT})
    opener = urllib.request.build_opener(CarefulRedirects(), *_watched_handlers(watch))
    response = opener.open(request, timeout=silence)
    watch.saw_answer()
    return response


def _watched_handlers(watch: Watch) -> tuple[Any, Any]:
    """Return handlers for http and https whose connections are watched."""
    import http.client
    import urllib.request

    class Connection(http.client.HTTPConnection):
        def connect(self) -> None:
            super().connect()
            watch.add(self.sock)

    class SafeConnection(http.client.HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            watch.add(self.sock)

    class Handler(urllib.request.HTTPHandler):
        def http_open(self, req: Any) -> Any:
            return self.do_open(Connection, req)

    class SafeHandler(urllib.request.HTTPSHandler):
        def https_open(self, req: Any) -> Any:
            return self.do_open(SafeConnection, req)

    return Handler(), SafeHandler()


@contextmanager
def _faults(url: str, watch: Watch) -> Iterator[None]:
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
    except (OSError, http.client.HTTPException, ValueError) as error:
        # ValueError: Python's own reading of addresses and lengths that make no sense.
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        if watch.has_cut:
            cause = TimeoutError()
        raise NotObtained(
            f"{url!r} could not be fetched: {_reason(cause)}",
            "check the network and the address, and try again",
        ) from error


def _reason(cause: object) -> str:
    import ssl

    if isinstance(cause, TimeoutError):
        return "the server said nothing for too long, or next to nothing"
    if isinstance(cause, ConnectionRefusedError):
        return "nobody answers there (connection refused)"
    if isinstance(cause, ssl.SSLError):
        return f"the connection is not safe ({cause})"
    return CONTROL.sub(" ", str(cause)).strip() or type(cause).__name__


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
