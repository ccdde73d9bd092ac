"""Stores of other versions and stores that are none: told before anything is read or written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import apsw
import numpy as np
import pytest

import semsearch
from semsearch.errors import CollectionDamaged, CollectionNotFound, FormatTooNew, SemsearchError
from tests.bad_input.conftest import one_sentence


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "c"
    with semsearch.create(path, module=None, dim=4) as made:
        made.add(vectors=np.eye(4), keys=list("abcd"))
    return path


def restamp(**changes: object) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        stamp = json.loads((path / "FORMAT").read_text())
        (path / "FORMAT").write_text(json.dumps(stamp | changes))

    return change


def written(name: str, data: bytes) -> Callable[[Path], None]:
    return lambda path: (path / name).write_bytes(data) and None


def removed(name: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        for file in path.glob(name):
            shutil.rmtree(file) if file.is_dir() else file.unlink()

    return change


def foreign_database(path: Path) -> None:
    """Put a database of another program in the place of ours."""
    removed("store.db*")(path)
    connection = apsw.Connection(str(path / "store.db"), vfs="unix")
    connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
    connection.close()


def shortened_segment(path: Path) -> None:
    [segment] = (path / "segments").iterdir()
    segment.write_bytes(segment.read_bytes()[:-4])


@pytest.mark.parametrize(
    ("change", "error", "phrase"),
    [
        (restamp(major=4), FormatTooNew, "has format 4, this semsearch reads up to 3; upgrade"),
        (restamp(major=10**9), FormatTooNew, "upgrade semsearch to open it"),
        (restamp(format="another program"), CollectionDamaged, "does not say which format"),
        (restamp(major="two"), CollectionDamaged, "does not say which format"),
        (restamp(major=None), CollectionDamaged, "does not say which format"),
        (restamp(major=0), SemsearchError, "format"),
        (restamp(major=-1), SemsearchError, "format"),
        (written("FORMAT", b""), CollectionDamaged, "does not say which format"),
        (written("FORMAT", b"\xff\xfe\x00"), CollectionDamaged, "does not say which format"),
        (written("FORMAT", b"[1, 2]"), CollectionDamaged, "does not say which format"),
        (removed("FORMAT"), CollectionNotFound, "holds no FORMAT file"),
        (removed("store.db*"), SemsearchError, "database"),
        (written("store.db", b""), CollectionDamaged, "the database of"),
        (written("store.db", b"not a database" * 1000), CollectionDamaged, "the database of"),
        (foreign_database, CollectionDamaged, "the database of"),
        (removed("segments"), CollectionDamaged, "is missing"),
        (shortened_segment, CollectionDamaged, "bytes instead of"),
    ],
)
def test_a_store_that_cannot_be_trusted_is_told(
    store: Path, change: Callable[[Path], None], error: type[Exception], phrase: str
) -> None:
    change(store)

    def use() -> None:
        with semsearch.open(store) as collection:
            collection.similar("a")

    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    with pytest.raises(error) as told:
        use()
    message = one_sentence(told.value)
    assert phrase in message
    assert ";" in message  # the remedy
    after = {path: path.read_bytes() for path in before if path.is_file()}
    assert {k: v for k, v in after.items() if "-shm" not in k.name} == {
        k: v for k, v in before.items() if "-shm" not in k.name
    }


def test_a_newer_minor_format_can_be_searched_and_not_written(store: Path) -> None:
    restamp(minor=99)(store)
    with semsearch.open(store) as collection:
        assert collection.similar("a", k=1)[0].key in "bcd"
        with pytest.raises(FormatTooNew) as told:
            collection.delete(["a"])
        assert "it can be searched as it is" in one_sentence(told.value)
