"""An exchange of modules that is killed at any moment goes on where it was, and loses nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch.modules.catalogue import BUILT_IN, BuiltIn
from semsearch.store import Store
from tests import words_module

N = 60

CHILD = """
import os, signal, sys
import semsearch
from semsearch import fsio
from semsearch.collection import filling
from tests import words_module

path, log, moment = sys.argv[1], sys.argv[2], int(sys.argv[3])

class Log:
    def extend(self, texts):
        with open(log, "a") as file:
            file.writelines(text + "\\n" for text in texts)

def checkpoint(operation, where):
    global moment
    moment -= 1
    if moment == 0:
        os.kill(os.getpid(), signal.SIGKILL)

words_module.register()
words_module.encoded = Log()
filling.LOOKED_UP = filling.MOST["text"] = 10
fsio.checkpoint = checkpoint
with semsearch.open(path) as collection:
    collection.reencode("words")
"""

MOMENTS = (4, 17, 19, 21, 18, 16)
"""Operations on the disk before the kill of each round; a batch takes about ten."""


@pytest.fixture(autouse=True)
def _words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUILT_IN, "words", BuiltIn(words_module.CARD, words_module.words))


def text(number: int) -> str:
    return f"text number {number} of many"


def run_child(path: Path, log: Path, moment: int) -> tuple[int, list[str]]:
    """Re-encode in a process that dies before its n-th operation; return what it encoded."""
    log.write_text("")
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path), str(log), str(moment)],
        check=False,
        cwd=Path(__file__).parents[2],
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode, log.read_text().splitlines()


def texts_done(path: Path) -> set[str]:
    """Return the texts whose new vectors are stored."""
    store = Store(path)
    missing: set[int] = set()
    spaces = store.spaces()
    if "building" in spaces:
        missing = set(store.missing(spaces["building"].id).tolist())
        done = {text(id_) for id_ in range(1, N + 1) if id_ not in missing}
    else:
        done = set()
    store.close()
    return done


def test_a_killed_exchange_encodes_no_finished_row_twice_and_answers_all_along(
    tmp_path: Path,
) -> None:
    path, log = tmp_path / "c", tmp_path / "log"
    rows = [{"id": str(n), "text": text(n)} for n in range(1, N + 1)]
    with semsearch.create(path, module="hashing") as collection:
        collection.add(rows, text="text", key="id")
        before = collection.search(text(7), k=5)
    kills, steps = 0, []
    for moment in (*MOMENTS, 10_000):
        done = texts_done(path)
        steps.append(len(done))
        code, encoded = run_child(path, log, moment)
        kills += code != 0
        assert not done & set(encoded)
        assert len(encoded) == len(set(encoded))
        with semsearch.open(path) as collection:
            if collection.handle == "words":  # the last kill may come after the switch
                break
            assert collection.search(text(7), k=5) == before
    assert kills >= 4
    assert steps == sorted(steps)
    assert steps[-1] > 0
    with semsearch.open(path) as collection:
        assert collection.handle == "words"
        keys, vectors = collection.vectors()
        assert keys == [row["id"] for row in rows]
        wanted = words_module.words().encode([row["text"] for row in rows])
        np.testing.assert_array_equal(vectors, wanted)
        collection.rollback()
        assert collection.search(text(7), k=5) == before
        collection.drop_space()
        kept = {file.stem for file in (path / "segments").iterdir()}
        assert kept == {each.sha256 for each in collection._store.snapshot().segments}
