"""The process in which documents are parsed: `python -m semsearch.corpus.documents.worker`.

It reads a line of JSON and the bytes it announces, and answers with a line of JSON, until its input
ends. A parser that goes on for longer than it is given ends the process, and so may one that takes
too much memory or has a fault: whoever asked goes on with the next document in a new one.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import json
import sys
from datetime import date
from typing import Any, BinaryIO

from semsearch.corpus.documents.document import READY
from semsearch.corpus.documents.limits import MEMORY
from semsearch.corpus.documents.parsing import parse
from semsearch.corpus.refused import Refused


def main() -> None:
    """Answer until the input ends."""
    bound_memory()
    source, target = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a parser prints must not become an answer
    target.write(READY)
    target.flush()
    while line := source.readline():
        asked = json.loads(line)
        content = source.read(asked["size"])
        faulthandler.dump_traceback_later(asked["seconds"], exit=True)
        answered = answer(content, asked["kind"])
        faulthandler.cancel_dump_traceback_later()
        tell(target, answered)


def answer(content: bytes, kind: str) -> dict[str, Any]:
    """Return what a document holds, or why it cannot be read."""
    try:
        made = parse(content, kind)
    except Refused as refused:
        return {"refused": refused.reason}
    except MemoryError:
        gc.collect()
        return {"refused": "takes too much memory to read"}
    dates = {
        name: value.isoformat() for name, value in made.fields.items() if isinstance(value, date)
    }
    return {
        "text": made.text,
        "title": made.title,
        "fields": {**made.fields, **dates},
        "dates": list(dates),
        "flaws": made.flaws,
    }


def tell(target: BinaryIO, answered: dict[str, Any]) -> None:
    """Write an answer."""
    target.write(json.dumps(answered).encode() + b"\n")
    target.flush()


def bound_memory() -> None:
    """Let the system refuse memory beyond `MEMORY`, where it can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    main()
