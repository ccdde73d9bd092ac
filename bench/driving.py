"""The other end of a process that answers one JSON line for each JSON line it reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

BENCH = Path(__file__).parent
THREADS = 2


class Driven:
    """A script of bench/ in a process of its own, whose methods are called line by line."""

    def __init__(self, script: str, *arguments: str | Path | int, python: str | Path) -> None:
        self._script = script
        self._process = subprocess.Popen(
            [str(python), str(BENCH / script), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": str(THREADS), "TF_CPP_MIN_LOG_LEVEL": "3"},
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, method: str, *arguments: Any) -> Any:
        """Call a method over there and return its answer."""
        self._process.stdin.write(json.dumps([method, *arguments]) + "\n")  # type: ignore[union-attr]
        self._process.stdin.flush()  # type: ignore[union-attr]
        line = self._process.stdout.readline()  # type: ignore[union-attr]
        if not line:
            raise SystemExit(f"bench/{self._script} ended early; what it said stands above")
        return json.loads(line)

    def close(self) -> None:
        """End it."""
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait()


OUR_PYTHON = sys.executable
