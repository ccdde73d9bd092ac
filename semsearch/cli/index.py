"""`index`: from files to a collection, with a plan before and a report after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from semsearch import corpus
from semsearch.cli.build import build_if_due
from semsearch.cli.fetching import fetched
from semsearch.cli.index_report import (
    check_something_stands,
    print_reports,
    report_trial,
    summed,
)
from semsearch.cli.options import indexes_of, json_option, name_argument
from semsearch.cli.plan import plan_of, print_plan
from semsearch.cli.screen import counted, notes, progress_bar
from semsearch.collection import (
    DEFAULT_MODULES,
    AddReport,
    Collection,
    check_rejected,
    growing_collection,
    trial_of,
)
from semsearch.errors import ModuleError, SourceError
from semsearch.modules import ModuleCard, known_card


@click.command()
@name_argument
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--text", metavar="COL", multiple=True, help="Column to encode; may come twice.")
@click.option("--image", metavar="COL", help="Column that holds paths of images.")
@click.option("--key", metavar="COL", help="Column of your own keys; else row number or path.")
@click.option("--table", metavar="NAME", help="Table of a SQLite file, where it has several.")
@click.option("--query", metavar="SELECT", help="What is read of a SQLite file, instead.")
@click.option("--sheet", metavar="NAME", help="Sheet of an xlsx file; else the first with rows.")
@click.option("--encoding", metavar="NAME", help="Encoding of a text table; else found out.")
@click.option("--module", metavar="HANDLE", help="What makes the vectors; guessed from the source.")
@click.option(
    "--on-error",
    type=click.Choice(["skip", "stop"]),
    default="skip",
    show_default=True,
    help="Leave bad rows out and list them, or stop at the first.",
)
@click.option("--dry-run", is_flag=True, help="Read everything, tell what would be done, stop.")
@click.option("--rejected", metavar="FILE.csv", help="Write the rows that were left out to a csv.")
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
    table: str | None,
    query: str | None,
    sheet: str | None,
    encoding: str | None,
    module: str | None,
    on_error: str,
    dry_run: bool,
    rejected: str | None,
    as_json: bool,
) -> None:
    """Put the items of each SOURCE into the collection NAME, making it if need be.

    A SOURCE is a table: csv, tsv, json, jsonl, parquet, xlsx, sqlite; or a document: txt, md, rst,
    html, pdf, docx, epub, eml, mbox; or a folder, zip or tar of documents or of images. What stands
    in the collection already is recognised and not encoded again.
    """
    if rejected is not None:
        check_rejected(Path(rejected))
    part = {"table": table, "query": query, "sheet": sheet, "encoding": encoding}
    found = [
        corpus.read_corpus(source, text=list(text) or None, image=image, key=key, **part)
        for source in sources
    ]
    names = [click.format_filename(source) for source in sources]
    modality = _common_modality(names, found)
    indexes = indexes_of(context)
    if dry_run:
        with trial_of(indexes, name, modality, module) as tried:
            report_trial(names, found, tried, indexes, rejected, as_json, on_error == "stop")
        return
    if module is not None:
        _fetch(module, modality, names)
    with growing_collection(indexes, name, modality, module) as collection:
        reports = [_add(collection, one, on_error, indexes) for one in found]
        print_reports(names, reports, rejected, as_json)
        check_something_stands(reports)  # in here, so that a new collection is not left empty
        build_if_due(collection)
        _measure_scores(collection, reports)


def _fetch(handle: str, modality: str, names: Sequence[str]) -> None:
    """Have the module here before anything else happens, if it is of the right kind."""
    known = known_card(handle)
    if known is not None:
        _check_kind(handle, known, modality, names)
    card = fetched(handle)
    _check_kind(handle, card, modality, names)


def _check_kind(handle: str, card: ModuleCard, modality: str, names: Sequence[str]) -> None:
    if card.modality != modality:
        kinds = {"text": "texts", "image": "pictures", "local-features": "places in pictures"}
        raise ModuleError(
            f"the module {handle!r} encodes {kinds[card.modality]}, and"
            f" {', '.join(map(repr, names))} holds {kinds[modality]}",
            f"take another module, such as {DEFAULT_MODULES[modality]}",
        )


def index_sample(indexes: Path, name: str, **columns: str) -> None:
    """Make one of the sample collections, or recognise that it stands already."""
    found = corpus.read_corpus(corpus.sample_path(name), **columns)
    with growing_collection(indexes, name, found.modality, None) as collection:
        report = _add(collection, found, "stop", indexes)
        print_reports([name], [report], None, as_json=False)
        _measure_scores(collection, [report])


def _common_modality(names: Sequence[str], found: Sequence[corpus.Corpus]) -> str:
    """Return what all the sources hold, before the first of them is stored."""
    modalities = [one.modality for one in found]
    if len(set(modalities)) > 1:
        kinds = (f"{name!r} {kind}s" for name, kind in zip(names, modalities, strict=True))
        raise SourceError(
            f"the sources hold texts and images: {', '.join(kinds)}",
            "index each kind into a collection of its own",
        )
    return modalities[0]


def _add(collection: Collection, found: corpus.Corpus, on_error: str, indexes: Path) -> AddReport:
    print_plan(plan_of(collection, found, indexes))
    before = len(collection)
    try:
        with progress_bar(f"indexing {found.name}") as progress:
            return collection.add(found, on_error=on_error, progress=progress)
    except KeyboardInterrupt:
        stored = len(collection) - before
        notes().print(
            f"{counted(stored, 'item')} of {found.name} stored; the same command goes on from there"
        )
        raise


def _measure_scores(collection: Collection, reports: Sequence[AddReport]) -> None:
    """Learn what scores mean while the module is up; searches, which only read, find it kept."""
    total = summed(reports)
    if total.added or total.updated:
        collection.calibration()
