"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from semsearch.collection import Collection, open_collection

Command = TypeVar("Command", bound=Callable[..., Any])

name_argument = click.argument("name")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
k_option = click.option("-k", default=10, show_default=True, help="How many hits.")
where_option = click.option(
    "--where", metavar="EXPR", help="A filter: \"stars <= 2 and source = 'yelp'\"."
)


def indexes_of(context: click.Context) -> Path:
    """Return the folder in which collections stand, given by --indexes."""
    return Path(context.find_root().params["indexes"])


def opened(context: click.Context, name: str, *, read_only: bool = False) -> Collection:
    """Open a collection by name for one command."""
    collection = open_collection(indexes_of(context), name, read_only=read_only, auto_index=False)
    return context.with_resource(collection)
