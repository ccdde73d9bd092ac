"""An export is written whole and right under its name, or not at all."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from semsearch import fsio
from semsearch.errors import ModuleError, StorageError, StorageFull
from semsearch.modules import Module, load_module
from semsearch.modules.export import Exportable, verify_export

pytestmark = pytest.mark.tensorflow

KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import conftest
from semsearch import fsio

def killed(operation, path):
    if operation == "rename" and path.name == "m":
        os.kill(os.getpid(), signal.SIGKILL)

fsio.checkpoint = killed
conftest.small_text().export(sys.argv[2])
"""


@pytest.mark.parametrize("name", ["hashing", "colours"])
def test_a_module_without_a_graph_says_so_and_names_those_that_have_one(tmp_path, name) -> None:
    with pytest.raises(ModuleError, match=rf"{name}.*no TensorFlow graph.*use-multilingual"):
        load_module(name).export(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_there_already_is_refused_and_left_alone(make_text, tmp_path, kind) -> None:
    target = tmp_path / "m"
    if kind == "file":
        target.write_text("mine")
    elif kind == "folder":
        target.mkdir()
    else:
        target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(StorageError, match="exists already; choose a new folder"):
        make_text().export(target)
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_appears_meanwhile_is_refused_too(make_text, tmp_path, monkeypatch) -> None:
    target = tmp_path / "m"
    monkeypatch.setattr(fsio, "sync_tree", lambda path: target.mkdir())
    with pytest.raises(StorageError, match="exists already"):
        make_text().export(target)
    assert list(tmp_path.rglob("*")) == [target]


def test_a_place_where_nothing_can_be_written_is_told(make_text, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        make_text().export(tmp_path / "file" / "m")


def test_missing_folders_above_are_made_and_a_home_is_understood(
    make_text, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = make_text().export("~/new/place/m")
    assert folder == tmp_path / "new/place/m"
    assert [path.name for path in folder.parent.iterdir()] == ["m"]


@pytest.mark.parametrize("operation", ["create", "write", "fsync", "sync-folder", "rename"])
def test_a_disk_that_fills_up_leaves_nothing_behind(
    make_text, tmp_path, monkeypatch, operation
) -> None:
    def fail(what: str, path: Path) -> None:
        if what == operation:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(fsio, "checkpoint", fail)
    with pytest.raises(StorageFull):
        make_text().export(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_graph_that_gives_other_vectors_is_refused(make_text, tmp_path) -> None:
    with pytest.raises(
        ModuleError, match=r"other vectors.*lowest cosine 0\.\d+.*nothing was written"
    ):
        make_text(spoil=0.5).export(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_graph_that_gives_no_numbers_is_refused(make_text, tmp_path) -> None:
    with pytest.raises(ModuleError, match="lowest cosine nan"):
        make_text(spoil=float("nan")).export(tmp_path / "m")


def test_a_graph_of_another_width_is_refused(make_text, tmp_path) -> None:
    narrow, wide = make_text(), make_text(dim=5)
    mixed = Module(narrow.card, narrow.prepare, narrow._network, wide._graph)
    with pytest.raises(ModuleError, match="graph of the module 'small-text' cannot be saved"):
        mixed.export(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_what_a_graph_uses_but_does_not_track_is_told(make_text, tmp_path) -> None:
    import tensorflow as tf

    module = make_text()
    network = module._graph()
    forgetful = Module(
        module.card, module.prepare, module._network, lambda: Exportable(network.call)
    )
    with pytest.raises(ModuleError, match="cannot be saved"):
        forgetful.export(tmp_path / "m")
    assert tf.executing_eagerly()


def test_a_table_of_words_travels_as_an_asset(make_text, tmp_path) -> None:
    import tensorflow as tf

    words = tmp_path / "words.txt"
    words.write_text("soup\nrain\n")
    start = tf.lookup.TextFileInitializer(
        str(words), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, -1
    )
    table = tf.lookup.StaticVocabularyTable(start, 2)
    rows = tf.Variable(np.random.default_rng(1).standard_normal((4, 4)).astype("f4"))

    def call(texts):
        return tf.gather(rows, table.lookup(texts))

    module = Module(
        make_text().card,
        str,
        lambda: lambda texts, on_progress: call(tf.constant(list(texts))).numpy(),
        lambda: Exportable(call, variables=[rows], tracked=[table]),
    )
    folder = module.export(tmp_path / "m")
    words.unlink()
    assert verify_export(folder).is_good
    assert (folder / "assets/words.txt").read_text() == "soup\nrain\n"


def test_a_kill_at_the_last_moment_leaves_no_module_and_the_next_export_sweeps(
    make_text, tmp_path
) -> None:
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, here, str(tmp_path / "m")],
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".m.")
    folder = make_text().export(tmp_path / "m")
    assert list(tmp_path.iterdir()) == [folder]
    assert verify_export(folder).is_good


def test_an_export_under_way_is_not_swept_by_another(make_text, tmp_path, monkeypatch) -> None:
    sync_tree = fsio.sync_tree
    places: list[list[str]] = []

    def meanwhile(path: Path) -> None:
        if not places:
            places.append([])
            with pytest.raises(StorageError, match="cannot be written"):
                make_other()
            places[0] = [each.name for each in tmp_path.iterdir()]
        sync_tree(path)

    def make_other() -> None:
        monkeypatch.setattr(fsio, "sync_tree", fail)
        try:
            make_text().export(tmp_path / "m")
        finally:
            monkeypatch.setattr(fsio, "sync_tree", meanwhile)

    def fail(path: Path) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(fsio, "sync_tree", meanwhile)
    folder = make_text().export(tmp_path / "m")
    assert len(places[0]) == 1
    assert verify_export(folder).is_good


def test_exporting_says_nothing(make_text, tmp_path, capfd) -> None:
    make_text().export(tmp_path / "m")
    assert capfd.readouterr() == ("", "")


def test_the_card_in_the_folder_is_readable_json(make_text, tmp_path) -> None:
    started = time.time()
    folder = make_text().export(tmp_path / "m")
    assert json.loads((folder / "semsearch/card.json").read_text())["dim"] == 4
    assert (folder / "semsearch/SHA256SUMS").stat().st_mtime >= started - 1
