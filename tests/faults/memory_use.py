"""How much memory this process takes, as the kernel counts it."""

from __future__ import annotations

import os
from pathlib import Path

RESET_PEAK = "5"


def resident() -> int:
    """Return the bytes of this process that are in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def own() -> int:
    """Return the same without pages of files, which the kernel takes back as it likes."""
    return _line("RssAnon")


def peak() -> int:
    """Return the most bytes that were in memory since `forget_peak`."""
    return _line("VmHWM")


def forget_peak() -> None:
    """Count the peak anew from here."""
    Path("/proc/self/clear_refs").write_text(RESET_PEAK)


def _line(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the kernel does not tell {name}")
