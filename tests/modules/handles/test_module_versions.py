"""An update goes through in one step: before it the old version is whole, after it the new one."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from semsearch import fsio
from semsearch.errors import ModuleError, StorageFull
from semsearch.modules.handles import forget, verify_cached
from semsearch.modules.handles.cache import Cache

OLD = {"saved_model.pb": b"old soup", "assets/a.txt": b"old"}
NEW = {"saved_model.pb": b"new soup", "assets/a.txt": b"new"}


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


class Stop:
    """Stand in the way of the n-th operation on the disk; a killed process does nothing after."""

    def __init__(self, at: int, *, is_kill: bool) -> None:
        self.at, self.is_kill, self.seen = at, is_kill, 0

    def __call__(self, operation: str, path: Path) -> None:
        self.seen += 1
        if self.is_kill and self.seen >= self.at:
            raise Killed
        if self.seen == self.at:
            raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def soup(server, tar_gz, find) -> str:
    """A module that was fetched once, and of which the server has a new version."""
    server.pages["/soup"] = tar_gz(OLD)
    find(server.url("/soup"))
    server.pages["/soup"] = tar_gz(NEW)
    return server.url("/soup")


def graph(found) -> bytes:
    return (found.path / "saved_model.pb").read_bytes()


@pytest.mark.parametrize("is_kill", [True, False], ids=["kill", "full disk"])
def test_wherever_an_update_stops_one_version_is_whole_even_offline(
    is_kill, soup, find, cache, tmp_path, monkeypatch
) -> None:
    shutil.copytree(cache, tmp_path / "before")
    met = []
    for at in range(1, 200):
        shutil.rmtree(cache)
        shutil.copytree(tmp_path / "before", cache)
        stop = Stop(at, is_kill=is_kill)
        with monkeypatch.context() as patch, suppress(Killed, StorageFull, OSError):
            patch.setattr(fsio, "checkpoint", stop)
            find(soup, update=True)
        assert [one.problem for one in verify_cached()] == [None]
        met.append(graph(find(soup, offline=True)))
        assert graph(find(soup)) == met[-1]
        if stop.seen < at:
            break
    # Old up to a point and new from there.
    assert met == sorted(met, reverse=True) and set(met) == {b"old soup", b"new soup"}


def test_an_update_that_was_cut_short_is_replaced_by_the_next(soup, find, monkeypatch) -> None:
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(fsio, "checkpoint", Stop(25, is_kill=True))
        find(soup, update=True)
    assert graph(find(soup, update=True)) == b"new soup" == graph(find(soup, offline=True))


def test_who_reads_the_old_version_can_go_on_until_the_next_update(
    soup, server, tar_gz, find
) -> None:
    old = find(soup, offline=True)
    new = find(soup, update=True)
    assert (graph(old), graph(new)) == (b"old soup", b"new soup")
    server.pages["/soup"] = tar_gz({"saved_model.pb": b"hot soup"})
    assert graph(find(soup, update=True)) == b"hot soup"
    assert graph(new) == b"new soup" and not old.path.exists()
    forget(soup)
    assert not new.path.exists()


def test_an_update_back_to_a_version_that_was_damaged_since_heals_it(
    soup, server, tar_gz, find
) -> None:
    old = find(soup, offline=True)
    find(soup, update=True)
    (old.path / "saved_model.pb").write_bytes(b"cold soup")
    server.pages["/soup"] = tar_gz(OLD)
    assert find(soup, update=True) == old
    assert graph(old) == b"old soup"


def test_an_update_to_the_same_version_moves_nothing(soup, server, tar_gz, find) -> None:
    old = find(soup, offline=True)
    at = (old.path / "saved_model.pb").stat().st_ino
    server.pages["/soup"] = tar_gz(OLD)
    assert find(soup, update=True) == old
    assert (old.path / "saved_model.pb").stat().st_ino == at


def refuse(path: Path) -> None:
    raise ModuleError(f"{(path / 'saved_model.pb').read_bytes()} is refused")


def test_an_update_that_the_caller_refuses_changes_nothing(soup, find, cache) -> None:
    old = find(soup, offline=True)
    before = {path: path.stat().st_mtime_ns for path in cache.rglob("*.json")}
    with pytest.raises(ModuleError, match="b'new soup' is refused"):
        find(soup, update=True, inspect=refuse)
    assert find(soup, offline=True) == old and graph(old) == b"old soup"
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*.json")} == before


def test_a_folder_that_the_caller_refuses_is_not_pinned(tmp_path, make_module, find) -> None:
    folder = make_module(tmp_path / "soup", OLD)
    old = find(folder)
    make_module(folder, NEW)
    with pytest.raises(ModuleError, match="b'new soup' is refused"):
        find(folder, update=True, inspect=refuse)
    make_module(folder, OLD)
    assert find(folder) == old


def test_what_the_user_trusts_is_not_inspected(soup, find) -> None:
    new = find(soup, update=True, trust=True, inspect=refuse)
    assert find(soup, update=True, inspect=refuse) == new


def test_verifying_waits_for_who_is_changing_a_module(soup, cache) -> None:
    (entry,) = (cache / "entries").iterdir()
    found: list = []
    verifying = threading.Thread(target=lambda: found.extend(verify_cached()))
    with Cache().alone(entry):
        (entry / "module.json").rename(cache / "module.json")
        verifying.start()
        verifying.join(0.3)
        (cache / "module.json").rename(entry / "module.json")
    verifying.join(30)
    assert [one.problem for one in found] == [None]


def test_half_written_records_of_killed_processes_are_swept(soup, find, cache) -> None:
    left, fresh = cache / "scratch" / "left", cache / "scratch" / "fresh"
    for path in (left, fresh):
        path.write_bytes(b"{")
    os.utime(left, (time.time() - 90_000,) * 2)
    find(soup, update=True)
    assert fresh.exists() and not left.exists()
