"""`duplicates`: items that say the same, in one collection or across two."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from typing import TextIO

import click

from semsearch.analysis import Components
from semsearch.cli.options import json_option, name_argument, opened, where_option
from semsearch.cli.screen import counted, notes, progress_bar, shortened
from semsearch.collection import Collection, DuplicateGroup, DuplicatePair, Duplicates
from semsearch.collection.duplicates import DEFAULT_THRESHOLD
from semsearch.errors import KeyNotFound

SHOWN_KEYS = 12
SHOWN_TEXT = 160


@click.command()
@name_argument
@click.argument("other", required=False)
@click.option(
    "--threshold",
    type=click.FloatRange(-1, 1),
    metavar="COSINE",
    help=f"From which cosine on items are near duplicates; {DEFAULT_THRESHOLD} where not given.",
)
@click.option("--groups", "as_groups", is_flag=True, help="Show groups instead of pairs.")
@where_option
@json_option
@click.pass_context
def duplicates(
    context: click.Context,
    *,
    name: str,
    other: str | None,
    threshold: float | None,
    as_groups: bool,
    where: str | None,
    as_json: bool,
) -> None:
    """Find the items of NAME that stand there twice, exactly or nearly.

    With OTHER, find those of NAME that stand in OTHER too: what of the training data is in the
    test data. Both must be of the same module.
    """
    sides = [opened(context, each, read_only=True) for each in (name, other) if each is not None]
    out = sys.stdout  # the bar takes its place, and sends to stderr what is printed
    with progress_bar(f"comparing {name}") as told:
        found = sides[0].duplicates(
            threshold, other=sides[1] if other is not None else None, where=where, progress=told
        )
        shown = sys.stdout if out.isatty() else out  # on one screen, lines stand above the bar
        if as_groups:
            summary = _show_groups(found.groups(), sides, shown, as_json)
        else:
            summary = _show_pairs(found, sides, shown, as_json)
    notes().print(f"{summary}, from a cosine of {found.threshold:g} on")
    if other is not None and not (as_groups or as_json):
        notes().print(f"in each pair the first is of {name!r}, the second of {other!r}")


def _show_groups(
    groups: list[DuplicateGroup], sides: list[Collection], out: TextIO, as_json: bool
) -> str:
    if as_json:
        _print_array((group.as_dict() for group in groups), out)
    for group in () if as_json else groups:
        size = len(group.keys) + len(group.others)
        click.echo(click.style(counted(size, "item"), bold=True), file=out)
        _print_text(sides[0], group.representative, out)
        for collection, keys in zip(sides, (group.keys, group.others), strict=False):
            more = len(keys) - SHOWN_KEYS
            listed = ", ".join(keys[:SHOWN_KEYS]) + (f" and {more:,} more" if more > 0 else "")
            click.echo(f"  {collection.name}: {listed}", file=out)
    n_exact = sum(group.n_exact for group in groups)
    return _summary(n_exact, sum(group.n_near for group in groups), len(groups))


def _show_pairs(found: Duplicates, sides: list[Collection], out: TextIO, as_json: bool) -> str:
    counts, together = Counter[bool](), Components[tuple[int, str]]()

    def seen() -> Iterable[DuplicatePair]:
        for pair in found:
            counts[pair.is_exact] += 1
            together.join((0, pair.key), (len(sides) - 1, pair.other))
            yield pair

    if as_json:
        _print_array((pair.as_dict() for pair in seen()), out)
    for pair in () if as_json else seen():
        score = "exact" if pair.is_exact else f"{pair.score:.3f}"
        click.echo(click.style(f"{score}  {pair.key}  {pair.other}", bold=True), file=out)
        _print_text(sides[0], pair.key, out)
        if not pair.is_exact:
            _print_text(sides[-1], pair.other, out)
    return _summary(counts[True], counts[False], len(together))


def _summary(n_exact: int, n_near: int, n_groups: int) -> str:
    return f"{n_exact:,} exact, {n_near:,} near in {counted(n_groups, 'group')}"


def _print_array(values: Iterable[object], out: TextIO) -> None:
    """Print a JSON array one element a line as they come: nobody holds it in memory."""
    lead = "["
    for value in values:
        click.echo(f"{lead}\n{json.dumps(value, ensure_ascii=False)}", file=out, nl=False)
        lead = ","
    click.echo("[]" if lead == "[" else "\n]", file=out)


def _print_text(collection: Collection, key: str, out: TextIO) -> None:
    try:
        text = collection.get([key])[0].text
    except KeyNotFound:  # deleted since
        return
    if text:
        click.echo(f"  {shortened(text, SHOWN_TEXT)}", file=out)
