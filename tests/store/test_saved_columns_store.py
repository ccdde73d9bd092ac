"""Saved columns of a store: used by the next process, kept up to date, and never wrong."""

from __future__ import annotations

import errno
import io
import logging
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from semsearch import fsio
from semsearch.store import Batch, Refresh, Store
from semsearch.store import columns as columns_module
from semsearch.store.column_files import NO_SPACE
from semsearch.store.columns import save_columns
from tests.store.columned import KINDS, file_of, found, fresh, item, many, put, saved, watched
from tests.store.rows import DIM


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let columns of a few rows be saved."""
    monkeypatch.setattr(columns_module, "SMALLEST_SAVED", 1)


@pytest.mark.usefixtures("small")
def test_a_field_of_whole_texts_is_not_saved_and_not_even_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns_module, "LARGEST_WORDS", 10_000)
    put(store, *(item(f"k{i}", t=f"{i} " * 200, n=i) for i in range(64)))
    counts = watched(store, monkeypatch)
    assert saved(store, "t", "n") == ["n"]
    assert counts == [64]
    assert found(store, store.columns, "t like '63 %'") == ["k63"]


@pytest.mark.usefixtures("small")
def test_what_is_saved_after_an_ingest_does_not_stay_in_memory(store: Store) -> None:
    put(store, *many(64))
    assert found(store, store.columns, "n = 3") == ["k3"]
    assert save_columns(store, ["n", "t"]) == ["n", "t"]
    assert list(store.columns._held) == ["n"]


def test_a_small_collection_saves_no_column(store: Store) -> None:
    put(store, *many(20))
    assert saved(store, "n") == []
    assert list(store.folder.derived.iterdir()) == []


@pytest.mark.usefixtures("small")
def test_a_saved_column_is_not_read_from_the_database(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, item("a", n=2**53 + 1, t="é", b=True, d=date(2024, 5, 1), l=["x", "y"]),
        item("b", n=1, t="z", b=False, d=date(2024, 5, 2), l=[]), item("c"))  # fmt: skip
    assert saved(store, *KINDS, "nothing") == sorted(KINDS)
    counts = watched(store, monkeypatch)
    columns = fresh(store)
    where = f"n = {2**53 + 1} and t = 'é' and b and d = '2024-05-01' and 'y' in l"
    assert found(store, columns, where) == ["a"]
    assert found(store, columns, "n is null and t is null and b is null and l is null") == ["c"]
    assert counts == []


@pytest.mark.usefixtures("small")
def test_an_old_saved_column_is_brought_up_to_date(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, *many(50))
    saved(store, "n")
    put(store, *many(2, start=50))
    counts = watched(store, monkeypatch)
    assert found(store, fresh(store), "n > 48") == ["k49", "k50", "k51"]
    assert counts == [2]


@pytest.mark.usefixtures("small")
def test_a_column_is_saved_again_when_enough_of_it_has_changed(store: Store) -> None:
    put(store, *many(64))
    assert saved(store, "n") == ["n"]
    first = file_of(store, "n")
    assert saved(store, "n") == []
    put(store, *many(2, start=64))
    assert saved(store, "n") == []
    put(store, *many(4, start=66))
    assert saved(store, "n") == ["n"]
    assert file_of(store, "n") != first
    assert not first.exists()
    assert file_of(store, "n").exists()


@pytest.mark.usefixtures("small")
def test_what_a_process_had_to_read_is_saved_at_its_leisure(store: Store) -> None:
    put(store, *many(64))
    assert save_columns(store) == []
    assert found(store, store.columns, "n < 2") == ["k0", "k1"]
    assert save_columns(store) == ["n"]
    assert save_columns(store) == []
    store.columns.clear()
    assert found(store, store.columns, "n < 2 and t = 'word 0'") == ["k0"]
    assert save_columns(store) == ["t"]


@pytest.mark.usefixtures("small")
def test_nothing_is_saved_while_somebody_else_writes_or_where_one_may_only_read(
    store: Store,
) -> None:
    put(store, *many(64))
    assert found(store, store.columns, "n < 1") == ["k0"]
    with store.writing():
        assert save_columns(store) == []
    reader = Store(store.folder.path, read_only=True)
    assert found(reader, reader.columns, "n < 1") == ["k0"]
    assert save_columns(reader) == []
    assert save_columns(store) == ["n"]


@pytest.mark.usefixtures("small")
def test_a_full_disk_saves_nothing_and_disturbs_nobody(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, *many(64))
    assert found(store, store.columns, "n < 1") == ["k0"]

    def full(operation: str, path: Path) -> None:
        if operation == "write" and path.parent == store.folder.scratch:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(fsio, "checkpoint", full)
        assert save_columns(store) == []
    assert found(store, store.columns, "n < 1") == ["k0"]
    assert list(store.folder.derived.iterdir()) == []


@pytest.mark.usefixtures("small")
def test_a_saved_column_of_a_type_that_changed_is_not_used(store: Store) -> None:
    put(store, *many(5))
    saved(store, "n")
    put(store, item("t", n="seven"), types={"n": "text"})
    assert fresh(store)._loaded("n", "text") is None
    assert found(store, fresh(store), "n = '4' or n = 'seven'") == ["k4", "t"]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("harm", [flip, cut, Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_damaged_or_missing_file_is_read_from_the_database_and_saved_again(
    store: Store,
    harm: Callable[[Path], object],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(store, *many(50))
    saved(store, "t")
    harm(file_of(store, "t"))
    store.columns.clear()
    counts = watched(store, monkeypatch)
    with caplog.at_level(logging.INFO):
        assert found(store, store.columns, "t = 'word 3' and n < 11") == ["k3", "k10"]
    assert counts == [50, 50]
    assert "the saved column 't' is" in caplog.text
    assert save_columns(store, ["t"]) == ["t"]
    assert fresh(store)._loaded("t", "text") is not None


@pytest.mark.usefixtures("small")
def test_a_file_that_vanished_is_written_again(store: Store) -> None:
    put(store, *many(50))
    assert saved(store, "n") == ["n"]
    file_of(store, "n").unlink()
    assert saved(store, "n") == ["n"]
    assert file_of(store, "n").is_file()


@pytest.mark.usefixtures("small")
def test_a_file_of_pickles_is_never_unpickled(store: Store, tmp_path: Path) -> None:
    put(store, *many(5))
    columns = fresh(store)
    monster = tmp_path / "monster.npz"
    arrays = {"values": np.array([print] * 5), "large": np.array([]), "integers": np.array([])}
    np.savez(monster, allow_pickle=True, **arrays)
    published = fsio.publish_bytes(
        monster.read_bytes(),
        scratch=store.folder.scratch,
        place=lambda sha256: store.folder.derived_file(sha256, ".npz"),
    )
    with store.writing() as writer:
        detail = {"type": "number", "version": 1}
        writer.record_derived("column", "n", published, 5, None, detail, NO_SPACE)
    assert fresh(store)._loaded("n", "number") is None
    assert found(store, columns, "n = 4") == ["k4"]


@pytest.mark.usefixtures("small")
def test_a_saved_column_holds_no_word_that_no_row_has(store: Store) -> None:
    put(store, item("a", t="secret", l=["hidden"]), item("b", t="open", l=["plain"]))
    assert found(store, store.columns, "t = 'secret' and 'hidden' in l") == ["a"]
    with store.writing() as writer:
        refresh = Refresh(1, item("a", t="x", l=["y"]))
        writer.commit(Batch([], np.empty((0, DIM), np.float32), refreshed=[refresh]))
    assert save_columns(store, ["t", "l"]) == ["l", "t"]
    for name, word in (("t", b"secret"), ("l", b"hidden")):
        assert word not in file_of(store, name).read_bytes()
    assert found(store, fresh(store), "t = 'open' and 'plain' in l") == ["b"]
    assert found(store, fresh(store), "t = 'x' and 'y' in l") == ["a"]


def archive_of(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


FOREIGN = {
    "too few rows": archive_of(
        values=np.zeros(3), large=np.zeros(0, int), integers=np.zeros(0, int)
    ),
    "no numbers": archive_of(values=np.array(["a"] * 64), large=np.zeros(0), integers=np.zeros(0)),
    "other arrays": archive_of(a=np.zeros(64)),
    "no archive": b"junk" * 100,
}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("what", FOREIGN)
def test_a_saved_column_that_is_none_is_not_used_though_the_catalogue_names_it(
    store: Store, what: str
) -> None:
    put(store, *many(64))
    assert saved(store, "n") == ["n"]
    data = FOREIGN[what]
    with store.writing() as writer:
        published = fsio.publish_bytes(
            data,
            scratch=store.folder.scratch,
            place=lambda sha256: store.folder.derived_file(sha256, ".npz"),
        )
        ids = store.snapshot().ids
        detail = {"type": "number", "version": store.version}
        writer.record_derived("column", "n", published, len(ids), ids, detail, NO_SPACE)
    assert found(store, fresh(store), "n = 3") == ["k3"]
