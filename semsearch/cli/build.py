"""`build-index`: what makes the searches of a large collection fast."""

from __future__ import annotations

from typing import Any

import click

from semsearch.cli.options import json_option, name_argument, opened
from semsearch.cli.screen import counted, notes, print_json, progress_bar
from semsearch.collection import Collection


@click.command("build-index")
@name_argument
@click.option(
    "--kind",
    metavar="KIND",
    help="exact, flat, ivf, hnsw or a FAISS factory string; the fastest if left out.",
)
@click.option(
    "--recall-target",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.95,
    show_default=True,
    help="Which share of the ten nearest a search must find.",
)
@json_option
@click.pass_context
def build_index(
    context: click.Context, *, name: str, kind: str | None, recall_target: float, as_json: bool
) -> None:
    """Build the index of the collection NAME anew; searches go on meanwhile.

    Every search finds the best candidates in the index and scores them by the stored vectors.
    Rows that are added later are found at once; `semsearch index` builds anew when they are many.
    """
    collection = opened(context, name)
    with progress_bar(f"building the index of {name}") as progress:
        facts = collection.build_index(kind, recall_target, progress) or {}
    if as_json:
        print_json(facts)
    else:
        print_index(facts)


def build_if_due(collection: Collection) -> None:
    """Build the index when the collection has outgrown the one it has, and tell about it."""
    if not collection.index_is_due():
        return
    with progress_bar(f"building the index of {collection.name}") as progress:
        facts = collection.build_index_if_due(progress)
    if facts is not None:
        print_index(facts)


def print_index(facts: dict[str, Any]) -> None:
    """Tell on stderr which index was built, and why it was chosen."""
    size = f", {facts['bytes'] / 1e6:,.1f} MB" if facts["index"] != "exact" else ""
    console = notes()
    console.print(
        f"index of {counted(facts['rows'], 'row')}: {facts['index']}{size},"
        f" in {facts['seconds']:.1f} s"
    )
    console.print(f"  {facts['reason']}")
