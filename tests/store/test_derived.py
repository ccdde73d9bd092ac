"""What the catalogue says of files that can be made again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from semsearch import fsio
from semsearch.errors import StorageError
from semsearch.store import Store


def published(store: Store, data: bytes, suffix: str = ".faiss") -> fsio.Published:
    return fsio.publish_bytes(
        data,
        scratch=store.folder.scratch,
        place=lambda sha256: store.folder.derived_file(sha256, suffix),
    )


def record(store: Store, data: bytes, name: str = "main", ids: np.ndarray | None = None) -> Path:
    file = published(store, data)
    with store.writing() as writer:
        writer.record_derived("index", name, file, 3 if ids is None else len(ids), ids, {"m": 4})
    return file.path


def test_a_recorded_file_is_found_with_what_it_covers(store: Store) -> None:
    path = record(store, b"codes")
    [found] = store.derived("index")
    assert (found.name, found.path, found.size, found.detail) == ("main", path, 5, {"m": 4})
    assert found.ids.tolist() == [1, 2, 3]
    assert found.path.read_bytes() == b"codes"


@pytest.mark.parametrize("ids", [[5, 6, 7], [1, 4, 9], [2], []])
def test_the_ids_that_a_file_covers_come_back_as_given(store: Store, ids: list[int]) -> None:
    record(store, b"codes", ids=np.array(ids, dtype=np.int64))
    [found] = store.derived("index")
    assert found.ids.tolist() == ids


def test_recording_makes_readers_notice(store: Store) -> None:
    reader = Store(store.folder.path, read_only=True)
    before = reader.version
    record(store, b"codes")
    assert reader.version > before


def test_a_new_file_takes_the_place_of_the_old_and_the_old_is_unlinked(store: Store) -> None:
    old, new = record(store, b"old"), record(store, b"new")
    assert [each.path for each in store.derived("index")] == [new]
    assert not old.exists()


def test_a_file_that_two_names_share_stays_until_the_last_is_dropped(store: Store) -> None:
    path = record(store, b"same", "one")
    record(store, b"same", "two")
    with store.writing() as writer:
        writer.drop_derived("index", "one")
        assert path.exists()
        writer.drop_derived("index")
    assert store.derived("index") == []
    assert not path.exists()


def test_a_file_that_vanished_is_not_recorded(store: Store) -> None:
    file = published(store, b"codes")
    file.path.unlink()
    with store.writing() as writer, pytest.raises(StorageError, match="vanished .* make it again"):
        writer.record_derived("index", "main", file, 1, None, {})
    assert store.derived("index") == []


def test_a_file_of_another_space_is_not_found(store: Store) -> None:
    file = published(store, b"codes")
    with store.writing() as writer:
        writer.record_derived("index", "main", file, 1, None, {}, space_id=7)
    assert store.derived("index") == []
