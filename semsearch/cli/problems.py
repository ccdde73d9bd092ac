"""How a mistake is told on stderr; apart from the screen, so that errors need no consoles."""

from __future__ import annotations

import click
from rich.cells import cell_len

SHOWN_BEFORE, SHOWN_AFTER = 60, 40
"""Characters of a query that are shown around a mistake."""


def print_error(message: str) -> None:
    """Tell in one line on stderr what went wrong."""
    click.echo(f"semsearch: {' '.join(message.split())}", err=True)


def print_place(query: str, position: int) -> None:
    """Show a query on stderr, and under it a caret at the character at fault."""
    start = max(0, position - SHOWN_BEFORE)
    shown = "".join(
        character if character.isprintable() else " "
        for character in query[start : position + SHOWN_AFTER]
    )
    indent = " " * cell_len(shown[: position - start])
    click.echo(f"  {shown}\n  {indent}^", err=True)
