"""Making and opening a collection, and refusing what is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from semsearch import fsio
from semsearch.errors import (
    CollectionDamaged,
    CollectionExists,
    CollectionNotFound,
    FormatTooNew,
    StorageError,
)
from semsearch.store import Space, Store
from tests.store.rows import DIM, keys, put


def test_creating_over_something_else_is_refused(store: Store, tmp_path: Path) -> None:
    space = Space(DIM, None, None, {})
    with pytest.raises(CollectionExists, match="stands at .* already"):
        Store.create(store.folder.path, space, {})
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "todo.txt").write_text("mine")
    with pytest.raises(CollectionExists, match="is not empty and is not a collection"):
        Store.create(tmp_path / "notes", space, {})
    assert (tmp_path / "notes" / "todo.txt").read_text() == "mine"


def test_a_creation_that_fails_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(operation: str, path: Path) -> None:
        if operation == "rename" and path.name == "reviews":
            raise OSError(30, "Read-only file system")

    monkeypatch.setattr(fsio, "checkpoint", fail)
    with pytest.raises(StorageError, match=r"cannot be written \(Read-only file system\)"):
        Store.create(tmp_path / "reviews", Space(DIM, None, None, {}), {})
    assert list(tmp_path.iterdir()) == []


def test_opening_what_is_no_collection_says_so(tmp_path: Path) -> None:
    with pytest.raises(CollectionNotFound, match="no collection stands at"):
        Store(tmp_path / "nowhere")
    with pytest.raises(CollectionNotFound, match="is not a collection"):
        Store(tmp_path)


def test_a_newer_format_is_refused_with_the_remedy(store: Store) -> None:
    stamp = json.loads(store.folder.format.read_text())
    store.folder.format.write_text(json.dumps(stamp | {"major": 99}))
    with pytest.raises(FormatTooNew, match="has format 99, .* upgrade semsearch"):
        Store(store.folder.path)


def test_a_newer_minor_format_is_read_and_not_written(store: Store) -> None:
    put(store, "a")
    stamp = json.loads(store.folder.format.read_text())
    store.folder.format.write_text(json.dumps(stamp | {"minor": 9}))
    newer = Store(store.folder.path)
    assert keys(newer) == ["a"]
    with pytest.raises(FormatTooNew, match=r"has format 3.9, .* writes 3.0; upgrade"):
        put(newer, "b")


def test_folders_that_a_copy_dropped_are_made_again(store: Store) -> None:
    store.folder.scratch.rmdir()
    store.folder.blobs.rmdir()
    put(store, "a")
    assert keys(store) == ["a"]


def test_an_empty_collection_is_removed_and_a_filled_one_is_not(store: Store) -> None:
    other = Store(store.folder.path)
    with other.writing():
        store.remove_if_empty()
    assert store.folder.path.exists()
    put(store, "a")
    store.remove_if_empty()
    assert keys(store) == ["a"]
    with store.writing() as writer:
        writer.delete([1])
    store.remove_if_empty()
    assert not store.folder.path.exists()


def test_an_unreadable_format_file_is_damage(store: Store) -> None:
    store.folder.format.write_text("not json")
    with pytest.raises(CollectionDamaged, match="does not say which format"):
        Store(store.folder.path)


def test_what_a_killed_creation_left_is_removed_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / ".reviews.0123abcd.new"
    (left / "segments").mkdir(parents=True)
    other = tmp_path / ".films.0123abcd.new"
    other.mkdir()
    Store.create(tmp_path / "reviews", Space(DIM, None, None, {}), {})
    assert sorted(path.name for path in tmp_path.iterdir()) == [other.name, "reviews"]


def test_a_creation_that_is_going_on_is_left_alone(tmp_path: Path) -> None:
    with fsio.growing_folder(tmp_path / "reviews") as growing:
        Store.create(tmp_path / "reviews", Space(DIM, None, None, {}), {})
        assert growing.is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["reviews"]
