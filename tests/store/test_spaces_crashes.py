"""A crash before any operation on the disk leaves the spaces whole, and the work can go on."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import numpy as np
import pytest

from semsearch import fsio
from semsearch.store import Batch, NewItem, Space, Store
from semsearch.vectors import Vectors

STRIDE = 3
"""Every operation was tried once; a third of them keeps the test below ten seconds."""

WIDTHS = {"old": 4, "new": 6, "third": 8}


class Crash(BaseException):
    """Ends the work where the process would have died."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spaces") / "c"
    store = Store.create(path, Space(WIDTHS["old"], "old", "1" * 64, {}), {"modality": "text"})
    items = [NewItem(f"k-{i}", f"text {i}", {}, f"{i:064x}") for i in range(1, 7)]
    with store.writing() as writer:
        writer.commit(Batch(items, rows_of([1, 2, 3, 4, 5, 6], "old")))
        writer.delete([3])
        writer.save_result("classifier", "mood", {"a": np.ones(2)}, {})
    store.close()
    return path


def rows_of(ids: list[int], handle: str) -> Vectors:
    """Return rows that tell their id, and by their width the space."""
    return np.outer(ids, np.ones(WIDTHS[handle])).astype(np.float32)


def exchange(store: Store, handle: str) -> None:
    """Go on with the exchange for `handle` from wherever it is."""
    for ids in ([2, 5], [1, 4, 6]):  # the second lot comes between the first
        with store.writing() as writer:
            spaces = store.spaces()
            if spaces["current"].handle == handle:
                return
            space = spaces.get("building") or writer.spaces.begin(WIDTHS[handle], handle, "2", {})
            writer.spaces.extend(space.id, np.array(ids), rows_of(ids, handle))
    with store.writing() as writer:
        assert writer.spaces.make_current(store.spaces()["building"].id) == 0


def work(path: Path) -> None:
    """Exchange twice, so that the first space is dropped, and drop the second in the end."""
    store = Store(path)
    try:
        if "third" not in {space.handle for space in store.spaces().values()}:
            exchange(store, "new")
        exchange(store, "third")
        if "previous" in store.spaces():
            with store.writing() as writer:
                writer.spaces.drop("previous")
    finally:
        store.close()


def check_whole(path: Path) -> None:
    """Every item is found by the vector of the space that is current, and only by that."""
    store = Store(path)
    snapshot = store.snapshot()
    assert snapshot.ids.tolist() == [1, 2, 4, 5, 6]
    wanted = rows_of([1, 2, 4, 5, 6], str(snapshot.space.handle))
    np.testing.assert_array_equal(snapshot.take(snapshot.ids), wanted)
    names = {"old": ["mood"]}.get(str(snapshot.space.handle), [])
    assert store.result_names("classifier") == names
    for state in set(store.spaces()) - {"current"}:
        other = store.snapshot_of(state)
        ids = other.every.tolist()
        np.testing.assert_array_equal(other.take(other.every)[:, 0], ids)
    store.close()


def check_swept(path: Path) -> None:
    """No file stands there that the catalogue does not name."""
    connection = apsw.Connection(str(path / "store.db"), vfs="cksmvfs")
    named = {row[0] for row in connection.execute("SELECT sha256 FROM segment")}
    manifest = {row[0] for row in connection.execute("SELECT sha256 FROM file")}
    connection.close()
    assert named == manifest == {file.stem for file in (path / "segments").iterdir()}
    assert list((path / "heads").iterdir()) == []


def test_a_crash_before_any_operation_loses_nothing(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash_at = 1
    crashed = True
    while crashed:
        crash_at += STRIDE
        path = tmp_path / f"c{crash_at}"
        shutil.copytree(template, path)
        steps = iter(range(1, 10_000))

        def checkpoint(operation: str, where: Path, steps=steps, at=crash_at) -> None:  # type: ignore[no-untyped-def]
            if next(steps) == at:
                raise Crash(f"{operation} {where}")

        monkeypatch.setattr(fsio, "checkpoint", checkpoint)
        try:
            work(path)
            crashed = False
        except Crash:
            monkeypatch.undo()
            check_whole(path)
            work(path)
        monkeypatch.undo()
        check_whole(path)
        with Store(path).writing():
            pass  # the next writer sweeps what a crash left
        check_swept(path)
        shutil.rmtree(path)
    assert crash_at > 50
