"""`search` and `similar`: find items by meaning."""

from __future__ import annotations

from collections.abc import Sequence

import click

from semsearch.cli.options import json_option, k_option, name_argument, opened, where_option
from semsearch.cli.screen import print_hits, print_json
from semsearch.collection import Hit


@click.command()
@name_argument
@click.argument("query", required=False)
@click.option("--image", metavar="FILE", help="Search by an image instead of a text.")
@k_option
@where_option
@click.option(
    "--mode", default="semantic", show_default=True, help="How to compare; semantic for now."
)
@json_option
@click.pass_context
def search(  # noqa: PLR0913 - one parameter an option
    context: click.Context,
    *,
    name: str,
    query: str | None,
    image: str | None,
    k: int,
    where: str | None,
    mode: str,
    as_json: bool,
) -> None:
    """Find the items of NAME that are nearest in meaning to QUERY or to an image."""
    if (query is None) == (image is None):
        raise click.UsageError("give either a QUERY or --image FILE")
    collection = opened(context, name, read_only=True)
    _print(collection.search(query, image=image, k=k, where=where, mode=mode), as_json)


@click.command()
@name_argument
@click.argument("key")
@k_option
@where_option
@json_option
@click.pass_context
def similar(
    context: click.Context, *, name: str, key: str, k: int, where: str | None, as_json: bool
) -> None:
    """Find the items of NAME that are nearest to the stored item KEY."""
    _print(opened(context, name, read_only=True).similar(key, k=k, where=where), as_json)


def _print(hits: Sequence[Hit], as_json: bool) -> None:
    if as_json:
        print_json([hit.as_dict() for hit in hits])
    else:
        print_hits(hits)
