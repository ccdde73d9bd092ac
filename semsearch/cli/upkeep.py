"""`compact`: what keeps a collection's files in order."""

from __future__ import annotations

from dataclasses import asdict

import click

from semsearch.cli.options import json_option, name_argument, opened
from semsearch.cli.screen import counted, print_json


@click.command()
@name_argument
@json_option
@click.pass_context
def compact(context: click.Context, *, name: str, as_json: bool) -> None:
    """Give back the room that deleted items of NAME take on the disk."""
    report = opened(context, name).compact()
    if as_json:
        print_json(asdict(report))
        return
    before, after = report.bytes_before / 1e6, report.bytes_after / 1e6
    click.echo(
        f"dropped {counted(report.dropped, 'deleted row')} in {report.seconds:.1f} s:"
        f" {before:,.1f} MB became {after:,.1f} MB"
    )
