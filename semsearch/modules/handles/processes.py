"""Other programs that fetch for us: watched while they run, stopped when nothing moves."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from semsearch.fsio import disk_errors
from semsearch.modules.handles.attempts import NotObtained
from semsearch.modules.handles.policy import Policy
from semsearch.modules.handles.watch import LEAST

STANDSTILL = 300.0
"""How many seconds may pass in which less than `LEAST` bytes arrive."""

GLANCE = 0.25


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit status and what it wrote to both outputs together."""

    status: int
    output: str

    def last_line(self) -> str:
        """Return the last line that is not empty."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        return lines[-1] if lines else f"it ended with status {self.status} and said nothing"


def run(
    command: Sequence[str],
    folder: Path,
    *,
    what: str,
    policy: Policy,
    environment: Mapping[str, str] | None = None,
    standstill: float = STANDSTILL,
) -> Ended:
    """Run a program in `folder`, which also is its temporary folder, and return how it ended.

    The bytes that arrive in the folder are reported as the progress of `what`.

    Raises:
        NotObtained: it cannot be started, or next to nothing arrives for `standstill` seconds.
        StorageError: the disk refuses.
    """
    changed = os.environ | {"TMPDIR": str(folder)} | dict(environment or {})
    with disk_errors(folder), tempfile.TemporaryFile(dir=folder) as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=changed,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            raise NotObtained(
                f"{command[0]!r} cannot be started ({error.strerror})", "install it anew"
            ) from error
        with process:
            try:
                _watch(process, folder, partial(policy.report, what), standstill)
            finally:
                process.kill()
        output.seek(0)
        return Ended(process.returncode, output.read().decode("utf-8", "replace"))


def _watch(
    process: subprocess.Popen[bytes],
    folder: Path,
    report: Callable[[int, None], None],
    standstill: float,
) -> None:
    told, size, since = 0, 0, time.monotonic()
    report(told, None)
    while process.poll() is None:
        try:
            process.wait(GLANCE)
        except subprocess.TimeoutExpired:
            arrived = _bytes_in(folder)
            if arrived != told:
                told = arrived
                report(told, None)
            if abs(arrived - size) >= LEAST:
                size, since = arrived, time.monotonic()
            if time.monotonic() - since > standstill:
                raise NotObtained(
                    f"next to nothing has arrived for {standstill:.0f} seconds", "try again later"
                ) from None


def _bytes_in(folder: Path) -> int:
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                size += Path(parent, name).stat().st_size
            except OSError:
                continue  # It was there a moment ago.
    return size
