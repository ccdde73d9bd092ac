"""`index`: from files to a collection, with a plan before and a report after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from semsearch import corpus
from semsearch.cli.build import build_if_due
from semsearch.cli.fetching import fetched
from semsearch.cli.options import indexes_of, json_option, name_argument
from semsearch.cli.screen import (
    counted,
    notes,
    print_facts,
    print_json,
    progress_bar,
)
from semsearch.collection import DEFAULT_MODULES, AddReport, Collection, growing_collection
from semsearch.errors import ModuleError, SourceError
from semsearch.modules import ModuleCard, known_card

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

    A SOURCE is a table: csv, tsv, json, jsonl, parquet; or a document: txt, md, rst, html, pdf,
    docx, epub, eml, mbox; or a folder, zip or tar of documents or of images. What stands in the
    collection already is recognised and not encoded again.
    """
    found = [
        corpus.read_corpus(source, text=list(text) or None, image=image, key=key)
        for source in sources
    ]
    names = [click.format_filename(source) for source in sources]
    modality = _common_modality(names, found)
    if module is not None:
        _fetch(module, modality, names)
    with growing_collection(indexes_of(context), name, modality, module) as collection:
        reports = [_add(collection, one, on_error) for one in found]
        _print_reports(names, reports, as_json)
        _check_something_stands(reports)  # in here, so that a new collection is not left empty
        _measure_scores(collection, reports)
        build_if_due(collection)


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
        report = _add(collection, found, "stop")
        _print_reports([name], [report], as_json=False)
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


def _add(collection: Collection, found: corpus.Corpus, on_error: str) -> AddReport:
    _print_plan(collection, found)
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


def _print_plan(collection: Collection, found: corpus.Corpus) -> None:
    card = collection.module.card
    kind = found.modality
    size = f"{kind}s, not counted yet" if found.size is None else counted(found.size, kind)
    lines = [
        ("into", f"{collection.name}, holding {counted(len(collection), 'item')}"),
        ("source", f"{found.name}: {size}"),
        ("text", " + ".join(found.text_columns) or "none"),
        ("key", found.key_column or "the row's number or path"),
        ("fields", ", ".join(found.fields) or "none"),
        ("module", f"{card.name}, vectors of {card.dim}"),
        ("mind", card.caveat),
        ("estimate", _estimate(card, found.size)),
    ]
    print_facts(lines, notes())


def _estimate(card: ModuleCard, rows: int | None) -> str:
    if rows is None:
        return "unknown until the source is read"
    size = f"{rows * card.dim * 4 / 1e6:,.1f} MB of vectors"
    if card.items_per_second is None:
        return f"{size}; nobody has measured this module's speed, the bar will show it"
    seconds = rows / card.items_per_second
    time = f"about {seconds:.0f} s" if seconds < 120 else f"about {seconds / 60:.0f} min"  # noqa: PLR2004
    time = "less than 1 s" if seconds < 1 else time
    return f"{time} to encode {size}, once the module is up; what stands already costs nothing"


def _print_reports(names: Sequence[str], reports: Sequence[AddReport], as_json: bool) -> None:
    """Print one report of all sources; a skipped row names its source where there are several."""
    total = _summed(reports)
    several = len(names) > 1
    skipped = [
        (name, skip) for name, report in zip(names, reports, strict=True) for skip in report.skipped
    ]
    if as_json:
        rows = [({"source": name} if several else {}) | skip._asdict() for name, skip in skipped]
        print_json(total.as_dict() | {"skipped": rows})
        return
    console = notes()
    console.print(
        f"{total.added:,} added, {total.updated:,} updated, {total.unchanged:,} unchanged,"
        f" {len(skipped):,} skipped in {total.seconds:.1f} s"
    )
    for name, (row, key, reason) in skipped[:SHOWN_SKIPPED]:
        source, named = (f"{name} " if several else ""), (f" ({key})" if key else "")
        console.print(f"  {source}row {row}{named}: {reason}")
    rest = len(skipped) - SHOWN_SKIPPED
    if rest > 0:
        console.print(f"  and {rest:,} more; --json lists them all")
    for name, report in zip(names, reports, strict=True):
        for note in report.notes:
            console.print(f"  note: {f'{name}: ' if several else ''}{note}")


def _check_something_stands(reports: Sequence[AddReport]) -> None:
    total = _summed(reports)
    if total.skipped and not total.added + total.updated + total.unchanged:
        raise SourceError(
            f"no row of {len(total.skipped):,} could be stored", "each is listed with its reason"
        )


def _measure_scores(collection: Collection, reports: Sequence[AddReport]) -> None:
    """Learn what scores mean while the module is up; searches, which only read, find it kept."""
    total = _summed(reports)
    if total.added or total.updated:
        collection.calibration()


def _summed(reports: Sequence[AddReport]) -> AddReport:
    return AddReport(
        added=sum(report.added for report in reports),
        updated=sum(report.updated for report in reports),
        unchanged=sum(report.unchanged for report in reports),
        skipped=[row for report in reports for row in report.skipped],
        seconds=sum(report.seconds for report in reports),
        notes=list(dict.fromkeys(note for report in reports for note in report.notes)),
    )
