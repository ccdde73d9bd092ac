"""`demo`: the sample collections, three searches, and the browser."""

from __future__ import annotations

import click

from semsearch.cli.index import index_sample
from semsearch.cli.options import indexes_of, opened
from semsearch.cli.screen import notes, print_hits, results

SAMPLES = {"reviews": {"text": "review", "key": "id"}, "pictures": {}}

SEARCHES = (
    ("reviews", "the acoustics are superb"),
    ("reviews", "delicious dinner and kind staff"),
    ("reviews", "die Kopfhörer klingen wunderbar"),
)
"""The best hits share no word with the query; the last is German over English reviews."""


@click.command()
@click.option("--no-serve", is_flag=True, help="Print three searches instead of serving.")
@click.pass_context
def demo(context: click.Context, *, no_serve: bool) -> None:
    """Build the sample collections `reviews` and `pictures` and open the web UI."""
    for name, columns in SAMPLES.items():
        notes().print(name, style="bold")
        index_sample(indexes_of(context), name, **columns)
    if no_serve:
        for name, query in SEARCHES:
            results().print(f"{name}: “{query}”\n", style="bold")
            print_hits(opened(context, name, read_only=True).search(query, k=3))
        return
    group = context.find_root().command
    serve = group.get_command(context, "serve") if isinstance(group, click.Group) else None
    if serve is None:
        raise click.UsageError("the web UI is not installed; run `semsearch demo --no-serve`")
    context.invoke(serve)
