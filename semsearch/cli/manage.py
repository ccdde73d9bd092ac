"""`info` and `delete`: what stands in a collection, and taking it out."""

from __future__ import annotations

from typing import Any

import click

from semsearch.cli.build import build_if_due
from semsearch.cli.options import json_option, name_argument, opened, where_option
from semsearch.cli.screen import counted, print_facts, print_json, results

SHOWN_BYTES = 50_000
"""Files of a kind that take less are not worth a word."""


OTHER_SPACES = {
    "building": "`semsearch reencode {}` goes on with them, --switch searches them",
    "previous": "`semsearch reencode {} --rollback` returns to them, --drop-old drops them",
}
"""What can be done with vectors that are not searched."""


@click.command()
@name_argument
@json_option
@click.pass_context
def info(context: click.Context, *, name: str, as_json: bool) -> None:
    """Tell what the collection NAME holds."""
    facts = opened(context, name, read_only=True).info()
    if as_json:
        print_json(facts)
        return
    module, dim = facts["module"].get("name"), facts["dim"]
    made = _named(module, facts["handle"]) if module else "none, your own"
    fields = ", ".join(f"{field} ({kind})" for field, kind in facts["fields"].items())
    lines = [
        ("collection", f"{facts['name']}  ({facts['path']})"),
        ("rows", _rows(facts)),
        ("fields", fields or "none"),
        ("module", f"{made}, vectors of {dim}"),
        *([("mind", facts["module"]["caveat"])] if module else []),
        *(
            (state, f"vectors of {handle}; {OTHER_SPACES[state].format(facts['name'])}")
            for state, handle in facts["other_spaces"].items()
        ),
        ("index", _index(facts)),
        ("why", facts["index_reason"]),
        *_scores(facts["calibration"]),
        ("disk", _disk(facts)),
        ("clusterings", ", ".join(facts["clusterings"]) or "none"),
        ("classifiers", ", ".join(facts["classifiers"]) or "none"),
    ]
    print_facts(lines, results())


def _scores(scale: dict[str, Any] | None) -> list[tuple[str, str]]:
    """Return a line on what cosines mean here, where that was measured."""
    if scale is None or scale["strong"] is None:
        return []
    pairs = scale["random_pairs"]
    usual = f"a random pair has {pairs['50']:.2f}, one in a hundred more than {pairs['99']:.2f}"
    bands = f"hits are fair from {scale['fair']:.2f}, strong from {scale['strong']:.2f}"
    return [("scores", f"{usual}; {bands}")]


def _rows(facts: dict[str, Any]) -> str:
    rows = counted(facts["rows"], facts["modality"].removesuffix("s"))
    if facts["passages"]:
        rows += f", long ones in {counted(facts['passages'], 'passage')}"
    n_deleted = facts["deleted_rows"]
    if not n_deleted:
        return rows
    return f"{rows}; the bytes of {n_deleted:,} deleted ones leave with `semsearch compact`"


def _index(facts: dict[str, Any]) -> str:
    if facts["index"] == "exact":
        return "none; every search is exact"
    told = f"{facts['index']}, finds {facts['recall']:.1%} of the ten nearest"
    n_tail = facts["tail_rows"]
    covered = f"; covers {counted(facts['index_rows'], 'row')}"
    return told + covered + (f", {n_tail:,} newer ones are searched exactly" if n_tail else "")


def _disk(facts: dict[str, Any]) -> str:
    kinds = [
        f"{kind} {count['bytes'] / 1e6:,.1f}"
        for kind, count in facts["files"].items()
        if count["bytes"] >= SHOWN_BYTES
    ]
    total = f"{facts['bytes'] / 1e6:,.1f} MB"
    return f"{total}: {', '.join(kinds)}" if len(kinds) > 1 else total


def _named(module: str, handle: str) -> str:
    return module if handle == module else f"{module} ({handle})"


@click.command()
@name_argument
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@where_option
@click.option("--purge", is_flag=True, help="Take their bytes off the disk at once, everywhere.")
@json_option
@click.pass_context
def delete(
    context: click.Context,
    *,
    name: str,
    keys: tuple[str, ...],
    where: str | None,
    purge: bool,
    as_json: bool,
) -> None:
    """Delete items of NAME by KEY or by filter.

    Deleted items are never found again; `semsearch compact` takes their bytes off the disk.
    """
    if bool(keys) == (where is not None):
        raise click.UsageError("give either keys or --where EXPR")
    collection = opened(context, name)
    before = len(collection)
    wanted = list(keys) if keys else None
    n = collection.delete(wanted, where=where, purge=purge)
    if purge:
        build_if_due(collection)  # what was made of the deleted items is gone with them
    if as_json:
        print_json({"deleted": n, "rows": len(collection)})
    else:
        click.echo(f"deleted {n:,} of {counted(before, 'item')}")
