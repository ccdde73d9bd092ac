"""A backup holds one moment whole, and nothing but a sound backup is restored."""

from __future__ import annotations

import io
import json
import os
import resource
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from semsearch import fsio
from semsearch.errors import (
    CollectionDamaged,
    CollectionExists,
    SemsearchError,
    StorageError,
    StorageFull,
)
from semsearch.store import Batch, NewItem, Store
from semsearch.store.database import open_writer
from semsearch.store.merging import SMALL
from semsearch.store.restoring import restore
from tests.store.rows import item, keys, put, stored_vectors, vectors


@pytest.fixture
def filled(store: Store) -> Store:
    """A store of two segments with an image, a result, an index and a deleted row."""
    n = SMALL // 16 + 1
    picture = fsio.hashlib.sha256(b"picture").hexdigest()
    with store.writing() as writer:
        writer.commit(Batch([item(f"k{row}") for row in range(n)], vectors(n)))
        writer.publish_blob(b"picture")
        writer.commit(Batch([NewItem("image", "", {}, picture, picture)], vectors(1, 7)))
        writer.delete([3])
        writer.save_result("clustering", "default", {"labels": np.arange(4)}, {})
        published = fsio.publish_bytes(
            b"codes",
            scratch=store.folder.scratch,
            place=lambda sha256: store.folder.derived_file(sha256, ".faiss"),
        )
        writer.record_derived("index", "main", published, n, None, {})
    return store


def back_up(store: Store, target: Path) -> Path:
    store.backup(target)
    return target


def test_a_restored_collection_is_the_one_that_was_backed_up(filled: Store, tmp_path: Path) -> None:
    report = filled.backup(tmp_path / "b.tar")
    assert report.items == len(keys(filled))
    assert (report.size, report.sha256) == (
        report.path.stat().st_size,
        fsio.digest_of(report.path),
    )
    restore(report.path, tmp_path / "again")
    again = Store(tmp_path / "again")
    assert keys(again) == keys(filled)
    assert np.array_equal(stored_vectors(again), stored_vectors(filled))
    assert again.blob(fsio.hashlib.sha256(b"picture").hexdigest()) == b"picture"
    assert again.result_names("clustering") == ["default"]
    assert again.derived("index") == []
    assert again.check(full=True).findings == ()
    put(again, "one more")
    assert "one more" in keys(again)


def test_a_backup_of_the_middle_of_a_purge_is_restored_without_the_purged_bytes(
    filled: Store, tmp_path: Path
) -> None:
    with filled.writing() as writer:
        writer.commit(Batch([item("secret", "what nobody may know")], vectors(1, 9)))
        writer.delete([int(filled.snapshot().ids[-1])], erase=True)
        source = back_up(filled, tmp_path / "b.tar")
    assert b"what nobody may know" in source.read_bytes()
    restore(source, tmp_path / "restored")
    restored = Store(tmp_path / "restored")
    assert keys(restored) == keys(filled)
    assert restored.check(full=True).findings == ()
    restored.close()
    assert b"what nobody may know" not in (tmp_path / "restored" / "store.db").read_bytes()


def test_a_backup_is_a_plain_tar_with_names_that_tell(filled: Store, tmp_path: Path) -> None:
    with tarfile.open(back_up(filled, tmp_path / "b.tar")) as archive:
        names = archive.getnames()
        for member in archive.getmembers():
            if "/" in member.name:
                digest = fsio.hashlib.sha256(archive.extractfile(member).read()).hexdigest()
                assert digest == Path(member.name).stem
    assert names[:3] == ["backup.json", "FORMAT", "store.db"]
    assert not any(name.startswith("derived") for name in names)


def test_backups_beside_a_writer_each_hold_whole_batches(store: Store, tmp_path: Path) -> None:
    put(store, "first")
    stop = threading.Event()

    def write() -> None:
        other, n = Store(store.folder.path), 0
        while not stop.is_set():
            put(other, *(f"{n}-{row}" for row in range(7)), seed=n)
            n += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(4):
            report = store.backup(tmp_path / f"{number}.tar")
            assert report.items % 7 == 1
    finally:
        stop.set()
        thread.join()
    restore(report.path, tmp_path / "again")
    assert len(keys(Store(tmp_path / "again"))) == report.items


def test_a_backup_leaves_nothing_beside_it(filled: Store, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    back_up(filled, tmp_path / "out" / "b.tar")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.tar"]


def test_a_backup_never_takes_the_place_of_a_file(filled: Store, tmp_path: Path) -> None:
    (tmp_path / "b.tar").write_text("mine")
    with pytest.raises(StorageError, match="exists already; choose another name"):
        filled.backup(tmp_path / "b.tar")
    assert (tmp_path / "b.tar").read_text() == "mine"


def test_a_backup_inside_the_collection_is_refused(filled: Store) -> None:
    with pytest.raises(ValueError, match="outside the collection's folder"):
        filled.backup(filled.folder.path / "b.tar")


@pytest.mark.parametrize("folder", ["segments", "blobs", "heads"])
@pytest.mark.parametrize("how", ["flipped", "missing"])
def test_damage_is_not_backed_up(filled: Store, tmp_path: Path, folder: str, how: str) -> None:
    path = next(path for path in (filled.folder.path / folder).rglob("*") if path.is_file())
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    if how == "missing":
        path.unlink()
    with pytest.raises(SemsearchError, match="run `semsearch check"):
        filled.backup(tmp_path / "b.tar")
    assert not (tmp_path / "b.tar").exists()


@pytest.mark.parametrize("operation", ["create", "write", "fsync", "rename"])
def test_a_backup_that_finds_the_disk_full_leaves_no_file(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    (tmp_path / "out").mkdir()

    def full(at: str, path: Path) -> None:
        if at == operation:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(fsio, "checkpoint", full)
    with pytest.raises(StorageFull, match="free some space"):
        filled.backup(tmp_path / "out" / "b.tar")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_restore_never_overwrites(filled: Store, tmp_path: Path) -> None:
    source = back_up(filled, tmp_path / "b.tar")
    with pytest.raises(CollectionExists):
        restore(source, filled.folder.path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "todo").write_text("mine")
    with pytest.raises(CollectionExists):
        restore(source, tmp_path / "notes")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.99, 0.9999])
def test_a_backup_that_was_cut_is_refused(filled: Store, tmp_path: Path, share: float) -> None:
    source = back_up(filled, tmp_path / "b.tar")
    data = source.read_bytes()
    source.write_bytes(data[: int(len(data) * share)])
    refused(source, tmp_path)


def test_no_flipped_bit_of_a_backup_is_restored_unnoticed(filled: Store, tmp_path: Path) -> None:
    source = back_up(filled, tmp_path / "b.tar")
    sound = source.read_bytes()
    expected = keys(filled)
    chance = np.random.default_rng(3)
    for number, place in enumerate(chance.integers(0, len(sound), 40)):
        data = bytearray(sound)
        data[place] ^= 1 << int(chance.integers(8))
        source.write_bytes(data)
        target = tmp_path / f"again{number}"
        try:
            restore(source, target)
        except SemsearchError:
            assert not target.exists()
        else:  # the bit stood in a name, a time or a padding that means nothing
            assert keys(Store(target)) == expected


def refused(source: Path, tmp_path: Path, why: str = "is no sound backup") -> None:
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(CollectionDamaged, match=why) as told:
        restore(source, tmp_path / "again")
    assert {path.name for path in tmp_path.iterdir()} == before
    assert "Traceback" not in str(told.value)


def rewritten(source: Path, change: Callable[[tarfile.TarInfo, bytes], object]) -> None:
    """Write an archive anew; `change` returns (name or TarInfo, bytes), or None to leave it out."""
    out = io.BytesIO()
    with tarfile.open(source) as old, tarfile.open(fileobj=out, mode="w") as new:
        for member in old.getmembers():
            changed = change(member, old.extractfile(member).read())
            if changed is not None:
                info, data = changed
                info.size = len(data) if info.isreg() else 0
                new.addfile(info, io.BytesIO(data) if info.isreg() else None)
    source.write_bytes(out.getvalue())


def first_file(info: tarfile.TarInfo) -> bool:
    return info.name.startswith("segments/")


def named(name: str) -> Callable[[tarfile.TarInfo], None]:
    return lambda info: setattr(info, "name", name)


def typed(kind: bytes, target: str = "") -> Callable[[tarfile.TarInfo], None]:
    def change(info: tarfile.TarInfo) -> None:
        info.type, info.linkname = kind, target

    return change


@pytest.mark.parametrize(
    "change",
    [
        named("../outside"),
        named("/tmp/outside"),
        named("segments/../../outside"),
        named("segments"),
        named("segments/notes.npy"),
        named("derived/" + "0" * 64 + ".faiss"),
        named("store.db-wal"),
        named("blobs/ab/" + "0" * 64),
        named("tmp/x" + "y" * 200),
        typed(tarfile.SYMTYPE, "/etc/passwd"),
        typed(tarfile.LNKTYPE, "store.db"),
        typed(tarfile.CHRTYPE),
        typed(tarfile.FIFOTYPE),
        typed(tarfile.DIRTYPE),
        typed(tarfile.CONTTYPE),
    ],
)
def test_a_hostile_member_is_refused(
    filled: Store, tmp_path: Path, change: Callable[[tarfile.TarInfo], None]
) -> None:
    source = back_up(filled, tmp_path / "b.tar")

    def swap(info: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
        if first_file(info):
            change(info)
        return info, data

    rewritten(source, swap)
    refused(source, tmp_path)
    assert not Path("/tmp/outside").exists()


def test_a_backup_with_a_file_too_few_or_too_many_is_refused(filled: Store, tmp_path: Path) -> None:
    source = back_up(filled, tmp_path / "b.tar")
    sound = source.read_bytes()
    rewritten(source, lambda info, data: None if first_file(info) else (info, data))
    refused(source, tmp_path, "is missing")
    for name in ("FORMAT", "store.db", "backup.json"):
        source.write_bytes(sound)
        rewritten(source, lambda info, data, n=name: None if info.name == n else (info, data))
        refused(source, tmp_path)
    source.write_bytes(sound)
    extra = b"a file that nothing names"
    with tarfile.open(source, "a") as archive:
        info = tarfile.TarInfo(f"segments/{fsio.hashlib.sha256(extra).hexdigest()}.npy")
        info.size = len(extra)
        archive.addfile(info, io.BytesIO(extra))
    refused(source, tmp_path, "belongs to nothing")


def with_database(source: Path, tmp_path: Path, sql: str) -> None:
    """Change the database of a backup so that every digest is right again."""

    def change(info: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
        if info.name == "store.db":
            path = tmp_path / "changed.db"
            path.write_bytes(data)
            connection = open_writer(path)
            connection.execute(sql)
            connection.close()
            data = path.read_bytes()
            path.unlink()
            digests.append(fsio.hashlib.sha256(data).hexdigest())
        return info, data

    digests: list[str] = []
    rewritten(source, change)

    def mend(info: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
        if info.name == "backup.json":
            data = json.dumps(json.loads(data) | {"database": digests[0]}).encode()
        return info, data

    rewritten(source, mend)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("CREATE TABLE other (x)", "other tables than ours"),
        ("CREATE TRIGGER t AFTER INSERT ON item BEGIN DELETE FROM item; END", "other tables"),
        ("CREATE VIEW v AS SELECT 1", "other tables"),
        ("UPDATE item SET text = 'forged' WHERE id = 5", "is not what was written"),
        ("DELETE FROM item WHERE id = 5", "do not exist|that are none"),
        ("UPDATE file SET size = 7", "bytes instead of 7"),
        (
            "UPDATE file SET sha256 = '../../../etc/passwd' WHERE kind = 'head'",
            "is missing|no file",
        ),
    ],
)
def test_a_database_that_was_tampered_with_is_refused(
    filled: Store, tmp_path: Path, sql: str, why: str
) -> None:
    source = back_up(filled, tmp_path / "b.tar")
    with_database(source, tmp_path, sql)
    refused(source, tmp_path, why)


def test_a_restore_that_dies_leaves_no_collection(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = back_up(filled, tmp_path / "b.tar")

    def die(operation: str, path: Path) -> None:
        if operation == "rename":
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(fsio, "checkpoint", die)
    with pytest.raises(StorageFull):
        restore(source, tmp_path / "again")
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("what", ["nothing", "folder", "text"])
def test_what_is_no_backup_is_told(tmp_path: Path, what: str) -> None:
    source = tmp_path / "b.tar"
    if what == "folder":
        source.mkdir()
    elif what == "text":
        source.write_text("id,text\n" * 500)
    with pytest.raises(CollectionDamaged, match="cannot be read|is no sound backup"):
        restore(source, tmp_path / "again")


def test_a_pipe_is_no_backup(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CollectionDamaged, match="is no file"):
        restore(tmp_path / "pipe", tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_backup_that_meets_a_limit_of_sizes_leaves_no_journal(
    store: Store, tmp_path: Path
) -> None:
    put(store, *(f"k{number}" for number in range(20_000)))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = set(tmp_path.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(SemsearchError):
            store.backup(tmp_path / "backup.tar")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert set(tmp_path.iterdir()) == before


def test_a_read_only_store_can_be_backed_up(filled: Store, tmp_path: Path) -> None:
    reader = Store(filled.folder.path, read_only=True)
    assert reader.backup(tmp_path / "b.tar").items == len(keys(filled))


def test_what_stands_behind_the_end_of_a_backup_is_refused(filled: Store, tmp_path: Path) -> None:
    source = back_up(filled, tmp_path / "b.tar")
    with source.open("ab") as file:
        file.write(b"more")
    refused(source, tmp_path, "something stands behind its end")


def test_a_stamp_that_was_exchanged_is_refused(filled: Store, tmp_path: Path) -> None:
    source = back_up(filled, tmp_path / "b.tar")

    def swap(info: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
        if info.name == "FORMAT":
            data = json.dumps(json.loads(data) | {"uuid": "another"}).encode()
        return info, data

    rewritten(source, swap)
    refused(source, tmp_path, "'FORMAT' is not what was written")
