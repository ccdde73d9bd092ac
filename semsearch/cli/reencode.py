"""`reencode`: another module for a collection, with a plan before and a comparison after."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from semsearch.cli.fetching import fetched
from semsearch.cli.options import json_option, name_argument, opened
from semsearch.cli.screen import (
    counted,
    notes,
    print_facts,
    print_json,
    progress_bar,
    results,
)
from semsearch.collection import Collection, ReencodeReport
from semsearch.errors import SourceError
from semsearch.modules import ModuleCard

LONG = 120
"""Seconds from which on a time is told in minutes."""


@click.command()
@name_argument
@click.option("--module", metavar="HANDLE", help="What makes the new vectors.")
@click.option("--switch", is_flag=True, help="Search the new vectors from then on.")
@click.option("--queries", metavar="FILE", help="Compare on these: a text file, one a line.")
@click.option("-k", default=10, show_default=True, help="How many hits are compared.")
@click.option("--rollback", is_flag=True, help="Return to the vectors from before the switch.")
@click.option("--drop-old", is_flag=True, help="Drop the vectors from before the switch.")
@click.option("--abandon", is_flag=True, help="Drop the vectors that are not switched to yet.")
@json_option
@click.pass_context
def reencode(  # noqa: PLR0913 - one parameter an option
    context: click.Context,
    *,
    name: str,
    module: str | None,
    switch: bool,
    queries: str | None,
    k: int,
    rollback: bool,
    drop_old: bool,
    abandon: bool,
    as_json: bool,
) -> None:
    """Make the vectors of NAME anew by another module, beside the old ones.

    Searches, adds and deletes go on meanwhile. What is encoded is kept, so the same command goes
    on after a stop. In the end the answers of both modules are compared; nothing changes before
    --switch. After it, --rollback returns to the old vectors, until --drop-old drops them.
    """
    building = module is not None or switch or queries is not None
    _check_one(building=building, rollback=rollback, drop_old=drop_old, abandon=abandon)
    asked = None if queries is None else _lines(queries)
    collection = opened(context, name)
    if drop_old or abandon:
        _drop(collection, "building" if abandon else "previous", as_json)
        return
    if rollback:
        report = _rolled_back(collection)
    else:
        report = _reencoded(collection, module, asked, k, switch=switch)
    if as_json:
        print_json(report.as_dict())
    else:
        _print_report(collection, report)


def _check_one(**wanted: bool) -> None:
    if sum(wanted.values()) > 1:
        raise click.UsageError("--rollback, --drop-old and --abandon each stand alone")


def _lines(path: str) -> list[str]:
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"the queries in {path!r} cannot be read ({getattr(error, 'strerror', None) or error})",
            "name a text file in UTF-8 with one query a line",
        ) from error
    found = [line for line in lines if line.strip()]
    if not found:
        raise SourceError(f"{path!r} holds no query", "write one a line")
    return found


def _reencoded(
    collection: Collection,
    module: str | None,
    queries: list[str] | None,
    k: int,
    *,
    switch: bool,
) -> ReencodeReport:
    if module is not None:
        print_facts(list(_plan(collection, module, fetched(module))), notes())
    with progress_bar(f"re-encoding {collection.name}") as progress:
        try:
            return collection.reencode(
                module, queries=queries, k=k, switch=switch, progress=progress, on_wait=_waiting
            )
        except KeyboardInterrupt:
            _print_left(collection)
            raise


def _rolled_back(collection: Collection) -> ReencodeReport:
    with progress_bar(f"catching up with {collection.name}") as progress:
        return collection.rollback(progress=progress, on_wait=_waiting)


def _waiting(problem: str) -> None:
    notes().print(f"waiting: {problem}")


def _print_left(collection: Collection) -> None:
    building = collection.spaces().get("building")
    if building is not None:
        done = len(collection) - building["missing"]
        notes().print(
            f"{done:,} of {counted(len(collection), 'item')} encoded; the same command goes on"
            " from there"
        )


def _plan(collection: Collection, handle: str, card: ModuleCard) -> Iterable[tuple[str, Any]]:
    spaces = collection.spaces()
    rows = len(collection)
    building = spaces.get("building")
    goes_on = building is not None and building["digest"] == card.digest
    left = building["missing"] if building is not None and goes_on else rows
    now = spaces["current"]
    yield "collection", f"{collection.name}, holding {counted(rows, 'item')}"
    yield "from", f"{now['handle']}, vectors of {now['dim']}"
    yield "to", f"{handle}, vectors of {card.dim}"
    yield "mind", card.caveat
    if goes_on:
        yield "goes on", f"{rows - left:,} of {counted(rows, 'item')} stand already"
    yield (
        "estimate",
        f"{_time(card, left)} to encode {counted(left, 'item')}, once the module is up",
    )
    yield "disk", f"{rows * card.dim * 4 / 1e6:,.1f} MB of vectors beside the old ones"
    if "previous" in spaces:
        yield "drops", f"the vectors of {spaces['previous']['handle']}, at the switch"


def _time(card: ModuleCard, rows: int) -> str:
    if card.items_per_second is None:
        return "nobody knows how long"
    seconds = rows / card.items_per_second
    if seconds < 1:
        return "less than 1 s"
    return f"about {seconds:.0f} s" if seconds < LONG else f"about {seconds / 60:.0f} min"


def _print_report(collection: Collection, report: ReencodeReport) -> None:
    console = results()
    console.print(_work(report))
    if report.comparison is not None:
        console.print(str(report.comparison))
    command = f"semsearch reencode {collection.name}"
    if report.switched:
        console.print(
            f"Searches use {report.after} now. The vectors of {report.before} are kept:"
            f" {command} --rollback returns to them, --drop-old drops them."
        )
    else:
        console.print(
            f"Nothing has changed yet, searches use {report.before}: {command} --switch switches,"
            " --abandon drops the new vectors."
        )


def _work(report: ReencodeReport) -> str:
    rows = counted(report.rows, "item")
    if not report.encoded:
        return f"{rows}, and nothing to encode: each has its vector of {report.after}"
    had = report.rows - report.encoded
    already = f", {had:,} stood already" if had > 0 else ""
    encoded = counted(report.encoded, "item")
    return f"{encoded} encoded by {report.after}{already}, in {report.seconds:.1f} s"


def _drop(collection: Collection, which: str, as_json: bool) -> None:
    freed = collection.drop_space(which)
    if as_json:
        print_json({"dropped": which, "bytes": freed})
    else:
        results().print(f"the {which} vectors are dropped: {freed / 1e6:,.1f} MB are free again")
