"""Typed columns of a store: as the database says, kept up to date, saved, and never wrong."""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semsearch import fsio
from semsearch.search import parse_filter, passing
from semsearch.store import Batch, NewItem, Refresh, Space, Store
from semsearch.store import columns as columns_module
from semsearch.store.column_files import NO_SPACE, find_saved
from semsearch.store.columns import Columns, save_columns

DIM = 2
KINDS = {"n": "number", "t": "text", "b": "boolean", "d": "date", "l": "list"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "c", Space(DIM, None, None, {}), {"modality": "text"})


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let columns of a few rows be saved."""
    monkeypatch.setattr(columns_module, "SMALLEST_SAVED", 1)


def item(key: str, **fields: Any) -> NewItem:
    return NewItem(key, f"text of {key}", fields, content=f"digest of {key}")


def put(store: Store, *items: NewItem, types: dict[str, str] | None = None) -> None:
    rows = np.zeros((len(items), DIM), np.float32)
    rows[:, 0] = 1
    found = {name: KINDS[name] for each in items for name in each.fields}
    with store.writing() as writer:
        writer.commit(Batch(items, rows, field_types=types or found))


def fresh(store: Store) -> Columns:
    """Return the columns as a new process would have them: none in memory."""
    return Columns(store.folder, store._read)


def found(store: Store, columns: Columns, where: str) -> list[str]:
    """Return the keys of the live items that pass a filter, oldest first."""
    snapshot = store.snapshot()
    mask = passing(parse_filter(where, columns.types()), columns.at(snapshot))
    ids = snapshot.every[mask if snapshot.live is None else mask & snapshot.live].tolist()
    keys = store.keys(ids)
    return [keys[id_] for id_ in ids]


def watched(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows by the number of rows of every reading of the database."""
    counts: list[int] = []
    read = columns_module.read_column

    def counting(connection: Any, name: str, kind: str, ids: Any, *, whole: bool) -> Any:
        counts.append(len(ids))
        time.sleep(0.02)  # so that threads meet
        return read(connection, name, kind, ids, whole=whole)

    monkeypatch.setattr(columns_module, "read_column", counting)
    return counts


def many(n: int, start: int = 0) -> list[NewItem]:
    return [item(f"k{i}", n=i, t=f"word {i % 7}") for i in range(start, start + n)]


def saved(store: Store, *names: str) -> list[str]:
    store.columns.clear()
    return save_columns(store, names)


def file_of(store: Store, name: str) -> Path:
    entry = find_saved(store._read, store.folder, name, store.fields()[name])
    assert entry is not None
    return entry.path


def test_every_type_is_read_as_it_was_stored(store: Store) -> None:
    put(
        store,
        item("a", n=2**53 + 1, t="é", b=True, d=date(2024, 5, 1), l=["x", "y"]),
        item("b", n=0.5, t="", b=False, d=datetime(2024, 5, 1, 12), l=[]),
        item("c"),
    )
    columns = fresh(store)
    assert found(store, columns, f"n = {2**53 + 1}") == ["a"]
    assert found(store, columns, f"n = {2**53}") == []
    assert found(store, columns, "n < 1") == ["b"]
    assert found(store, columns, "t = 'é'") == ["a"]
    assert found(store, columns, "t = ''") == ["b"]
    assert found(store, columns, "not b") == ["b"]
    assert found(store, columns, "d = '2024-05-01'") == ["a", "b"]
    assert found(store, columns, "d > '2024-05-01T00:00'") == ["b"]
    assert found(store, columns, "'y' in l") == ["a"]
    assert found(store, columns, "'y' not in l") == ["b"]
    for name in KINDS:
        assert found(store, columns, f"{name} is null") == ["c"]


def test_an_empty_collection_has_empty_columns(store: Store) -> None:
    put(store, item("a", n=1))
    with store.writing() as writer:
        writer.delete([1])
    assert found(store, fresh(store), "n = 1") == []
    empty = Store.create(store.folder.path.parent / "empty", Space(DIM, None, None, {}), {})
    for kind in KINDS.values():
        assert len(fresh(empty).column(empty.snapshot(), "x", kind)) == 0


def test_a_field_without_values_is_null_until_its_first_value_gives_it_a_type(
    store: Store,
) -> None:
    put(store, item("a", n=None), types={"n": ""})
    assert found(store, store.columns, "n <= 1") == []
    assert found(store, store.columns, "n is null") == ["a"]
    put(store, item("b", n=1))
    assert found(store, store.columns, "n <= 1") == ["b"]


def test_a_field_that_became_text_is_compared_as_it_is_spelled(store: Store) -> None:
    put(store, item("a", t=7), item("b", t=True), types={"t": "number"})
    columns = fresh(store)
    assert found(store, columns, "t = 7") == ["a"]
    put(store, item("c", t="7"), item("d", t=7.0), types={"t": "text"})
    assert found(store, columns, "t = '7'") == ["a", "c", "d"]
    assert found(store, columns, "t = 'true'") == ["b"]


def test_what_was_committed_is_found_and_nothing_else_is_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, *many(50))
    columns, counts = fresh(store), watched(store, monkeypatch)
    assert found(store, columns, "n = 51") == []
    assert counts == [50]
    put(store, *many(3, start=50))
    assert found(store, columns, "n >= 49") == ["k49", "k50", "k51", "k52"]
    assert counts == [50, 3]
    with store.writing() as writer:
        refresh = Refresh(1, item("k0", n=99, t="new"))
        writer.commit(Batch([], np.empty((0, DIM), np.float32), refreshed=[refresh]))
    assert found(store, columns, "n = 99 or n = 0") == ["k0"]
    assert found(store, columns, "t = 'new' or t > 'word 5' and n > 50") == ["k0"]
    assert counts[2:] == [1, 53]
    with store.writing() as writer:
        writer.delete([51])
    assert found(store, columns, "n >= 49") == ["k0", "k49", "k51", "k52"]
    assert counts[4:] == []


def test_an_older_snapshot_keeps_its_rows_and_is_in_nobodys_way(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, *many(10))
    columns, old = fresh(store), store.snapshot()
    put(store, *many(10, start=10))
    counts = watched(store, monkeypatch)
    assert len(columns.column(store.snapshot(), "n", "number")) == 20
    assert len(columns.column(old, "n", "number")) == 10
    assert found(store, columns, "n = 15") == ["k15"]
    assert counts == [20]


def test_an_item_that_was_deleted_since_the_snapshot_is_not_found_by_what_it_is_not(
    store: Store,
) -> None:
    put(store, *many(4))
    old = store.snapshot()
    with store.writing() as writer:
        writer.delete([1])
    for where in ("key <> 'k3'", "not key = 'k3'", "key in ('k0', 'k1', 'k2')"):
        mask = passing(parse_filter(where, store.fields()), store.columns.at(old))
        assert mask.tolist() == [False, True, True, False]
    assert found(store, store.columns, "text <> 'text of k2'") == ["k1", "k3"]


def test_rows_that_are_gone_leave_their_place(store: Store) -> None:
    """As after `compact`, which drops rows and leaves gaps between the ids."""
    put(store, *many(10))
    columns = fresh(store)
    column = columns.column(store.snapshot(), "n", "number")
    assert column.values.tolist() == list(range(10))  # type: ignore[union-attr]
    snapshot = store.snapshot()
    gap = columns_module.Snapshot(snapshot.version, snapshot.space, (), snapshot.dead)
    object.__setattr__(gap, "every", np.array([1, 4, 10]))
    for asked in (columns, fresh(store)):
        held = asked.column(gap, "t", "text")
        assert [held.words[code] for code in held.codes] == [b"word 0", b"word 3", b"word 2"]  # type: ignore[union-attr]


def test_columns_follow_whatever_happens_to_the_rows(store: Store) -> None:
    """Fifty random changes; each time the columns answer what the database answers."""
    random = np.random.default_rng(0)
    columns = fresh(store)
    put(store, item("k0", n=0, t="0"))
    for step in range(1, 50):
        live = store.snapshot().ids
        fields = {
            "n": [None, step, 2**60 + step][step % 3],
            "t": [None, f"w{step % 11}", f"v{step}"][random.integers(3)],
            "l": [None, [], [f"w{step % 5}", f"v{step}"]][random.integers(3)],
        }
        with store.writing() as writer:
            match random.integers(4):
                case 0 if len(live) > 1:
                    writer.delete([int(random.choice(live))])
                case 1 if len(live):
                    row = Refresh(int(random.choice(live)), item(f"r{step}", **fields))
                    writer.commit(Batch([], np.empty((0, DIM), np.float32), refreshed=[row],
                                        field_types={"l": "list"}))  # fmt: skip
                case _:
                    rows = np.eye(1, DIM, dtype=np.float32)
                    writer.commit(Batch([item(f"k{step}", **fields)], rows))
        snapshot = store.snapshot()
        for name in ("n", "t", "l"):
            kept = columns.column(snapshot, name, KINDS[name])
            anew = fresh(store).column(snapshot, name, KINDS[name])
            assert decoded(kept) == decoded(anew)


def decoded(column: Any) -> list[Any]:
    match type(column).__name__:
        case "NumberColumn":
            exact = dict(zip(column.large.tolist(), column.integers.tolist(), strict=True))
            return [exact.get(row, str(each)) for row, each in enumerate(column.values.tolist())]
        case "TextColumn":
            return [None if code < 0 else column.words[code] for code in column.codes]
        case "ListColumn":
            cut = [
                column.codes[a:b] for a, b in zip(column.starts, column.starts[1:], strict=False)
            ]
            return [
                None if is_missing else [column.words[code] for code in codes]
                for codes, is_missing in zip(cut, column.missing, strict=True)
            ]
    return list(column.values)


def test_threads_that_ask_for_one_column_read_it_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, *many(200))
    columns, counts = fresh(store), watched(store, monkeypatch)
    answers: list[list[str]] = []
    barrier = threading.Barrier(4)

    def ask() -> None:
        barrier.wait()
        answers.append(found(store, columns, "n < 3"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [["k0", "k1", "k2"]] * 4
    assert counts == [200]


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
