"""The handles of TensorFlow Hub through the real tensorflow_hub, from a server on this machine."""

from __future__ import annotations

import http.server
import io
import tarfile
import threading
from collections.abc import Iterator

import pytest

from semsearch.errors import ModuleError
from semsearch.modules.handles import current_policy, parse_handle, resolve
from semsearch.modules.handles.hub import HubResolver

pytestmark = [pytest.mark.tensorflow]

NAME = "google/universal-sentence-encoder/4"
PAGE = f"/{NAME}?tf-hub-format=compressed"
GRAPH = b"a graph of soup"


@pytest.fixture
def host() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The address of a server with one module, and what it was asked for and by whom."""
    asked: list[tuple[str, str]] = []
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        info = tarfile.TarInfo("saved_model.pb")
        info.size = len(GRAPH)
        archive.addfile(info, io.BytesIO(GRAPH))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["User-Agent"]))
            if self.path != PAGE:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(packed.getvalue())))
            self.end_headers()
            self.wfile.write(packed.getvalue())

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.delenv("SEMSEARCH_OFFLINE", raising=False)
    monkeypatch.setenv("SEMSEARCH_MODULES", str(tmp_path / "cache"))
    return tmp_path / "cache"


def find(address: str, name: str = NAME):
    hub = HubResolver(address, f"{address}/models")
    return resolve(parse_handle(f"https://tfhub.dev/{name}"), current_policy(), resolvers=[hub])


def test_tensorflow_hub_fetches_a_module_into_our_cache(host, cache, monkeypatch) -> None:
    address, asked = host
    monkeypatch.setenv("TFHUB_CACHE_DIR", "/nowhere")
    found = find(address)
    assert (found.path / "saved_model.pb").read_bytes() == GRAPH
    assert found.path.is_relative_to(cache)
    assert found.source == f"{address}/{NAME}"
    assert [path for path, _ in asked] == [PAGE] and asked[0][1].startswith("Python-urllib")


def test_what_tensorflow_hub_says_is_told(host, cache) -> None:
    address, _ = host
    with pytest.raises(ModuleError, match="tensorflow_hub says HTTPError: HTTP Error 404"):
        find(address, "soup/no-such-module/1")
    assert list((cache / "entries").iterdir()) == []


def test_where_tensorflow_hub_does_not_import_the_download_is_our_own(
    host, tmp_path, monkeypatch
) -> None:
    address, asked = host
    (tmp_path / "tensorflow_hub.py").write_text("raise ImportError('no pkg_resources')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert (find(address).path / "saved_model.pb").read_bytes() == GRAPH
    assert asked == [(PAGE, "semsearch")]
