"""What `modules inspect --probe` runs: word associations of texts, the reading of pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from rich.table import Table
from rich.text import Text

from semsearch import corpus
from semsearch.cli.screen import results, working
from semsearch.errors import ModuleError
from semsearch.modules import Module, ModuleCard, is_built_in, load_module
from semsearch.modules.handles import parse_handle
from semsearch.modules.probes import ProbeResult, probe_text
from semsearch.modules.ranges import (
    PixelReading,
    RangeResult,
    pixel_trial,
    pixel_verdict,
    with_reading,
)

PICTURES = 60

ASSOCIATION = ("association", "effect", "95 % interval", "p", "words", "reading")
READING = ("reading of the pixels", "found first", "mean 1/rank", "")


@dataclass(frozen=True)
class Probes:
    """What was found: of a text module its associations, of an image module its readings."""

    associations: tuple[ProbeResult, ...] = ()
    readings: tuple[RangeResult, ...] = ()
    verdict: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, ready for JSON."""
        readings = [
            {
                "reading": str(found.reading),
                "options": found.reading.options,
                "recall": found.recall,
                "reciprocal_rank": found.reciprocal_rank,
                "is_declared": found.is_declared,
                "problem": found.problem,
            }
            for found in self.readings
        ]
        associations = [asdict(found) for found in self.associations]
        return {"associations": associations, "readings": readings, "verdict": self.verdict}


def probes_of(handle: str, card: ModuleCard) -> Probes:
    """Load the module of a card and run the probes of its modality.

    Raises:
        ModuleError: it cannot be loaded, or there is nothing to probe it with.
    """
    if card.modality not in ("text", "image"):
        raise ModuleError(
            f"the module {handle!r} gives {card.modality}", "probes are for texts and images"
        )
    module = load_module(handle)
    if card.modality == "text":
        with working("asking for word associations"):
            return Probes(associations=tuple(probe_text(module.encode)))
    with working("trying other readings of the pixels"):
        return _readings(handle, module)


def _readings(handle: str, module: Module) -> Probes:
    if is_built_in(handle) or module.card.pixel_range is None:
        verdict = "Its pixels are read by our own code, which its tests compare with a reference."
        return Probes(verdict=verdict)
    entries = corpus.read_corpus(corpus.sample_path("pictures")).entries
    pictures = (entry.content for entry in entries if isinstance(entry, corpus.Item))
    squares: list[Any] = [module.prepare(picture) for picture in islice(pictures, PICTURES)]
    found = pixel_trial(
        lambda reading: load_module(with_reading(handle, reading)).encode_prepared,
        squares,
        PixelReading(*module.card.pixel_range, parse_handle(handle).options.get("channels", "rgb")),
    )
    return Probes(readings=tuple(found), verdict=pixel_verdict(found))


def print_probes(probes: Probes) -> None:
    """Print what the probes found, and what follows from it."""
    if probes.associations:
        _print_table(ASSOCIATION, map(_association, probes.associations))
    if probes.readings:
        _print_table(READING, map(_reading, probes.readings))
    if probes.verdict:
        results().print(probes.verdict)


def _association(found: ProbeResult) -> Sequence[str]:
    interval = f"{found.low:+.2f} to {found.high:+.2f}"
    n, p = str(found.n), f"{found.p:.3f}"
    return found.name, f"{found.effect:+.2f}", interval, p, n, found.reading


def _reading(found: RangeResult) -> Sequence[str]:
    note = "declared" if found.is_declared else found.problem
    return str(found.reading), f"{found.recall:.0%}", f"{found.reciprocal_rank:.3f}", note


def _print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    results().print(table)
