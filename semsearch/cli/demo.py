"""`demo`: the sample collections, three searches, and the browser."""

from __future__ import annotations

from itertools import islice

import click

from semsearch import corpus
from semsearch.cli.hits import print_hits
from semsearch.cli.index import index_sample
from semsearch.cli.options import indexes_of, opened
from semsearch.cli.screen import notes, results
from semsearch.collection import collection_names, open_collection
from semsearch.errors import CollectionExists

SAMPLES = {"reviews": {"text": "review", "key": "id"}, "pictures": {}}

SEARCHES = (
    ("reviews", "the acoustics are superb"),
    ("reviews", "delicious dinner and kind staff"),
    ("reviews", "die Kopfhörer klingen wunderbar"),
)
"""The best hits share no word with the query; the last is German over English reviews."""

LOOKED_FOR = 10
"""Rows of a sample of which a collection holds at least one, or it is not the sample."""


@click.command()
@click.option("--no-serve", is_flag=True, help="Print three searches instead of serving.")
@click.pass_context
def demo(context: click.Context, *, no_serve: bool) -> None:
    """Build the sample collections `reviews` and `pictures` and open the web UI."""
    for name, columns in SAMPLES.items():
        _check_place(context, name, columns)
    for name, columns in SAMPLES.items():
        notes().print(name, style="bold")
        index_sample(indexes_of(context), name, **columns)
    if no_serve:
        for name, query in SEARCHES:
            results().print(f"{name}: “{query}”\n", style="bold")
            hits = opened(context, name, read_only=True).search(query, k=3)
            print_hits(list(hits))  # without the way to the next page
        return
    group = context.find_root().command
    serve = group.get_command(context, "serve") if isinstance(group, click.Group) else None
    if serve is None:
        raise click.UsageError("the web UI is not installed; run `semsearch demo --no-serve`")
    context.invoke(serve)


def _check_place(context: click.Context, name: str, columns: dict[str, str]) -> None:
    """Refuse to write into a collection of the user's own that has the name of a sample."""
    indexes = indexes_of(context)
    if name not in collection_names(indexes):
        return
    # A demo that was stopped early has stored the first rows of its sample, or none.
    first = islice(corpus.read_corpus(corpus.sample_path(name), **columns).entries, LOOKED_FOR)
    with open_collection(indexes, name, read_only=True) as standing:
        if len(standing) and not standing.known([entry.key for entry in first]):
            raise CollectionExists(
                f"a collection named {name!r} stands in {str(indexes)!r} already"
                " and is not the sample",
                "choose another place: semsearch --indexes DIR demo",
            )
