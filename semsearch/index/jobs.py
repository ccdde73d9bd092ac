"""An index build in a process of its own: what it is told, what it gives back, how it is run."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semsearch import errors, fsio
from semsearch.errors import IndexBuildFailed, IndexBuildStopped
from semsearch.index.build import Progress
from semsearch.index.kinds import check_request
from semsearch.index.plan import RECALL_TARGET, IndexPlan

logger = logging.getLogger(__name__)

SUFFIX = ".faiss"
LOOKS_PER_SECOND = 20
REMEDY = "search goes on without the index; see the log, or ask for another kind"


@dataclass(frozen=True)
class IndexJob:
    """What an index is built from: `files` are `.npy` files of (n, dim) with their n, in order.

    The index is published as `folder`/<sha256>.faiss by way of `scratch`, which must lie on the
    same file system. `dead` are rows that are not to be found.
    """

    files: tuple[tuple[Path, int], ...]
    dim: int
    folder: Path
    scratch: Path
    dead: tuple[int, ...] = ()
    kind: str = "auto"
    recall_target: float = RECALL_TARGET
    seed: int = 0
    threads: int = 1

    def place(self, sha256: str) -> Path:
        """Return where the index of this digest is put."""
        return self.folder / f"{sha256}{SUFFIX}"

    def as_json(self) -> str:
        """Return the job as the text of a file."""
        files = [[str(path), n] for path, n in self.files]
        paths = {"files": files, "folder": str(self.folder), "scratch": str(self.scratch)}
        return json.dumps({**vars(self), **paths})

    @classmethod
    def from_json(cls, text: str) -> IndexJob:
        """Return the job that `as_json` wrote.

        Raises:
            ValueError: a text that is not such a job.
        """
        try:
            values = json.loads(text)
            values["files"] = tuple((Path(path), int(n)) for path, n in values["files"])
            values["folder"], values["scratch"] = Path(values["folder"]), Path(values["scratch"])
            return cls(**{**values, "dead": tuple(values.get("dead", ()))})
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"this is no job for building an index: {error!r}") from error


@dataclass(frozen=True)
class BuiltIndex:
    """What a build gave: its plan, over how many rows, and the file; "" and 0 for a scan."""

    plan: IndexPlan
    n: int
    sha256: str
    size: int
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return the same as values that JSON holds."""
        return {**vars(self), "plan": self.plan.as_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> BuiltIndex:
        """Return what `as_dict` wrote."""
        return cls(**{**values, "plan": IndexPlan.from_dict(values["plan"])})


def run_worker(
    job: IndexJob, *, on_progress: Progress | None = None, stop: threading.Event | None = None
) -> BuiltIndex:
    """Build an index in a spawned, niced process and return what it published.

    The process ends when `stop` is set, and when this process ends; then nothing but a scratch
    file is left. `on_progress` is told (rows added, all rows).

    Raises:
        ValueError: a kind or a target that no collection of this width could have.
        IndexBuildStopped: `stop` was set.
        SemsearchError: what the process said of its failure, else IndexBuildFailed.
    """
    check_request(job.kind, job.recall_target, job.dim)
    fsio.make_folder(job.scratch)
    described = fsio.publish_bytes(
        job.as_json().encode(), scratch=job.scratch, place=lambda sha256: job.scratch / sha256
    )
    try:
        with fsio.kept(described.path):
            return _run(described.path, job, on_progress, stop)
    finally:
        fsio.remove(described.path)


def _run(
    path: Path, job: IndexJob, on_progress: Progress | None, stop: threading.Event | None
) -> BuiltIndex:
    # -P: with -m alone, a numpy.py in the folder where somebody stands would be run.
    command = [sys.executable, "-P", "-m", "semsearch.index.worker", str(path), "--with-parent"]
    with (
        subprocess.Popen(
            command,
            env=_environment(job.threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process,
        _stopping(process, stop),
    ):
        last = _follow(process, on_progress)
        process.wait()
    if process.returncode != 0 and stop is not None and stop.is_set():
        raise IndexBuildStopped("building the index was stopped", "it starts again by itself")
    return _result(last, process.returncode)


def _environment(threads: int) -> dict[str, str]:
    """Return the environment of a worker: it imports this very semsearch, with as many threads."""
    here = str(Path(errors.__file__).parent.parent)
    paths = [here, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "OMP_NUM_THREADS": str(threads),
        # Threads that wait without spinning: on busy cores a build took 2.3 times as long with it.
        "OMP_WAIT_POLICY": "PASSIVE",
    }


@contextmanager
def _stopping(process: subprocess.Popen[str], stop: threading.Event | None) -> Iterator[None]:
    """Kill the process when `stop` is set, or when the caller is interrupted."""

    def watch() -> None:
        while stop is not None and process.poll() is None:
            if stop.wait(1 / LOOKS_PER_SECOND):
                process.kill()

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    except BaseException:
        process.kill()
        raise


def _follow(process: subprocess.Popen[str], on_progress: Progress | None) -> dict[str, Any]:
    """Read the worker's lines to the end and return the last one that is no progress."""
    last: dict[str, Any] = {}
    for line in process.stdout or ():
        told = _parsed(line)
        if "progress" not in told:
            last = told or last
        elif on_progress is not None:
            on_progress(*told["progress"])
    return last


def _parsed(line: str) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        logger.warning("the index worker wrote %r", line)
        return {}
    return told if isinstance(told, dict) else {}


def _result(last: dict[str, Any], returncode: int) -> BuiltIndex:
    if returncode == 0 and "built" in last:
        return BuiltIndex.from_dict(last["built"])
    if "failed" in last:
        failed = last["failed"]
        raise _class_of(failed["code"])(failed["problem"], failed["remedy"])
    how = f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"
    raise IndexBuildFailed(f"the process that builds the index ended by {how}", REMEDY)


def _class_of(code: str) -> type[errors.SemsearchError]:
    classes = [one for one in vars(errors).values() if isinstance(one, type)]
    known = [one for one in classes if issubclass(one, errors.SemsearchError)]
    return next((one for one in known if one.code == code), IndexBuildFailed)
