"""Have documents parsed in a process of their own, so that none can hang or end this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any

from semsearch import errors
from semsearch.corpus.documents import limits
from semsearch.corpus.documents.document import READY, Document, parsed_by, words_of
from semsearch.corpus.documents.plain import PLAIN_PARSERS
from semsearch.corpus.refused import Refused
from semsearch.errors import SourceError

ENDED = "ended the process that read it; it takes too much memory, or a parser has a fault"
NOT_STARTED = "close other programs, and run `semsearch doctor`"


class Reader:
    """Reads one document after the other; its process starts with the first that needs one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def read(self, content: bytes, kind: str) -> Document:
        """Return the document that these bytes of a format are.

        Raises:
            Refused: they are no such document, one without text, or one that a parser hangs on.
        """
        if kind in PLAIN_PARSERS:
            return parsed_by(PLAIN_PARSERS[kind], content, kind)
        process = self._running()
        begun, seconds = monotonic(), limits.seconds_for(len(content))
        answered = asked(process, content, kind, seconds)
        if answered is None:
            self._end()
            if monotonic() - begun >= seconds:
                raise Refused(f"takes longer than {seconds:,.0f} s to read")
            raise Refused(ENDED)
        if "refused" in answered:
            raise Refused(answered["refused"])
        return document_of(answered)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = started()
            if self._process.stdout is None or self._process.stdout.readline() != READY:
                self._end()
                raise SourceError(
                    "the process that reads documents ended before it read any", NOT_STARTED
                )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what was not yet written cannot be
                    continue
        process.wait()


def started() -> subprocess.Popen[bytes]:
    """Start a process that reads documents; raise `SourceError` where the system refuses one."""
    # -P: with -m alone, a docx.py in the folder where somebody stands would be run.
    command = [sys.executable, "-P", "-m", "semsearch.corpus.documents.worker"]
    try:
        return subprocess.Popen(
            command,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise SourceError(
            f"the process that reads documents cannot be started ({words_of(error)})", NOT_STARTED
        ) from error


def asked(
    process: subprocess.Popen[bytes], content: bytes, kind: str, seconds: float
) -> dict[str, Any] | None:
    """Return a process's answer, None where it ended without one."""
    if process.stdin is None or process.stdout is None:
        return None
    try:
        head = json.dumps({"kind": kind, "size": len(content), "seconds": seconds})
        process.stdin.write(head.encode() + b"\n" + content)
        process.stdin.flush()
        line = process.stdout.readline()
    except OSError:
        return None
    return json.loads(line) if line.endswith(b"\n") else None


def environment() -> dict[str, str]:
    """Return the environment of the process: it imports this very semsearch."""
    here = str(Path(errors.__file__).parent.parent)
    paths = [here, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}


def document_of(answered: dict[str, Any]) -> Document:
    """Return the document of an answer."""
    fields = answered["fields"]
    dates = {name: datetime.fromisoformat(fields[name]) for name in answered["dates"]}
    return Document(
        answered["text"], answered["title"], {**fields, **dates}, tuple(answered["flaws"])
    )
