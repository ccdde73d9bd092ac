"""docs/reliability.md: the part between its marks is made from the results, never typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

BEGIN = "<!-- made by `make faults`; do not edit -->"
END = "<!-- end of what `make faults` made -->"


def write(page: Path, found: dict[str, Any]) -> None:
    """Put the table of `found` between the marks of a page."""
    text = page.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(before + BEGIN + "\n\n" + table(found) + "\n" + END + after)


def table(found: dict[str, Any]) -> str:
    """Return the results as Markdown."""
    return ""
