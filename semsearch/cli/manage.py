"""`info` and `delete`: what stands in a collection, and taking it out."""

from __future__ import annotations

import click

from semsearch.cli.options import json_option, name_argument, opened, where_option
from semsearch.cli.screen import counted, print_facts, print_json, results


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
        ("rows", counted(facts["rows"], facts["modality"].removesuffix("s"))),
        ("fields", fields or "none"),
        ("module", f"{made}, vectors of {dim}"),
        *([("mind", facts["module"]["caveat"])] if module else []),
        ("index", f"{facts['index']}, recall {facts['recall']:.2f}"),
        ("disk", f"{facts['bytes'] / 1e6:,.1f} MB"),
        ("clusterings", ", ".join(facts["clusterings"]) or "none"),
        ("classifiers", ", ".join(facts["classifiers"]) or "none"),
    ]
    print_facts(lines, results())


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
    if as_json:
        print_json({"deleted": n, "rows": len(collection)})
    else:
        click.echo(f"deleted {n:,} of {counted(before, 'item')}")
