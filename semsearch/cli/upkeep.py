"""`check`, `compact`, `backup` and `restore`: what keeps a collection's files in order."""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from pathlib import Path

import click

from semsearch.cli.build import build_if_due
from semsearch.cli.options import indexes_of, json_option, name_argument, opened
from semsearch.cli.problems import print_error
from semsearch.cli.screen import counted, print_json, working
from semsearch.collection import CheckReport, Finding, restored
from semsearch.errors import CollectionDamaged, SemsearchError

logger = logging.getLogger(__name__)

CODES = {"ok": 0, "derived": 1, "source": 2}
CANNOT_OPEN, OWN_FAULT = 3, 4

SHOWN_KEYS = 10


@click.command()
@name_argument
@click.option("--full", is_flag=True, help="Read every row, vector and file, and try the index.")
@click.option("--repair", is_flag=True, help="As --full, and make again what can be.")
@json_option
@click.pass_context
def check(context: click.Context, *, name: str, full: bool, repair: bool, as_json: bool) -> None:
    """Prove that NAME is on the disk as it was written.

    The exit code is 0 when all is well, 1 when only files are damaged that can be made again, 2
    when something of your own is damaged, 3 when NAME cannot be opened, 4 when the check itself
    failed. Searches and writers may go on meanwhile.
    """
    try:
        collection = opened(context, name, read_only=not repair)
        with working(f"checking {name}"):
            report = collection.check(full=full, repair=repair)
    except SemsearchError as error:
        print_error(str(error))
        context.exit(CODES["source"] if isinstance(error, CollectionDamaged) else CANNOT_OPEN)
    except Exception as error:
        logger.debug("the check failed", exc_info=True)
        print_error(f"the check of {name!r} failed ({type(error).__name__}: {error}); report this")
        context.exit(OWN_FAULT)
    if as_json:
        print_json(report.as_dict())
    else:
        _tell(report, repair)
    if report.repaired:
        build_if_due(collection)
    context.exit(CODES[report.level])


def _tell(report: CheckReport, repair: bool) -> None:
    for finding in report.findings:
        is_mended = repair and "--repair" in finding.remedy
        told = replace(finding, remedy="mended") if is_mended else finding
        click.echo(f"{told.level:8}{told}{_touched(told)}")
    seen = report.counts
    click.echo(
        f"{_verdict(report)}: {counted(seen.get('items', 0), 'item')},"
        f" {counted(seen.get('vectors', 0), 'vector')},"
        f" {counted(seen.get('files', 0) + seen.get('derived', 0), 'file')}"
        f" in {report.seconds:.1f} s{_recall(report)}"
    )


def _verdict(report: CheckReport) -> str:
    mended = f", {report.repaired} mended" if report.repaired else ""
    verdicts = {
        "ok": "all is well" if report.full else "all is well as far as a quick check sees",
        "derived": "nothing is lost: what is damaged can be made again"
        if not report.repaired
        else "nothing is lost",
        "source": "something of your own is damaged",
    }
    return verdicts[report.level] + mended


def _recall(report: CheckReport) -> str:
    if "recall" not in report.facts:
        return ""
    return f"; index {report.facts['index']}, recall {report.facts['recall']:.3f}"


def _touched(finding: Finding) -> str:
    if not finding.keys:
        return ""
    more = len(finding.keys) - SHOWN_KEYS
    shown = ", ".join(finding.keys[:SHOWN_KEYS])
    return f" (items: {shown}{f' and {more:,} more' if more > 0 else ''})"


@click.command()
@name_argument
@json_option
@click.pass_context
def compact(context: click.Context, *, name: str, as_json: bool) -> None:
    """Give back the room that deleted items of NAME take on the disk."""
    collection = opened(context, name)
    report = collection.compact()
    build_if_due(collection)
    if as_json:
        print_json(asdict(report))
        return
    before, after = report.bytes_before / 1e6, report.bytes_after / 1e6
    click.echo(
        f"dropped {counted(report.dropped, 'deleted row')} in {report.seconds:.1f} s:"
        f" {before:,.1f} MB became {after:,.1f} MB"
    )


@click.command()
@name_argument
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def backup(context: click.Context, *, name: str, file: Path, as_json: bool) -> None:
    """Write NAME as it stands now into the new FILE, while it is used.

    The index is left out: it is built again.
    """
    with working(f"backing up {name}"):
        report = opened(context, name, read_only=True).backup(file)
    if as_json:
        print_json({**asdict(report), "path": str(report.path)})
        return
    click.echo(
        f"{counted(report.items, 'item')} in {report.path} ({report.size / 1e6:,.1f} MB,"
        f" SHA-256 {report.sha256}) in {report.seconds:.1f} s"
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@name_argument
@click.pass_context
def restore(context: click.Context, *, file: Path, name: str) -> None:
    """Make the collection NAME from the backup FILE, and check it in full."""
    if not file.exists() and Path(name).is_file():  # `backup` has them the other way round
        raise click.UsageError(f"the file comes first: semsearch restore {name} {file}")
    with working(f"restoring {name}"):
        collection = restored(indexes_of(context), file, name)
        context.with_resource(collection)
    click.echo(f"{name}: {counted(len(collection), 'item')} restored and checked")
    build_if_due(collection)
