"""A file is there whole, or it is not there."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from semsearch import fsio
from semsearch.errors import StorageError, StorageFull


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


def test_a_published_file_is_named_by_what_it_holds(tmp_path: Path, scratch: Path) -> None:
    place = lambda digest: tmp_path / "deep" / "er" / digest  # noqa: E731
    published = fsio.publish_bytes(b"hello", scratch=scratch, place=place)
    assert published.path.read_bytes() == b"hello"
    assert published.sha256 == published.path.name == hashlib.sha256(b"hello").hexdigest()
    assert published.size == 5
    assert fsio.digest_of(published.path) == published.sha256
    assert list(scratch.iterdir()) == []


def test_the_order_is_bytes_fsync_rename_folder(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(fsio, "checkpoint", lambda operation, path: seen.append(operation))
    fsio.publish_bytes(b"hello", scratch=scratch, place=lambda digest: tmp_path / digest)
    assert seen == ["create", "write", "fsync", "rename", "sync-folder"]


@pytest.mark.parametrize("operation", ["create", "write", "fsync", "rename"])
def test_a_failure_at_any_step_leaves_nothing(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    def fail(at: str, path: Path) -> None:
        if at == operation:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(fsio, "checkpoint", fail)
    with pytest.raises(StorageError, match=r"cannot be written \(Input/output error\); check"):
        fsio.publish_bytes(b"hello", scratch=scratch, place=lambda digest: tmp_path / digest)
    assert [path.name for path in tmp_path.iterdir()] == ["tmp"]
    assert list(scratch.iterdir()) == []


def test_a_really_full_disk_is_told_with_the_remedy(tmp_path: Path, scratch: Path) -> None:
    """A limit on the file size is the kernel's own way to refuse bytes, without root."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(StorageFull, match="is full .* free some space"):
            fsio.publish_bytes(b"x" * 5000, scratch=scratch, place=lambda d: tmp_path / d)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(scratch.iterdir()) == []


def test_folders_that_grow_beside_each_other_do_not_sweep_each_other(tmp_path: Path) -> None:
    def grow(_: int) -> bool:
        with fsio.growing_folder(tmp_path / "target") as growing:
            (growing / "file").touch()
            return (growing / "file").exists()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(grow, range(200)))
    assert list(tmp_path.iterdir()) == []
