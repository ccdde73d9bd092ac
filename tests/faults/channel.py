"""What a child tells its parent: acknowledgements and one result, line by line through a pipe."""

from __future__ import annotations

import json
import os
from typing import Any

_pipe: int | None = None


def open_channel(descriptor: int) -> None:
    """Send what is told from here on into a pipe."""
    global _pipe  # noqa: PLW0603 - a process has one parent
    _pipe = descriptor


def tell(kind: str, value: Any) -> None:
    """Write one line whole; the parent has it even if this process dies right afterwards."""
    if _pipe is not None:
        os.write(_pipe, f"{kind} {json.dumps(value)}\n".encode())


def acknowledge(value: Any) -> None:
    """Say that something was promised to the caller."""
    tell("ack", value)
