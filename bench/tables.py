"""Tables that read as plain text and as Markdown, and the page that they are written into."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose columns also line up as plain text."""
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * width if at == 0 else "-" * (width - 1) + ":" for at, width in enumerate(widths)]
    return "\n".join([line(head), line(rule), *map(line, rows)])


def write_between_markers(page: Path, name: str, report: str) -> None:
    """Replace what stands between `<!-- name -->` and `<!-- /name -->` of a page."""
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    text = page.read_text(encoding="utf-8")
    before, found, rest = text.partition(opening)
    _, end, after = rest.partition(closing)
    if not (found and end):
        raise SystemExit(f"{page} has no lines {opening} and {closing} to write between")
    page.write_text(f"{before}{opening}\n\n{report}\n\n{closing}{after}", encoding="utf-8")
