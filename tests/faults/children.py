"""A parent that has imported everything once and forks a child for each case.

`python -m tests.faults.children` reads jobs as JSON lines and answers each with one. It uses
neither FAISS nor threads itself: only so may it fork. Each child is a process that has never
opened a collection.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import select
import signal
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from typing import Any

import apsw  # noqa: F401 - so that children need not import it
import numpy  # noqa: F401

import semsearch.collection  # noqa: F401 - the whole engine, which the face loads when asked
from tests.faults.channel import open_channel, tell

RAISED = 70
"""How a child ends whose job raised."""

ERRORS_SHOWN = 4000


def serve() -> None:
    """Answer jobs until standard input ends."""
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)  # whatever a library prints must not come between the answers
        for line in sys.stdin:
            answers.write(json.dumps(_run(json.loads(line))) + "\n")
            answers.flush()


def _run(job: dict[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as errors:
        child = os.fork()
        if child == 0:
            os.close(reading)
            _be_the_child(job, writing, errors.fileno())
        os.close(writing)
        with suppress(OSError):
            os.setpgid(child, child)
        told, timed_out = _listen(reading, child, job)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)  # what it may have started
        errors.seek(0)
        stderr = errors.read().decode("utf-8", "replace")[-ERRORS_SHOWN:]
    return {
        "status": status,
        "timed_out": timed_out,
        "acks": [value for kind, value in told if kind == "ack"],
        "result": next((value for kind, value in told if kind == "result"), None),
        "notes": [value for kind, value in told if kind == "note"],
        "stderr": stderr,
        "seconds": time.monotonic() - started,
    }


def _be_the_child(job: dict[str, Any], pipe: int, errors: int) -> None:
    status = RAISED
    try:
        os.setpgid(0, 0)
        os.dup2(errors, 1)
        os.dup2(errors, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        faulthandler.enable()
        open_channel(pipe)
        module, _, name = job["call"].partition(":")
        tell("result", getattr(importlib.import_module(module), name)(**job.get("args", {})))
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _listen(pipe: int, child: int, job: dict[str, Any]) -> tuple[list[Any], bool]:
    """Gather what the child tells until it ends; kill it when the job says so.

    `kill_after` counts seconds from the acknowledgement number `kill_from` on (0: from the start).
    """
    deadline = time.monotonic() + job.get("timeout", 60)
    wait_for = job.get("kill_from", 0)
    kill_at = None
    if job.get("kill_after") is not None and wait_for == 0:
        kill_at = time.monotonic() + job["kill_after"]
    data = b""
    timed_out = False
    while True:
        due = deadline if kill_at is None else min(deadline, kill_at)
        ready, _, _ = select.select([pipe], [], [], max(0.0, due - time.monotonic()))
        if ready:
            piece = os.read(pipe, 1 << 16)
            if not piece:
                break
            data += piece
            arrived = data.count(b"\nack ") + data.startswith(b"ack ")
            if job.get("kill_after") is not None and kill_at is None and arrived >= wait_for:
                kill_at = time.monotonic() + job["kill_after"]
        elif time.monotonic() >= due:
            timed_out = timed_out or due == deadline
            os.kill(child, signal.SIGKILL)
            kill_at, deadline = None, time.monotonic() + 10
            job = {**job, "kill_after": None}
    os.close(pipe)
    lines = [line.split(b" ", 1) for line in data.split(b"\n")[:-1]]
    return [(kind.decode(), json.loads(value)) for kind, value in lines], timed_out


if __name__ == "__main__":
    serve()
