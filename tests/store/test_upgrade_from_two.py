"""A collection of the second format, and a backup of one, become what is written today."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from semsearch.errors import CollectionError
from semsearch.store import Store
from semsearch.store.backup import backup
from semsearch.store.database import open_writer
from semsearch.store.folder import Folder
from semsearch.store.restoring import restore
from tests.store.dying import dies_opening
from tests.store.format_two import as_format_two
from tests.store.rows import keys, put, stored_vectors

KEYS = ["a", "c", "d"]


@pytest.fixture
def old(store: Store) -> Path:
    put(store, "a", "b", "c", "d")
    with store.writing() as writer:
        writer.delete([2])
    return as_format_two(store)


def words(store: Store) -> int:
    return store._read(lambda c: c.execute("SELECT count(*) FROM words WHERE words MATCH 'of'").get)


def is_sound(store: Store) -> bool:
    return store.check(full=True).level == "ok"


def test_everything_is_there_and_the_words_are_indexed(old: Path) -> None:
    store = Store(old)
    assert keys(store) == KEYS
    assert stored_vectors(store).shape == (3, 4)
    assert json.loads((old / "FORMAT").read_text())["major"] == 3
    assert words(store) == 3
    assert len(store.snapshot().passages) == 0
    assert is_sound(store)


def test_what_is_added_afterwards_goes_on_where_it_was(old: Path) -> None:
    store = Store(old)
    put(store, "new")
    assert keys(store) == [*KEYS, "new"]
    assert is_sound(store)


def test_a_read_only_opening_changes_nothing(old: Path) -> None:
    before = {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}
    with pytest.raises(CollectionError, match="older semsearch"):
        Store(old, read_only=True)
    assert {path: path.read_bytes() for path in old.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("stop", range(8))
def test_an_upgrade_that_dies_anywhere_is_done_again(
    old: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    assert dies_opening(old, monkeypatch, stop) or stop > 3
    again = Store(old)
    assert keys(again) == KEYS
    assert words(again) == 3
    assert again.check(full=True, repair=True).level == "ok"


def test_a_database_that_died_between_tables_and_stamp_is_not_extended_twice(old: Path) -> None:
    stamp = (old / "FORMAT").read_bytes()
    Store(old).close()
    (old / "FORMAT").write_bytes(stamp)
    store = Store(old)
    assert words(store) == 3
    assert json.loads((old / "FORMAT").read_text())["major"] == 3


def test_a_backup_of_format_two_is_restored_as_one_of_today(old: Path, tmp_path: Path) -> None:
    connection = open_writer(old / "store.db")
    backup(Folder(old), connection, tmp_path / "b.tar")
    connection.close()
    restore(tmp_path / "b.tar", tmp_path / "new")
    store = Store(tmp_path / "new")
    assert keys(store) == KEYS
    assert words(store) == 3
    assert np.isfinite(stored_vectors(store)).all()
    assert is_sound(store)


def test_a_collection_that_was_upgraded_can_be_backed_up_and_restored(
    old: Path, tmp_path: Path
) -> None:
    Store(old).backup(tmp_path / "b.tar")
    restore(tmp_path / "b.tar", tmp_path / "new")
    assert keys(Store(tmp_path / "new")) == KEYS
