"""What the tests of handles share: an empty cache, small modules, archives and a local server."""

from __future__ import annotations

import http.server
import io
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from semsearch.modules.handles import Resolved, current_policy, parse_handle, resolve

MODULE = {
    "saved_model.pb": b"a graph of soup",
    "variables/variables.index": b"index",
    "variables/variables.data-00000-of-00001": b"\x00\x01" * 500,
    "assets/words.txt": b"soup\nshoes\n",
}


class LocalServer:
    """A server on this machine: what `pages` holds for a path is sent, and who asks is noted.

    A page is the bytes to send, or a function that answers with the handler that it is given.
    """

    def __init__(self) -> None:
        self.pages: dict[str, bytes | Callable] = {}
        self.asked: list[str] = []
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}{path}"

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                page = server.pages.get(self.path)
                if callable(page):
                    page(self)
                elif page is None:
                    self.send_error(404)
                else:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(page)))
                    self.end_headers()
                    self.wfile.write(page)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of this test alone; nothing of the user's environment is in the way."""
    for name in ("SEMSEARCH_OFFLINE", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "cache"
    monkeypatch.setenv("SEMSEARCH_MODULES", str(root))
    return root


@pytest.fixture
def server() -> Iterator[LocalServer]:
    server = LocalServer()
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def make_module() -> Callable[..., Path]:
    def make(folder: Path, files: dict[str, bytes] = MODULE) -> Path:
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return folder

    return make


@pytest.fixture
def tar_gz() -> Callable[..., bytes]:
    """Pack files as a tar.gz; a TarInfo instead of bytes is put in as it is."""

    def pack(files: dict[str, bytes] = MODULE, mode: str = "w:gz", top: str = "") -> bytes:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode=mode) as archive:
            for name, content in files.items():
                info = tarfile.TarInfo(top + name)
                if isinstance(content, tarfile.TarInfo):
                    archive.addfile(content)
                    continue
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        return packed.getvalue()

    return pack


@pytest.fixture
def zipped() -> Callable[..., bytes]:
    """Pack files as a zip, their names as str or as ZipInfo."""

    def pack(files: dict = MODULE) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return packed.getvalue()

    return pack


@pytest.fixture
def find() -> Callable[..., Resolved]:
    """Resolve a handle with changes to the policy."""

    def found(handle: object, **changes: object) -> Resolved:
        return resolve(parse_handle(str(handle)), current_policy(**changes))

    return found


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen]]:
    """Run Python code in a process of its own that knows `find`; what still runs is killed."""
    running = []

    def run(code: str) -> subprocess.Popen:
        head = (
            "from semsearch.modules.handles import *\n"
            "def find(handle, **changes):\n"
            "    return resolve(parse_handle(handle), current_policy(**changes))\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", head + code],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()
