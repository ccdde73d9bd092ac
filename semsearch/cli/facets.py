"""`facets`: how often each value of a field stands in a collection."""

from __future__ import annotations

import click
from rich.table import Table
from rich.text import Text

from semsearch.cli.options import json_option, name_argument, opened, where_option
from semsearch.cli.screen import notes, print_json, results, shortened
from semsearch.search import Facet

BAR_WIDTH = 20
SHOWN_VALUE = 60


@click.command()
@name_argument
@click.argument("fields", nargs=-1, metavar="[FIELD]...")
@where_option
@json_option
@click.pass_context
def facets(
    context: click.Context, *, name: str, fields: tuple[str, ...], where: str | None, as_json: bool
) -> None:
    """Count the values of the fields of NAME: of those given, or of all that tell something."""
    found = opened(context, name, read_only=True).facets(fields or None, where)
    if as_json:
        print_json({field: facet.as_dict() for field, facet in found.items()})
        return
    if not found:
        notes().print(f"{name!r} has no field of which several items have the same value")
    for field, facet in found.items():
        print_facet(field, facet)


def print_facet(field: str, facet: Facet) -> None:
    """Print the counts of one field with bars."""
    console = results()
    console.print(Text(field, style="bold"))
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right")
    most = max((count for _, count in facet), default=1)
    for value, count in facet:
        bar = Text("█" * round(count / most * BAR_WIDTH), style="cyan")
        table.add_row(f"{count:,}", bar, Text(_spelled(value)))
    console.print(table)
    if facet.more:
        console.print(Text(f"and {facet.more:,} more values", style="dim"))
    if facet.missing:
        console.print(Text(f"{facet.missing:,} without a value", style="dim"))
    console.print()


def _spelled(value: object) -> str:
    match value:
        case (low, high):
            return f"{low:,} to below {high:,}"
        case bool():
            return str(value).lower()
    return shortened(str(value), SHOWN_VALUE)
