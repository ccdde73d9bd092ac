"""Disks that cannot be written to are read, disks that other machines share are refused."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from semsearch.errors import CollectionError
from semsearch.store import Space, Store, mounts
from tests.store.rows import keys, put


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mounts"
    path.write_text(
        "/dev/sda1 / ext4 rw 0 0\n"
        f"server:/export {tmp_path}/shared nfs4 rw 0 0\n"
        f"server:/share {tmp_path}/my\\040shared cifs rw 0 0\n"
        f"/dev/sdb1 {tmp_path}/shared/local ext4 rw 0 0\n"
    )
    monkeypatch.setattr(mounts, "MOUNTS", path)
    return tmp_path


@pytest.mark.parametrize("name", ["shared", "my shared"])
def test_a_network_disk_is_refused_with_the_reason(table: Path, name: str) -> None:
    with pytest.raises(CollectionError, match="lies on a network disk .* use a disk of this"):
        Store.create(table / name / "c", Space(4, None, None, {}), {})
    assert not (table / name).exists()


def test_a_collection_that_came_onto_a_network_disk_is_read_and_not_written(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as lifted:
        lifted.setenv(mounts.ALLOWED, "1")
        store = Store.create(table / "shared" / "c", Space(4, None, None, {}), {})
        put(store, "a")
    assert keys(Store(store.folder.path, read_only=True)) == ["a"]
    with pytest.raises(CollectionError, match="network disk"):
        Store(store.folder.path)


def test_a_local_disk_inside_of_a_network_disk_is_local(table: Path) -> None:
    assert mounts.file_system_of(table / "shared" / "local" / "c") == "ext4"
    assert mounts.file_system_of(table / "sharedwith" / "c") == "ext4"


def test_a_system_that_tells_no_mounts_refuses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounts, "MOUNTS", tmp_path / "nowhere")
    assert mounts.file_system_of(tmp_path) == ""


@pytest.fixture
def unwritable(monkeypatch: pytest.MonkeyPatch) -> None:
    # Mounting a disk takes rights that a test may not have.
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_flag=os.ST_RDONLY))


def test_a_collection_where_nothing_can_be_written_is_read(store: Store, unwritable: None) -> None:
    put(store, "a")
    store.close()
    for suffix in ("-wal", "-shm"):
        Path(f"{store.folder.database}{suffix}").unlink(missing_ok=True)
    before = sorted(store.folder.path.iterdir())
    reader = Store(store.folder.path, read_only=True)
    assert keys(reader) == ["a"]
    assert sorted(store.folder.path.iterdir()) == before


def test_one_that_was_not_closed_before_says_so(store: Store, unwritable: None) -> None:
    Path(f"{store.folder.database}-wal").write_bytes(b"a log")
    with pytest.raises(CollectionError, match="was not closed before"):
        Store(store.folder.path, read_only=True)
