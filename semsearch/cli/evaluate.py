"""`evaluate` and `judge`: how well a collection answers, and what a person says of its hits."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.table import Table

from semsearch.cli.options import json_option, name_argument, opened
from semsearch.cli.screen import notes, print_json, results, shortened, working
from semsearch.collection import Evaluation, Figure, Judgement, Run
from semsearch.errors import CollectionError
from semsearch.search.question import MODES

VERDICTS = {"up": 1, "down": 0, "clear": None, "0": 0, "1": 1, "2": 2, "3": 3}

NAMES = {"ndcg": "nDCG", "mrr": "MRR", "map": "MAP", "precision": "prec."}
"""How measures are written for reading: a table of them fits into 80 columns."""


@click.command()
@name_argument
@click.option("--queries", metavar="FILE", help="A table with the columns query_id and text.")
@click.option("--qrels", metavar="FILE", help="A table with query_id, key, relevance, or TREC's.")
@click.option(
    "--mode",
    "modes",
    multiple=True,
    type=click.Choice(MODES),
    help="A way to search, may stand several times; all when not given.",
)
@click.option("--against", metavar="OTHER", multiple=True, help="Ask another collection too.")
@click.option("-k", default=10, show_default=True, help="How many hits count.")
@click.option("--min-ndcg", type=float, metavar="X", help="Fail where nDCG of NAME is below.")
@json_option
@click.pass_context
def evaluate(  # noqa: PLR0913 - one parameter an option
    context: click.Context,
    *,
    name: str,
    queries: str | None,
    qrels: str | None,
    modes: tuple[str, ...],
    against: tuple[str, ...],
    k: int,
    min_ndcg: float | None,
    as_json: bool,
) -> None:
    """Measure how well NAME answers judged queries, by one or more modes, side by side.

    Without --qrels what was said with `semsearch judge` counts, and without --queries these are
    the queries. The p-value says how often chance alone would make a difference as large as that to
    the first line. With --min-ndcg the exit code is 1 where any mode of NAME stays below.
    """
    if min_ndcg is not None and not 0 <= min_ndcg <= 1:
        raise click.UsageError(f"--min-ndcg lies between 0 and 1, got {min_ndcg:g}")
    if qrels is not None and queries is None:
        raise click.UsageError("--qrels judges queries; give these too, with --queries FILE")
    collection = opened(context, name, read_only=True)
    others = [opened(context, other, read_only=True) for other in against]
    with working(f"asking {name}"):
        found = collection.evaluate(queries, qrels, modes=modes or MODES, k=k, against=others)
    if as_json:
        print_json(found.as_dict())
    else:
        _print(found)
    if min_ndcg is not None:
        _check_gate(found, found.runs[: len(found.runs) // (1 + len(others))], name, min_ndcg)


@click.command()
@name_argument
@click.argument("query", required=False)
@click.argument("key", required=False)
@click.argument("verdict", required=False, type=click.Choice(list(VERDICTS)))
@json_option
@click.pass_context
def judge(
    context: click.Context,
    *,
    name: str,
    query: str | None,
    key: str | None,
    verdict: str | None,
    as_json: bool,
) -> None:
    """Say whether the item KEY answers QUERY: up, down, 2 or 3 for very good, or clear.

    What was said is stored in NAME, and `semsearch evaluate NAME` counts it. Without KEY the
    command lists what was said, of QUERY or of all.
    """
    if (key is None) != (verdict is None):
        raise click.UsageError(f"say what KEY is: one of {', '.join(VERDICTS)}")
    if query is not None and key is not None and verdict is not None:
        collection = opened(context, name)
        collection.judge(query, key, VERDICTS[verdict])
        found = collection.judgements(query)
    else:
        found = opened(context, name, read_only=True).judgements(query)
    if as_json:
        print_json([one._asdict() for one in found])
    else:
        _print_judgements(name, found)


def _check_gate(found: Evaluation, runs: Sequence[Run], name: str, least: float) -> None:
    """Raise where the mean of a run is below what was asked for."""
    measure = found.measures[0]
    low = [run for run in runs if run.figures[measure].mean < least]
    if low:
        reached = ", ".join(f"{run.figures[measure].mean:.4f} by {run.mode}" for run in low)
        raise CollectionError(
            f"{_written(measure)} of {name!r} is {reached}, below {least:g}",
            "look for what changed: --json has every query",
        )


def _print(found: Evaluation) -> None:
    first, *others = found.measures
    table = Table("", _written(first), "p", "+/-", *map(_written, others), box=None)
    for run in found.runs:
        table.add_row(
            run.name,
            _with_interval(run.figures[first]),
            *_beside(found, run),
            *(_with_interval(run.figures[measure]) for measure in others),
        )
    console = results()
    console.print(table)
    n = len(found.queries)
    console.print(
        f"{n:,} judged {'query' if n == 1 else 'queries'}; beside each mean its 95 % interval"
    )
    if len(found.runs) > 1:
        first_run = found.runs[0].name
        console.print(
            f"p: how often chance alone would differ as much from {first_run};"
            " +/-: queries answered better and worse than by it"
        )
    for note in found.notes:
        notes().print(note)


def _beside(found: Evaluation, run: Run) -> tuple[str, str]:
    """Return the p-value and the better and worse queries of a run beside the first one."""
    compared = found.comparison(run.name)
    if compared is None:
        return "", ""
    return f"{compared.p_value:.3f}", f"{compared.wins}/{compared.losses}"


def _print_judgements(name: str, found: Sequence[Judgement]) -> None:
    console = results()
    if not found:
        console.print(f"nothing of {name} is judged yet")
        return
    table = Table("query", "key", "grade", box=None)
    for one in found:
        table.add_row(shortened(one.query, 60), one.key, str(one.grade))
    console.print(table)


def _with_interval(figure: Figure) -> str:
    return f"{figure.mean:.3f} {figure.low:.2f}-{figure.high:.2f}"


def _written(measure: str) -> str:
    name, at, k = measure.partition("@")
    return f"{NAMES.get(name, name)}{at}{k}"
