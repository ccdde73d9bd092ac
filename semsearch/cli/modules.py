"""`modules`: what makes the vectors - list it, look at it, fetch it, check it, publish it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from semsearch.cli.fetching import fetched
from semsearch.cli.options import json_option
from semsearch.cli.probes import print_probes, probes_of
from semsearch.cli.screen import (
    counted,
    download_bar,
    notes,
    print_facts,
    print_json,
    results,
    working,
)
from semsearch.modules import ModuleCard, load_module
from semsearch.modules.handles import Finding
from semsearch.modules.inventory import (
    Listing,
    forget_module,
    inventory,
    look_at,
    verify_modules,
)

HEADINGS = ("handle", "for", "dim", "languages", "size", "state", "what it is")
LANGUAGES_SHOWN = 4
WIDE = 150
"""From so many columns on there is room to say what each module is."""


@click.group()
def modules() -> None:
    """List, inspect, fetch, verify and export the modules that make vectors.

    A HANDLE is a short name, a folder or archive, a URL, `pypi:NAME==VERSION`, `npm:NAME@VERSION`,
    or PREPROCESSOR+ENCODER; options follow a '#', as in 'bert-en#pooling=cls'.
    """


@modules.command("list")
@json_option
def list_modules(*, as_json: bool) -> None:
    """List the short names and what has been fetched."""
    listings = inventory()
    if as_json:
        print_json([listing.as_dict() for listing in listings])
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    console = results()
    shown = len(HEADINGS) if console.width >= WIDE else len(HEADINGS) - 1
    headings = HEADINGS[:shown]
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    for listing in listings:
        cells = _cells(listing)[:shown]
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    if console.width < WIDE:
        notes().print("what they are: semsearch modules inspect HANDLE, or a wider window")


def _cells(listing: Listing) -> Sequence[str]:
    card = listing.card
    if card is None:
        return listing.handle, "", "", "", _size(listing.size), listing.state, listing.source
    return (
        listing.handle,
        card.modality,
        str(card.dim),
        _languages(card),
        _size(card.size),
        listing.state,
        card.description,
    )


@modules.command("inspect")
@click.argument("handle")
@click.option("--probe", is_flag=True, help="Run it on word lists or sample pictures and report.")
@json_option
def inspect(handle: str, *, probe: bool, as_json: bool) -> None:
    """Show what HANDLE is, read from its files without running it."""
    with download_bar() as policy:
        card, risks = look_at(handle, policy)
    # What is refused without --trust is refused here too, before anything of it runs.
    probes = probes_of(handle, card) if probe else None
    if as_json:
        facts: dict[str, Any] = card.as_dict() | {"risks": [asdict(risk) for risk in risks]}
        print_json(facts | ({} if probes is None else {"probes": probes.as_dict()}))
        return
    print_facts(list(_facts(card)), results())
    for risk in risks:
        results().print(f"risk: {risk}", style="red")
    if risks:
        results().print(f"it runs only after: semsearch modules add '{handle}' --trust")
    if probes is not None:
        print_probes(probes)


@modules.command("add")
@click.argument("handle")
@click.option("--trust", is_flag=True, help="Agree to what the module may do beyond computing.")
@click.option("--update", is_flag=True, help="Fetch again and accept that the content changed.")
@json_option
def add(handle: str, *, trust: bool, update: bool, as_json: bool) -> None:
    """Fetch HANDLE into the cache, check it and pin it by its digest."""
    card = fetched(handle, trust=trust, update=update)
    if as_json:
        print_json(card.as_dict())
        return
    print_facts(list(_facts(card)), results())


@modules.command("verify")
@click.argument("handle", required=False)
@click.pass_context
@json_option
def verify(context: click.Context, handle: str | None, *, as_json: bool) -> None:
    """Compare the files of fetched modules with their digests: one HANDLE, or all.

    An exported module's folder is run on its own test vectors too.
    """
    with working("checking digests"):
        findings = verify_modules(handle)
    if as_json:
        print_json([finding.as_dict() for finding in findings])
    else:
        _print_findings(findings)
    context.exit(1 if any(finding.problem for finding in findings) else 0)


def _print_findings(findings: Sequence[Finding]) -> None:
    for finding in findings:
        if finding.problem:
            results().print(f"{finding.handle}: {finding.problem}", style="red")
            results().print(f"  fetch it again with: semsearch modules add '{finding.handle}'")
        else:
            results().print(f"{finding.handle}: all is well{finding.note}")
    if not findings:
        results().print("nothing has been fetched")


@modules.command("export")
@click.argument("handle")
@click.argument("folder")
@json_option
def export(handle: str, folder: str, *, as_json: bool) -> None:
    """Write HANDLE into a new FOLDER as a SavedModel that TensorFlow Hub's loader reads."""
    with working(f"exporting {handle}"):
        path = load_module(handle).export(folder)
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    if as_json:
        print_json({"handle": handle, "folder": str(path), "size": size})
    else:
        click.echo(f"{handle} stands in {path}, {_size(size)}; it was loaded and compared")


@modules.command("remove")
@click.argument("handle")
def remove(handle: str) -> None:
    """Take HANDLE out of the cache, with its pin and what was agreed to."""
    forget_module(handle)
    click.echo(f"removed {handle}")


def _facts(card: ModuleCard) -> Iterator[tuple[str, str]]:
    yield "module", f"{card.name}, version {card.version} ({card.form})"
    yield "what it is", card.description
    yield "mind", card.caveat
    yield "takes", _takes(card)
    yield "gives", f"{card.modality} vectors of {card.dim or 'a width that only running it tells'}"
    yield "signature", card.signature or "known once its files are here"
    yield "languages", ", ".join(card.languages) or "not stated"
    yield "licence", card.licence
    yield "source", card.source
    yield "size", _size(card.size) or ("none" if card.digest else "known once its files are here")
    yield "digest", card.digest or "known once its files are here"
    yield "checked", card.checked


def _takes(card: ModuleCard) -> str:
    shape = "any length" if card.modality == "text" else "any size"
    if card.image_size:
        shape = f"squares of {card.image_size} pixels"
    if card.max_tokens:
        shape = f"{card.max_tokens} tokens, what comes after does not count"
    range_ = ""
    if card.pixel_range:
        low, high = card.pixel_range
        range_ = f", pixels from {low:g} to {high:g}"
    if card.modality == "image":
        return f"{card.modality}: {shape}{range_}{' or other sizes' if card.is_dynamic else ''}"
    return f"{card.modality}: {shape}{range_}"


def _languages(card: ModuleCard) -> str:
    if len(card.languages) > LANGUAGES_SHOWN:
        return counted(len(card.languages), "language")
    return ", ".join(card.languages)


def _size(size: int) -> str:
    if size < 100_000:  # noqa: PLR2004 - a tenth of a megabyte is the last digit shown
        return f"{size / 1e3:,.1f} kB" if size else ""
    return f"{size / 1e6:,.1f} MB"
