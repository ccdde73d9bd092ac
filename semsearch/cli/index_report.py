"""The report of `index`: what became of the rows, or what would, and the list of those left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from semsearch import corpus
from semsearch.cli.plan import plan_of, print_plan
from semsearch.cli.screen import counted, notes, print_json, progress_bar
from semsearch.collection import AddReport, SkippedRow, Trial, write_rejected
from semsearch.errors import SourceError, shortened

SHOWN_SKIPPED = 10
SHOWN_KEY = 60

Skips = list[tuple[str, SkippedRow]]
"""Rows that were left out, each with the name of its source."""


def report_trial(
    names: Sequence[str],
    found: Sequence[corpus.Corpus],
    tried: Trial,
    indexes: Path,
    rejected: str | None,
    as_json: bool,
    stops: bool,
) -> None:
    """Read all sources to their end and tell what adding them would do.

    Raises:
        SourceError: no row could be stored, or there is a bad one and `stops` says to stop there.
    """
    plans, reports = [], []
    for one in found:
        plans.append(plan_of(tried, one, indexes))
        print_plan(plans[-1])
        with progress_bar(f"reading {one.name}") as progress:
            reports.append(tried.add(one, progress))
    skipped = _skips(names, reports)
    _write(rejected, skipped)
    total = summed(reports)
    if as_json:
        rows = _as_rows(skipped, has_source=len(names) > 1)
        print_json({"dry_run": True, "plans": plans} | total.as_dict() | {"skipped": rows})
    else:
        notes().print(
            f"would be: {total.added:,} added, {total.updated:,} updated,"
            f" {total.unchanged:,} unchanged, {len(skipped):,} skipped; nothing was written"
        )
        _print_split(total, "to be split")
        _print_skipped(skipped, rejected, has_source=len(names) > 1)
        for note in total.notes:
            notes().print(f"  note: {note}")
    check_something_stands(reports)
    if stops and skipped:
        name, (row, _, reason) = skipped[0]
        raise SourceError(
            f"row {row} of {name!r} would stop the run: {reason}", "mend it, or --on-error skip"
        )


def print_reports(
    names: Sequence[str], reports: Sequence[AddReport], rejected: str | None, as_json: bool
) -> None:
    """Print one report of all sources; a skipped row names its source where there are several."""
    total = summed(reports)
    several = len(names) > 1
    skipped = _skips(names, reports)
    _write(rejected, skipped)
    if as_json:
        print_json(total.as_dict() | {"skipped": _as_rows(skipped, has_source=several)})
        return
    console = notes()
    console.print(
        f"{total.added:,} added, {total.updated:,} updated, {total.unchanged:,} unchanged,"
        f" {len(skipped):,} skipped in {total.seconds:.1f} s"
    )
    _print_split(total, "split")
    _print_skipped(skipped, rejected, has_source=several)
    for name, report in zip(names, reports, strict=True):
        for note in report.notes:
            console.print(f"  note: {f'{name}: ' if several else ''}{note}")


def check_something_stands(reports: Sequence[AddReport]) -> None:
    """Raise `SourceError` where rows were read and none could be stored."""
    total = summed(reports)
    if total.skipped and not total.added + total.updated + total.unchanged:
        raise SourceError(
            f"no row of {len(total.skipped):,} could be stored", "each is listed with its reason"
        )


def summed(reports: Sequence[AddReport]) -> AddReport:
    """Return one report of several."""
    counts = {
        each.name: sum(getattr(report, each.name) for report in reports)
        for each in fields(AddReport)
        if each.name not in ("skipped", "notes")
    }
    skipped = [row for report in reports for row in report.skipped]
    told = dict.fromkeys(note for report in reports for note in report.notes)
    return AddReport(**counts, skipped=skipped, notes=list(told))


def _skips(names: Sequence[str], reports: Sequence[AddReport]) -> Skips:
    return [
        (name, skip) for name, report in zip(names, reports, strict=True) for skip in report.skipped
    ]


def _as_rows(skipped: Skips, *, has_source: bool) -> list[dict[str, Any]]:
    return [({"source": name} if has_source else {}) | skip._asdict() for name, skip in skipped]


def _write(rejected: str | None, skipped: Skips) -> None:
    if rejected is not None:
        write_rejected(Path(rejected), [(name, *skip) for name, skip in skipped])


def _print_split(total: AddReport, verb: str) -> None:
    if total.split:
        passages = counted(total.passages, "passage")
        notes().print(f"  {counted(total.split, 'long text')} {verb} into {passages}")


def _print_skipped(skipped: Skips, rejected: str | None, *, has_source: bool) -> None:
    console = notes()
    for name, (row, key, reason) in skipped[:SHOWN_SKIPPED]:
        source, named = (f"{name} " if has_source else ""), (f" ({_shown(key)})" if key else "")
        console.print(f"  {source}row {row}{named}: {reason}")
    rest = len(skipped) - SHOWN_SKIPPED
    where = "--json lists them all, --rejected FILE.csv writes them" if rejected is None else ""
    if rest > 0:
        console.print(f"  and {rest:,} more" + (f"; {where}" if where else ""))
    if rejected is not None:
        console.print(f"  {counted(len(skipped), 'rejected row')} in {rejected}")


def _shown(key: str) -> str:
    """Return a key as it is, or as Python writes it where it is long or would move the cursor."""
    return key if key.isprintable() and len(key) <= SHOWN_KEY else shortened(key)
