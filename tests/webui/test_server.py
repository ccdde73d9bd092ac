"""`semsearch serve` as a program: its address, its readiness, its end, a port that is taken."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import IO

import pytest
from click.testing import CliRunner

import semsearch
from semsearch.collection import Collection
from webui import server as serving
from webui.app import create_app
from webui.command import serve
from webui.library import Library


@contextmanager
def running(indexes: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "semsearch.cli.main", "--indexes", str(indexes)]
    process = subprocess.Popen(
        [*command, "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={name: os.environ[name] for name in os.environ if name != "TF_CPP_MIN_LOG_LEVEL"}
        | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def program(indexes: Path) -> Iterator[subprocess.Popen[str]]:
    with running(indexes) as process:
        yield process


def port_of(stream: IO[str] | None) -> int:
    assert stream is not None
    told = re.search(r"http://127\.0\.0\.1:(\d+)/", stream.readline())
    assert told is not None
    return int(told[1])


def warmed(port: int, seconds: int) -> dict[str, object]:
    """Wait until the models are loaded; return the last word about the server's health."""
    deadline = time.monotonic() + seconds
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            health: dict[str, object] = json.load(answer)
        if health["ready"] or time.monotonic() > deadline:
            return health
        time.sleep(0.05)


def test_it_prints_its_address_warms_up_and_ends_cleanly(program: subprocess.Popen[str]) -> None:
    health = warmed(port_of(program.stdout), 20)
    assert health == {"status": "ok", "ready": True, "models": {"reviews": "loaded"}}
    program.send_signal(signal.SIGTERM)
    assert program.wait(timeout=10) == 0


@pytest.mark.tensorflow
def test_a_server_that_ends_while_it_warms_up_blames_no_collection(
    indexes: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(indexes)
    began, go_on = threading.Event(), threading.Event()
    search = Collection.search

    def slowly(collection: Collection, *words: object, **options: object) -> object:
        began.set()
        go_on.wait(10)
        return search(collection, *words, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Collection, "search", slowly)
    thread = library.start_warming()
    assert began.wait(10)
    library.close()
    go_on.set()
    thread.join(10)
    assert list(library.models.values()) == ["loading"]
    assert caplog.text == ""


def test_tensorflow_says_nothing_while_it_warms_up(tmp_path: Path) -> None:
    semsearch.create(tmp_path / "texts", module="use-multilingual").close()
    with running(tmp_path) as program:
        health = warmed(port_of(program.stdout), 120)
        program.send_signal(signal.SIGTERM)
        _, told = program.communicate(timeout=20)
    assert health["models"] == {"texts": "loaded"}
    assert told == "Press Ctrl-C to stop.\n"


def test_sigterm_lets_a_request_in_flight_finish(indexes: Path) -> None:
    script = f"""
import time
from pathlib import Path
from webui import server
from webui.app import create_app
app = create_app(Path({str(indexes)!r}), token=None)
@app.get("/slow")
def slow():
    print("begun", flush=True)
    time.sleep(0.7)
    return "finished"
waiting = server.listen(app, "127.0.0.1", 0)
print(server.address(waiting, "127.0.0.1"), flush=True)
server._stop_on_sigterm()
server.serve_until_told(waiting)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as run:
        watchdog = threading.Timer(20, run.kill)
        watchdog.start()
        port = port_of(run.stdout)
        told: list[bytes] = []

        def ask() -> None:
            connection = HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/slow")
            told.append(connection.getresponse().read())
            connection.close()

        asking = threading.Thread(target=ask)
        asking.start()
        assert run.stdout is not None
        assert run.stdout.readline() == "begun\n"
        run.send_signal(signal.SIGTERM)
        asking.join(timeout=10)
        assert told == [b"finished"]
        assert run.wait(timeout=10) == 0
        watchdog.cancel()


def test_a_taken_port_is_told_in_one_sentence(indexes: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        app = create_app(indexes, token=None)
        with pytest.raises(serving.CannotListen) as refusal:
            serving.listen(app, "127.0.0.1", port)
    assert str(port) in refusal.value.problem
    assert "in use" in refusal.value.problem
    assert f"--port {port + 1}" in refusal.value.remedy


def test_a_short_token_is_refused() -> None:
    result = CliRunner().invoke(serve, ["--token", "letmein"])
    assert result.exit_code == 2
    assert "at least 22" in result.output


def test_half_open_connections_do_not_keep_others_out(indexes: Path) -> None:
    app = create_app(indexes, token=None)
    running = serving.listen(app, "127.0.0.1", 0)
    port = running.effective_port
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    try:
        for connection in silent:
            connection.sendall(b"GET / HTTP/1.1\r\n")
        start = time.monotonic()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            assert answer.status == 200
        assert time.monotonic() - start < 2
    finally:
        for connection in silent:
            connection.close()
        running.task_dispatcher.shutdown()
        running.close()
        thread.join(timeout=5)
