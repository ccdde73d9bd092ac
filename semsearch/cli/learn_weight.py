"""`learn-weight`: how much meaning counts beside words in hybrid search, from judged queries."""

from __future__ import annotations

import click

from semsearch.cli.options import json_option, name_argument, opened
from semsearch.cli.screen import notes, print_json, results, working


@click.command("learn-weight")
@name_argument
@click.option("--queries", metavar="FILE", help="A table with the columns query_id and text.")
@click.option("--qrels", metavar="FILE", help="A table with query_id, key, relevance, or TREC's.")
@json_option
@click.pass_context
def learn_weight(
    context: click.Context,
    *,
    name: str,
    queries: str | None,
    qrels: str | None,
    as_json: bool,
) -> None:
    """Learn from judged queries how much meaning counts beside words in NAME, and keep it.

    Without --qrels what was said with `semsearch judge` counts, and without --queries these are
    the queries; ten at least. The weight stays only where it does better than the module's own on
    queries that it was not chosen by.
    """
    if qrels is not None and queries is None:
        raise click.UsageError("--qrels judges queries; give these too, with --queries FILE")
    collection = opened(context, name)
    with working(f"asking {name}"):
        found = collection.learn_weight(queries, qrels)
    if as_json:
        print_json(found.as_dict())
        return
    for note in found.notes:
        notes().print(note, style="dim")
    if found.is_kept:
        results().print(
            f"{name} now searches --mode hybrid with the weight {found.weight:g}: nDCG@10"
            f" {found.ndcg:.3f} on queries that it was not chosen by,"
            f" {found.ndcg_before:.3f} with {found.before:g} ({found.queries} queries)."
        )
    else:
        results().print(f"{name} keeps the weight {found.weight:g} ({found.queries} queries).")
