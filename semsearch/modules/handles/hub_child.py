"""Run as a program by `hub.py`: let tensorflow_hub fetch one handle into its own cache folder.

A process of its own, because the library takes its settings from the environment, waits for ever
on a silent server, and brings TensorFlow with it.
"""

from __future__ import annotations

import socket
import sys

NOT_HERE = 3
REFUSED = 1
SILENCE = 60.0


def main(url: str) -> int:
    """Fetch `url`; return 0, `NOT_HERE` if the library cannot be imported, or `REFUSED`."""
    socket.setdefaulttimeout(SILENCE)
    try:
        import tensorflow_hub
    except Exception as error:
        # A broken install fails in many ways, and all of them mean: do without the library.
        sys.stdout.write(f"\n{type(error).__name__}: {error}\n")
        return NOT_HERE
    try:
        tensorflow_hub.resolve(url)
    except Exception as error:
        first = str(error).strip().splitlines()[:1] or [""]
        sys.stdout.write(f"\n{type(error).__name__}: {first[0]}\n")
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
