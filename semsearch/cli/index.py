"""`index`: from files to a collection, with a plan before and a report after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from semsearch import corpus
from semsearch.cli.options import indexes_of, json_option, name_argument
from semsearch.cli.screen import notes, print_facts, print_json, progress_bar
from semsearch.collection import AddReport, Collection, growing_collection
from semsearch.modules import ModuleCard

SHOWN_SKIPPED = 10


@click.command()
@name_argument
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--text", metavar="COL", multiple=True, help="Column to encode; may come twice.")
@click.option("--image", metavar="COL", help="Column that holds paths of images.")
@click.option("--key", metavar="COL", help="Column of your own keys; else row number or path.")
@click.option("--module", metavar="HANDLE", help="What makes the vectors; guessed from the source.")
@click.option(
    "--on-error",
    type=click.Choice(["skip", "stop"]),
    default="skip",
    show_default=True,
    help="Leave bad rows out and list them, or stop at the first.",
)
@json_option
@click.pass_context
def index(  # noqa: PLR0913 - one parameter an option
    context: click.Context,
    *,
    name: str,
    sources: tuple[str, ...],
    text: tuple[str, ...],
    image: str | None,
    key: str | None,
    module: str | None,
    on_error: str,
    as_json: bool,
) -> None:
    """Put the items of each SOURCE into the collection NAME, making it if need be.

    A SOURCE is a csv, tsv, json, jsonl or parquet file, or a folder or zip of images. What stands
    in the collection already is recognised and not encoded again.
    """
    found = [
        corpus.read_corpus(source, text=list(text) or None, image=image, key=key)
        for source in sources
    ]
    with growing_collection(indexes_of(context), name, found[0].modality, module) as collection:
        reports = [_add(collection, one, on_error) for one in found]
    total = _summed(reports)
    if as_json:
        print_json(total.as_dict())
    else:
        _print_report(total)


def index_sample(indexes: Path, name: str, **columns: str) -> None:
    """Make one of the sample collections, or recognise that it stands already."""
    found = corpus.read_corpus(corpus.sample_path(name), **columns)
    with growing_collection(indexes, name, found.modality, None) as collection:
        _print_report(_add(collection, found, "stop"))


def _add(collection: Collection, found: corpus.Corpus, on_error: str) -> AddReport:
    _print_plan(collection, found)
    with progress_bar(f"indexing {found.name}") as progress:
        return collection.add(found, on_error=on_error, progress=progress)


def _print_plan(collection: Collection, found: corpus.Corpus) -> None:
    card = collection.module.card
    rows = "unknown" if found.size is None else f"{found.size:,}"
    lines = [
        ("into", f"{collection.name}, holding {len(collection):,} items"),
        ("source", f"{found.name}: {rows} {found.modality}s"),
        ("text", " + ".join(found.text_columns) or "none"),
        ("key", found.key_column or "the row's number or path"),
        ("fields", ", ".join(found.fields) or "none"),
        ("module", f"{card.name}, vectors of {card.dim}"),
        ("estimate", _estimate(card, found.size)),
    ]
    print_facts(lines, notes())


def _estimate(card: ModuleCard, rows: int | None) -> str:
    if rows is None:
        return "unknown until the source is read"
    seconds = rows / card.items_per_second
    time = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004
    return f"about {time} to encode on 2 cores, {rows * card.dim * 4 / 1e6:,.1f} MB of vectors"


def _print_report(report: AddReport) -> None:
    console = notes()
    console.print(
        f"{report.added:,} added, {report.updated:,} updated, {report.unchanged:,} unchanged,"
        f" {len(report.skipped):,} skipped in {report.seconds:.1f} s"
    )
    for row, key, reason in report.skipped[:SHOWN_SKIPPED]:
        console.print(f"  row {row}{f' ({key})' if key else ''}: {reason}")
    rest = len(report.skipped) - SHOWN_SKIPPED
    if rest > 0:
        console.print(f"  and {rest:,} more; --json lists them all")


def _summed(reports: Sequence[AddReport]) -> AddReport:
    return AddReport(
        added=sum(report.added for report in reports),
        updated=sum(report.updated for report in reports),
        unchanged=sum(report.unchanged for report in reports),
        skipped=[row for report in reports for row in report.skipped],
        seconds=sum(report.seconds for report in reports),
    )
