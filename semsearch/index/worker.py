"""The process that builds an index: `python -m semsearch.index.worker JOB.json`."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from semsearch.errors import CollectionDamaged, IndexBuildFailed, SemsearchError
from semsearch.index.choose import choose_index
from semsearch.index.files import publish_index
from semsearch.index.jobs import BuiltIndex, IndexJob
from semsearch.index.native import library
from semsearch.index.rows import Mask, Rows
from semsearch.vectors import Vectors, mapped

logger = logging.getLogger(__name__)

NICENESS = 10
BAD_USAGE = 2


def build(job: IndexJob) -> BuiltIndex:
    """Choose and build the index of a job in this process, and publish its file.

    Raises:
        SemsearchError: a file of vectors or the disk failed.
        ValueError: an index that FAISS cannot build for these vectors.
    """
    start = perf_counter()
    rows = Rows(tuple(_mapped(path, n, job.dim) for path, n in job.files))
    codes, plan = choose_index(
        rows,
        _live(len(rows), job.dead),
        kind=job.kind,
        recall_target=job.recall_target,
        seed=job.seed,
        on_progress=_tell_progress,
    )
    if codes is None:
        return BuiltIndex(plan, len(rows), "", 0, perf_counter() - start)
    published = publish_index(codes.index, scratch=job.scratch, place=job.place)
    seconds = perf_counter() - start
    return BuiltIndex(plan, len(rows), published.sha256, published.size, seconds)


def main(arguments: Sequence[str]) -> int:
    """Run the job that a file describes; return the exit code."""
    if not arguments or len(arguments) > BAD_USAGE:
        sys.stderr.write("usage: python -m semsearch.index.worker JOB.json\n")
        return BAD_USAGE
    if "--with-parent" in arguments:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        job = IndexJob.from_json(Path(arguments[0]).read_text())
        os.nice(NICENESS)
        library().omp_set_num_threads(job.threads)
        _tell("built", build(job).as_dict())
    except (SemsearchError, ValueError, OSError, MemoryError) as error:
        return _tell_failure(error)
    return 0


def _tell_failure(error: BaseException) -> int:
    """Write one line for a person to stderr, and the same in parts for the parent."""
    problem = error.problem if isinstance(error, SemsearchError) else str(error)
    remedy = error.remedy if isinstance(error, SemsearchError) else ""
    code = error.code if isinstance(error, SemsearchError) else IndexBuildFailed.code
    if isinstance(error, MemoryError):
        problem, remedy = "the memory does not hold the index", "ask for a smaller kind of index"
    _tell("failed", {"code": code, "problem": problem, "remedy": remedy})
    sys.stderr.write(f"{problem}; {remedy}\n" if remedy else f"{problem}\n")
    return 1


def _mapped(path: Path, n: int, dim: int) -> Vectors:
    try:
        vectors = mapped(path)
    except (OSError, ValueError) as error:
        raise CollectionDamaged(
            f"the vectors {path.name!r} cannot be read ({error})", "run `semsearch check`"
        ) from error
    if vectors.shape != (n, dim) or vectors.dtype != np.float32:
        raise CollectionDamaged(
            f"the vectors {path.name!r} have the shape {vectors.shape} instead of {(n, dim)}",
            "run `semsearch check`",
        )
    return np.asarray(vectors)


def _live(n: int, dead: Sequence[int]) -> Mask | None:
    if not dead:
        return None
    live = np.ones(n, dtype=np.bool_)
    live[np.asarray(dead, dtype=np.int64)] = False
    return live


def _tell_progress(done: int, total: int) -> None:
    _tell("progress", [done, total])


def _tell(kind: str, value: Any) -> None:
    sys.stdout.write(json.dumps({kind: value}) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    """Leave when the other end of stdin is closed: nobody waits for the index any more."""
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
