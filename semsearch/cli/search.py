"""`search` and `similar`: find items by meaning and by words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import click

from semsearch.cli.hits import print_hits
from semsearch.cli.options import (
    Command,
    json_option,
    k_option,
    name_argument,
    opened,
    where_option,
)
from semsearch.cli.screen import print_json, working
from semsearch.collection import Hit
from semsearch.search import parse_term
from semsearch.search.question import AUTO, FUSIONS, MODES, ORDERS, SEMANTIC

TERM = 'a text or key:KEY, with *WEIGHT where it is not 1, such as "great service*0.5"'


def _min_score(_: click.Context, __: click.Parameter, value: str | None) -> float | str | None:
    if value is None or value == AUTO:
        return value
    try:
        return float(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is neither a number nor {AUTO}") from None


OPTIONS = (
    click.option("--image", metavar="FILE", help="Search by an image instead of a text."),
    click.option("--plus", multiple=True, metavar="TERM", help=f"To be near as well: {TERM}."),
    click.option("--minus", multiple=True, metavar="TERM", help="To be far from: as --plus."),
    k_option,
    where_option,
    click.option(
        "--mode",
        type=click.Choice(MODES),
        default=SEMANTIC,
        show_default=True,
        help="Compare meanings, words, or both.",
    ),
    click.option("--weight", type=float, metavar="0..1", help="Share of meaning in hybrid."),
    click.option("--fusion", type=click.Choice(FUSIONS), default="convex", show_default=True),
    click.option(
        "--min-score",
        callback=_min_score,
        metavar="auto|X",
        help="Leave out what scores less; auto: nothing where nothing fits.",
    ),
    click.option(
        "--diversity", type=float, default=0.0, metavar="0..1", help="Hits unlike those before."
    ),
    click.option(
        "--collapse", type=float, metavar="COSINE", help="Fold what is all but the same: 0.95."
    ),
    click.option(
        "--order",
        type=click.Choice(ORDERS),
        default="nearest",
        show_default=True,
        help="unusual: what is least like the rest of NAME; takes no question.",
    ),
    click.option("--after", metavar="CURSOR", help="The next page, as the last one named it."),
    click.option("--facets", multiple=True, metavar="FIELD", help="Count the values of a field."),
    click.option("--explain", is_flag=True, help="Say which words carried each match."),
    click.option("--page", is_flag=True, help="With --json: hits, after, facets and notes."),
    json_option,
)


def _with_options(command: Command) -> Command:
    return reduce(lambda wrapped, option: option(wrapped), reversed(OPTIONS), command)


@click.command()
@name_argument
@click.argument("query", required=False)
@_with_options
@click.pass_context
def search(
    context: click.Context,
    /,
    *,
    name: str,
    query: str | None,
    page: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """Find the items of NAME that are nearest in meaning to QUERY, to an image or to terms."""
    if query is not None and asked["image"] is not None:
        raise click.UsageError("give either a QUERY or --image FILE; add the other with --plus")
    is_asked = query is not None or asked["image"] is not None
    if not (is_asked or asked["plus"] or asked["minus"] or asked["order"] == "unusual"):
        raise click.UsageError("give a QUERY, --image FILE, --plus, --minus or --order unusual")
    for side in ("plus", "minus"):
        asked[side] = [parse_term(spelled) for spelled in asked[side]]
    collection = opened(context, name, read_only=True)
    if asked["order"] == "unusual":
        with working("comparing the items with a sample of them"):
            hits = collection.search(query, **asked)
    else:
        hits = collection.search(query, **asked)
    if as_json and (page or asked["facets"]):
        print_json(hits.as_dict())
    else:
        _print(hits, as_json)


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
