"""A writer that is killed at any moment loses nothing that it acknowledged."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import semsearch

ROUNDS = 8

WRITER = """
import sys, numpy, semsearch
path, start = sys.argv[1], int(sys.argv[2])
collection = semsearch.open(path)
for batch in range(start, start + 10_000):
    keys = [f"{batch}-{row}" for row in range(20)]
    rows = numpy.random.default_rng(batch).standard_normal((20, 8)).astype("f4")
    collection.add(vectors=rows, keys=keys)
    print("added", batch, flush=True)
    if batch % 3 == 0:
        collection.delete([f"{batch}-0"])
        print("deleted", batch, flush=True)
"""


@pytest.mark.parametrize("seed", [11])
def test_acknowledged_batches_are_there_whole_after_a_kill(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    path = tmp_path / "c"
    semsearch.create(path, module=None, dim=8).close()
    added: set[int] = set()
    deleted: set[int] = set()
    for round_ in range(ROUNDS):
        told = acknowledged_before_the_kill(path, round_ * 10_000, chance.uniform(0, 0.25))
        added |= told["added"]
        deleted |= told["deleted"]
        check(path, added, deleted)
    assert len(added) > ROUNDS


def acknowledged_before_the_kill(path: Path, start: int, delay: float) -> dict[str, set[int]]:
    """Let a writer work for a moment, kill it, and return what it had acknowledged."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(start)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    first = writer.stdout.readline()
    time.sleep(delay)
    writer.kill()
    lines = [first, *writer.stdout.read().split("\n")]
    writer.stdout.close()
    writer.wait()
    told: dict[str, set[int]] = {"added": set(), "deleted": set()}
    for line in lines:
        words = line.split()
        if len(words) == 2 and words[0] in told:
            told[words[0]].add(int(words[1]))
    return told


def check(path: Path, added: set[int], deleted: set[int]) -> None:
    """Every acknowledged row is there once with its vector, batches are whole, strays are swept."""
    with semsearch.open(path) as collection:
        collection.add(vectors=np.ones((1, 8)), keys=["a write makes the next writer sweep"])
        keys, vectors = collection.vectors()
        stored = dict(zip(keys, vectors, strict=True))
        assert len(stored) == len(keys)
        for batch in added:
            rows = np.random.default_rng(batch).standard_normal((20, 8)).astype("f4")
            for row in range(20):
                key = f"{batch}-{row}"
                if row or batch not in deleted:
                    if row == 0 and batch % 3 == 0 and key not in stored:
                        continue  # its deletion was committed and the kill came before the word
                    expected = rows[row] / np.linalg.norm(rows[row])
                    np.testing.assert_allclose(stored[key], expected, atol=1e-6)
                else:
                    assert key not in stored
        sizes = np.unique([key.split("-")[0] for key in keys if "-" in key], return_counts=True)
        assert set(sizes[1]) <= {19, 20}
        folder = collection.path
        assert list((folder / "tmp").iterdir()) == []
        assert (folder / "LOCK").read_text() == ""
        segments = {file.stem for file in (folder / "segments").iterdir()}
    assert segments == committed_segments(path)


def committed_segments(path: Path) -> set[str]:
    """Return the digests of the segments that the database names."""
    import apsw

    connection = apsw.Connection(str(path / "store.db"))
    digests = {row[0] for row in connection.execute("SELECT sha256 FROM segment")}
    connection.close()
    return digests
