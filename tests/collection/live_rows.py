"""Vectors and a collection with an index, for the tests of live searching."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import semsearch
from semsearch.vectors import Vectors, unit

DIM = 16
ROWS = 3000


def around(n: int, seed: int) -> Vectors:
    """Return unit vectors (n, DIM) in thirty groups, as those of texts are."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(30, DIM))
    return unit((centres[np.arange(n) % 30] + random.normal(size=(n, DIM)) / 2).astype(np.float32))


def keys(first: int, n: int) -> list[str]:
    return [f"k{number}" for number in range(first, first + n)]


def build(path: Path) -> Path:
    """Make a collection of ROWS rows with an index."""
    with semsearch.create(path, None, dim=DIM, auto_index=False) as made:
        made.add(vectors=around(ROWS, 0), keys=keys(0, ROWS))
        made.build_index(kind="ivf", recall_target=0.99)
    return path


@contextmanager
def copied(built: Path, path: Path, *, auto_index: bool = False) -> Iterator[semsearch.Collection]:
    """Open a copy of a collection."""
    shutil.copytree(built, path)
    with semsearch.open(path, auto_index=auto_index) as opened:
        yield opened


def elsewhere(path: Path, code: str) -> None:
    """Run `code` in another process, with the collection at `path` open as `c`."""
    script = (
        "import numpy as np, semsearch\n"
        "from tests.collection.live_rows import around, keys\n"
        f"with semsearch.open({str(path)!r}, auto_index=False) as c:\n    {code}\n"
    )
    subprocess.run(
        [sys.executable, "-c", script], check=True, cwd=Path(__file__).parent.parent.parent
    )
