"""The plan of `index`: what will be read as what, how long it takes, what a person should mind."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from semsearch import corpus
from semsearch.cli.screen import counted, notes, print_facts
from semsearch.collection import Collection, Trial
from semsearch.collection.gathering import USUAL_TEXT
from semsearch.modules import ModuleCard

SHOWN_OTHERS = 3
MEGABYTE = 1_000_000
LONG = 120
"""Seconds after which minutes are told."""


def plan_of(into: Collection | Trial, found: corpus.Corpus, indexes: Path) -> dict[str, Any]:
    """Return what adding a source means, as JSON-ready values."""
    card = into.card if isinstance(into, Trial) else into.module.card
    findings = found.findings
    size = found.size
    return {
        "collection": into.name,
        "is_new": isinstance(into, Trial) and into.is_new,
        "items": len(into),
        "source": found.name,
        "part": found.part,
        "modality": found.modality,
        "rows": size,
        "text": list(found.text_columns),
        "text_reason": findings.text_reason,
        "other_texts": list(findings.other_texts),
        "key": found.key_column,
        "other_keys": list(findings.key_columns) if found.key_column is None else [],
        "fields": {field: findings.types.get(field, "") for field in found.fields},
        "module": card.name,
        "dim": card.dim,
        "passage_tokens": card.passage_tokens,
        "caveat": card.caveat,
        "vector_bytes": None if size is None else size * card.dim * 4,
        "seconds": _seconds(card, size, findings.mean_length),
        "free_bytes": free_bytes(indexes),
        "warnings": list(_warnings(found)),
    }


def print_plan(plan: dict[str, Any]) -> None:
    """Print a plan on stderr."""
    held = "which is new" if plan["is_new"] else f"holding {counted(plan['items'], 'item')}"
    lines = [
        ("into", f"{plan['collection']}, {held}"),
        ("source", _source(plan)),
        ("text", _text(plan)),
        ("key", _key(plan)),
        ("fields", _fields(plan["fields"])),
        ("module", f"{plan['module']}, vectors of {plan['dim']}"),
        *_passages(plan["passage_tokens"]),
        ("mind", plan["caveat"]),
        ("estimate", _estimate(plan)),
        ("disk", _disk(plan)),
        *(("warning", warning) for warning in plan["warnings"]),
    ]
    print_facts(lines, notes())


def free_bytes(path: Path) -> int:
    """Return how much room is free where a folder stands or will stand."""
    there = path.resolve()
    while not there.exists():
        there = there.parent
    return shutil.disk_usage(there).free


def _source(plan: dict[str, Any]) -> str:
    kind, rows = plan["modality"], plan["rows"]
    size = f"{kind}s, not counted yet" if rows is None else counted(rows, kind)
    return f"{plan['source']}: {size}" + (f", {plan['part']}" if plan["part"] else "")


def _passages(tokens: int | None) -> Iterator[tuple[str, str]]:
    if tokens is not None:
        yield "passages", f"long texts are split into passages of up to {tokens} tokens"


def _text(plan: dict[str, Any]) -> str:
    text = " + ".join(plan["text"]) or "none"
    if not plan["text_reason"]:
        return text
    others = plan["other_texts"][:SHOWN_OTHERS]
    instead = f"; --text could also name {' or '.join(map(repr, others))}" if others else ""
    return f"{text}, guessed: {plan['text_reason']}{instead}"


def _key(plan: dict[str, Any]) -> str:
    if plan["key"] is not None:
        return str(plan["key"])
    others = plan["other_keys"][:SHOWN_OTHERS]
    advice = f"; {' or '.join(map(repr, others))} could be: --key {others[0]}" if others else ""
    return f"the row's number or path{advice}"


def _fields(fields: dict[str, str]) -> str:
    if not any(fields.values()):  # of documents the types are not known yet
        return ", ".join(fields) or "none"
    return ", ".join(f"{name} ({kind or 'empty'})" for name, kind in fields.items())


def _seconds(card: ModuleCard, rows: int | None, mean_length: float) -> float | None:
    if rows is None or card.items_per_second is None:
        return None
    return round(rows * max(1.0, mean_length / USUAL_TEXT) / card.items_per_second, 1)


def _estimate(plan: dict[str, Any]) -> str:
    if plan["rows"] is None:
        return "unknown until the source is read"
    seconds = plan["seconds"]
    if seconds is None:
        return "nobody has measured this module's speed, the bar will show it"
    time = f"about {seconds:.0f} s" if seconds < LONG else f"about {seconds / 60:.0f} min"
    time = "less than 1 s" if seconds < 1 else time
    more = "" if plan["passage_tokens"] is None else ", more where texts are long"
    return f"{time} to encode{more}, once the module is up; what stands already costs nothing"


def _disk(plan: dict[str, Any]) -> str:
    free = f"{plan['free_bytes'] / 1e9:,.1f} GB free"
    if plan["vector_bytes"] is None:
        return free
    short = "" if plan["vector_bytes"] < plan["free_bytes"] else ", which is not enough"
    size = plan["vector_bytes"]
    shown = f"{size / 1e6:,.1f} MB" if size >= MEGABYTE else f"{size / 1e3:,.0f} kB"
    more = "" if plan["passage_tokens"] is None else ", as much for each passage of a long one"
    return f"{shown} of vectors beside the texts{more}; {free}{short}"


def _warnings(found: corpus.Corpus) -> Iterator[str]:
    """Yield what a person should know before the rows are stored."""
    empty = found.findings.empty_texts
    if empty:
        has = "row has" if empty == 1 else "rows have"
        yield f"{empty:,} {has} no text and will be left out"
    for name, change in found.breaks.items():
        yield (f"{name!r} is text, not {change.was}: row {change.row:,} holds {change.cell!r}")
    yield from found.notes
