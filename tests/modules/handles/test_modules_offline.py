"""Offline means: no connection, no other program, only the cache and files of this machine."""

from __future__ import annotations

import json

import pytest

from semsearch.modules.handles import current_policy

NEVER = """
import json, socket, subprocess, sys
def refuse(*args, **kwargs):
    raise SystemExit("the network or a program was used")
def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen",
                 "os.system", "os.exec", "os.posix_spawn", "os.fork"):
        refuse()
sys.addaudithook(watch)
socket.socket = socket.create_connection = subprocess.Popen = refuse
told = {}
for handle in json.loads(sys.argv[1]):
    try:
        told[handle] = find(handle).digest
    except Exception as error:
        told[handle] = [type(error).__name__, error.problem, error.remedy]
print(json.dumps(told))
"""
REMOTE = (
    "https://example.org/soup.tgz",
    "https://tfhub.dev/google/universal-sentence-encoder/4",
    "google/universal-sentence-encoder/tensorFlow2/large/2",
    "pypi:soup-weights==1.0",
    "npm:soup-weights@1.0.0",
)


@pytest.fixture
def offline(start, monkeypatch):
    def told(*handles: str) -> dict:
        monkeypatch.setenv("SEMSEARCH_OFFLINE", "1")
        process = start(f"import sys; sys.argv.append({json.dumps(handles)!r})\n{NEVER}")
        output = process.communicate(timeout=60)[0]
        assert process.returncode == 0, output
        return json.loads(output)

    return told


def test_offline_what_is_not_cached_is_refused_with_how_to_add_it(offline) -> None:
    for handle, (_, problem, remedy) in offline(*REMOTE).items():
        assert f"{handle!r} is not in the cache" in problem and "is offline" in problem
        assert remedy == f"while online, run: semsearch modules add {handle!r}"


def test_offline_folders_archives_and_what_is_cached_still_work(
    offline, server, tmp_path, make_module, tar_gz, find
) -> None:
    folder = str(make_module(tmp_path / "soup"))
    (tmp_path / "soup.tgz").write_bytes(tar_gz())
    server.pages["/soup"] = tar_gz()
    digest = find(server.url("/soup")).digest
    handles = [folder, str(tmp_path / "soup.tgz"), server.url("/soup")]
    assert offline(*handles) == dict.fromkeys(handles, digest)


def test_offline_nothing_is_updated_from_the_network(server, tar_gz, find) -> None:
    server.pages["/soup"] = tar_gz()
    find(server.url("/soup"))
    with pytest.raises(Exception, match="cannot be updated; .* is offline"):
        find(server.url("/soup"), offline=True, update=True)


@pytest.mark.parametrize(
    ("text", "is_offline"), [("1", True), ("yes", True), ("0", False), ("", False)]
)
def test_the_environment_says_offline(text, is_offline, monkeypatch) -> None:
    monkeypatch.setenv("SEMSEARCH_OFFLINE", text)
    assert current_policy().offline is is_offline
    assert current_policy(offline=True).offline
