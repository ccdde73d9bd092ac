"""The cache of modules: damage is healed or named, kills and other processes do no harm."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from semsearch.errors import ModuleError, StorageError, StorageFull
from semsearch.modules.handles import cache_root, cached_modules, verify_cached


def entry_of(cache: Path) -> Path:
    (entry,) = (path for path in (cache / "entries").iterdir() if not path.name.startswith("."))
    return entry


def content_of(entry: Path) -> Path:
    (content,) = entry.glob("content-*")
    return content


def delete(entry: Path) -> None:
    (content_of(entry) / "variables" / "variables.index").unlink()


def flip(entry: Path) -> None:
    path = content_of(entry) / "saved_model.pb"
    data = bytearray(path.read_bytes())
    data[3] ^= 1
    path.write_bytes(data)


def shorten(entry: Path) -> None:
    path = content_of(entry) / "saved_model.pb"
    path.write_bytes(path.read_bytes()[:-1])


def add(entry: Path) -> None:
    (content_of(entry) / "assets" / "more.txt").write_bytes(b"x")


def link(entry: Path) -> None:
    (content_of(entry) / "more").symlink_to("/")


def empty(entry: Path) -> None:
    for path in sorted(content_of(entry).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def uncomplete(entry: Path) -> None:
    (entry / "module.json").unlink()


def truncate(entry: Path) -> None:
    path = entry / "module.json"
    path.write_bytes(path.read_bytes()[:-20])


def forge(entry: Path) -> None:
    path = entry / "module.json"
    raw = json.loads(path.read_bytes())
    raw["files"] = raw["files"][1:]
    path.write_text(json.dumps(raw))


def foreign(entry: Path) -> None:
    path = entry / "module.json"
    path.write_text(path.read_text().replace("127.0.0.1", "127.0.0.2"))


def nest(entry: Path) -> None:
    (entry / "module.json").write_text("[" * 200_000)


def overflow(entry: Path) -> None:
    path = entry / "module.json"
    path.write_text(path.read_text().replace('"size": 15', '"size": Infinity'))


def unpair(entry: Path) -> None:
    path = entry / "module.json"
    path.write_text(path.read_text().replace('"handle": "', '"handle": "\\ud800'))


DAMAGES = {
    delete: "its file 'variables/variables.index' is missing",
    flip: "its file 'saved_model.pb' has changed",
    shorten: "its file 'saved_model.pb' has 14 bytes instead of 15",
    add: "the file 'assets/more.txt' does not belong to it",
    link: "more' is not a regular file",
    empty: "is missing",
    uncomplete: "its file 'module.json' is missing",
    truncate: "its file 'module.json' cannot be read",
    forge: "its file 'module.json' cannot be read",
    foreign: "its file 'module.json' belongs to",
    nest: "its file 'module.json' cannot be read",
    overflow: "its file 'module.json' cannot be read",
    unpair: "its file 'module.json' cannot be read",
}
every_damage = pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)


@pytest.fixture
def soup(server, tar_gz) -> str:
    server.pages["/soup"] = tar_gz()
    return server.url("/soup")


@every_damage
def test_damage_is_healed_by_fetching_once_more(damage, soup, server, find, cache) -> None:
    found = find(soup)
    damage(entry_of(cache))
    assert find(soup) == found
    assert len(server.asked) == 2
    assert verify_cached(soup)[0].problem is None


@every_damage
def test_damage_is_named_offline_with_what_to_do(damage, soup, find, cache) -> None:
    find(soup)
    damage(entry_of(cache))
    with pytest.raises(ModuleError, match=DAMAGES[damage]) as info:
        find(soup, offline=True)
    assert soup in info.value.problem
    assert info.value.remedy == f"while online, run: semsearch modules add {soup!r}"


@every_damage
def test_damage_is_named_when_the_source_is_gone(damage, soup, server, find, cache) -> None:
    find(soup)
    damage(entry_of(cache))
    server.pages.clear()
    with pytest.raises(ModuleError, match=DAMAGES[damage]) as info:
        find(soup)
    assert "could not be fetched again" in info.value.problem and "404" in info.value.problem


@every_damage
def test_damage_of_one_module_leaves_the_others_listed(
    damage, soup, find, cache, tmp_path, tar_gz
) -> None:
    find(soup)
    damage(entry_of(cache))
    (tmp_path / "shoes.tgz").write_bytes(tar_gz())
    find(tmp_path / "shoes.tgz")
    assert str(tmp_path / "shoes.tgz") in {module.handle for module in cached_modules()}
    assert sorted(one.problem is None for one in verify_cached()) == [False, True]


def test_damage_is_healed_from_a_local_archive_even_offline(tmp_path, tar_gz, find, cache) -> None:
    (tmp_path / "soup.tgz").write_bytes(tar_gz())
    found = find(tmp_path / "soup.tgz")
    delete(entry_of(cache))
    assert find(tmp_path / "soup.tgz", offline=True) == found


def test_damage_is_not_healed_with_other_content(soup, server, tar_gz, find, cache) -> None:
    find(soup)
    flip(entry_of(cache))
    server.pages["/soup"] = tar_gz({"saved_model.pb": b"shoes"})
    with pytest.raises(ModuleError, match="is not what it was"):
        find(soup)


def test_a_killed_download_leaves_nothing_that_counts_and_the_next_call_heals(
    soup, server, tar_gz, find, cache, start
) -> None:
    begun, packed = threading.Event(), tar_gz()

    def slow(handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(packed)))
        handler.end_headers()
        handler.wfile.write(packed[:50])
        handler.wfile.flush()
        begun.set()
        handler.rfile.read(1)  # Until the other side is gone.

    server.pages["/soup"] = slow
    process = start(f"find({soup!r})")
    assert begun.wait(30)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [path.suffix for path in (cache / "entries").iterdir()] == [".part"]
    server.pages["/soup"] = packed
    assert find(soup).size
    assert [path.suffix for path in (cache / "entries").iterdir()] != [".part"]
    assert len(list((cache / "entries").iterdir())) == 1


def test_what_a_killed_process_left_of_another_module_goes_too_but_not_what_is_in_use(
    soup, server, tar_gz, find, cache, start
) -> None:
    go, begun = threading.Event(), threading.Event()

    def held(handler) -> None:
        begun.set()
        go.wait(30)
        packed = tar_gz()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(packed)))
        handler.end_headers()
        handler.wfile.write(packed)

    server.pages["/held"] = held
    process = start(f"print(find({server.url('/held')!r}).size)")
    assert begun.wait(30)
    left = cache / "entries" / f".shoes-0123456789abcdef.{'0' * 32}.part"
    (left / "content").mkdir(parents=True)
    find(soup)
    assert not left.exists()
    go.set()
    assert int(process.communicate(timeout=30)[0]) == find(soup).size


def test_two_processes_at_once_fetch_exactly_once(server, tar_gz, start) -> None:
    go, begun = threading.Event(), threading.Event()

    def held(handler) -> None:
        begun.set()
        go.wait(30)
        packed = tar_gz()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(packed)))
        handler.end_headers()
        handler.wfile.write(packed)

    server.pages["/soup"] = held
    code = (
        "import logging; logging.basicConfig(level='INFO', format='%(message)s')\n"
        f"print(find({server.url('/soup')!r}).digest)"
    )
    first = start(code)
    assert begun.wait(30)
    second = start(code)
    waiting = second.stdout.readline()
    go.set()
    digests = [process.communicate(timeout=30)[0].split()[-1] for process in (first, second)]
    assert waiting.startswith("waiting until another process has fetched")
    assert digests[0] == digests[1] and len(digests[0]) == 64
    assert server.asked == ["/soup"]


def test_a_full_disk_is_told_in_one_sentence_and_nothing_is_kept(
    soup, server, tar_gz, start, cache
) -> None:
    noise = bytes((n * n * 7919 >> 5) & 255 for n in range(20_000))
    server.pages["/soup"] = tar_gz({"saved_model.pb": noise})
    process = start(
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))\n"
        f"try: find({soup!r})\nexcept Exception as error: print(type(error).__name__, error)"
    )
    told = process.communicate(timeout=30)[0]
    assert told.startswith(StorageFull.__name__) and "is full" in told and told.count("\n") == 1
    assert list((cache / "entries").iterdir()) == []


def test_a_cache_that_cannot_be_written_is_told(soup, find, tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("SEMSEARCH_MODULES", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="file.* cannot be written"):
        find(soup)


def test_a_whole_entry_is_read_without_writing_anything(soup, find, cache) -> None:
    found = find(soup)
    before = {path: path.stat().st_mtime_ns for path in cache.rglob("*")}
    assert find(soup) == found
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*")} == before


def test_the_cache_is_the_users_unless_the_environment_names_another() -> None:
    script = "from semsearch.modules.handles import cache_root; print(cache_root())"
    environment = {name: text for name, text in os.environ.items() if name != "SEMSEARCH_MODULES"}
    environment["XDG_CACHE_HOME"] = "/home/soup/cache"
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "/home/soup/cache/semsearch/modules"
    assert cache_root() == Path(os.environ["SEMSEARCH_MODULES"])
