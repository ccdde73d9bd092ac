"""What a person at the terminal sees: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from semsearch.modules.handles import Policy, current_policy

SHOWN_TEXT = 300

UNWRAPPED = 1_000_000
"""The width for a file or a pipe, whose lines end where we end them and nowhere else."""


def results() -> Console:
    """Return the console of results."""
    return _console(sys.stdout)


def notes() -> Console:
    """Return the console of everything that is no result."""
    return _console(sys.stderr)


@contextmanager
def working(doing: str) -> Iterator[None]:
    """Show on stderr what is being done, for as long as it takes."""
    with notes().status(Text(doing)):  # a str would be read as markup
        yield


def print_json(value: Any) -> None:
    """Print a result as JSON, and nothing else, on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def print_facts(facts: Sequence[tuple[str, Any]], console: Console) -> None:
    """Print names and values in two columns."""
    if not console.is_terminal:  # a table would fill each line with blanks up to the longest
        width = max((len(name) for name, _ in facts), default=0)
        for name, value in facts:
            console.print(Text(f"{name:<{width}}  {value}".rstrip()))
        return
    table = Table.grid(padding=(0, 2))
    for name, value in facts:
        table.add_row(Text(name, style="dim"), Text(str(value)))
    console.print(table)


def shortened(text: str, length: int = SHOWN_TEXT) -> str:
    """Return a text on one line, cut to a length."""
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"


def counted(n: int, noun: str) -> str:
    """Return a number with its noun, such as "1 item" or "1,024 items"."""
    return f"{n:,} {noun if n == 1 else noun + 's'}"


@contextmanager
def progress_bar(doing: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show a bar with an ETA on stderr; yield what to tell it: (done, total or None)."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),  # the name itself is no format string
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("eta"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=notes(), transient=True) as progress:
        task = progress.add_task(doing, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def download_bar(*, expected: int = 0, **allowed: bool) -> Iterator[Policy]:
    """Yield a policy for fetching modules whose downloads show as bars on stderr.

    `expected` are the bytes where the source does not tell, `allowed` the policy's fields `trust`
    and `update`; SEMSEARCH_OFFLINE counts too.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("fetching {task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TextColumn("eta"),
        TimeRemainingColumn(),
    )
    progress = Progress(*columns, console=notes(), transient=True)
    tasks: dict[str, TaskID] = {}

    def report(what: str, done: int, total: int | None) -> None:
        progress.start()  # no bar, and no empty line in its place, where nothing is fetched
        if what not in tasks:
            tasks[what] = progress.add_task(what, total=total)
        progress.update(tasks[what], completed=done, total=total or expected or None)

    try:
        yield current_policy(on_progress=report, **allowed)
    finally:
        if tasks:
            progress.stop()


def _console(file: TextIO) -> Console:
    """Return a console that shows strings as they are: what we print is mostly a user's own."""
    width = None if file.isatty() else UNWRAPPED
    return Console(file=file, width=width, markup=False, emoji=False, highlight=False)
