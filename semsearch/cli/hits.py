"""How hits look to a person at the terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from semsearch.cli.facets import print_facet
from semsearch.cli.screen import SHOWN_TEXT, notes, results, shortened
from semsearch.collection import Hit, Hits

BAR_WIDTH = 10
SHOWN_FIELD = 40
SHOWN_KEYS = 3
SHOWN_WORDS = 6
SHOWN_BEFORE = 60
"""So many characters stand before the word that carried the most, of a text that is cut."""

CARRYING = 0.5
"""Words are bold from this share of what the strongest word carried."""

BANDS = {"strong": "green", "fair": "yellow", "weak": "red"}
BLANK = re.compile(r"\s")


def print_hits(hits: Sequence[Hit]) -> None:
    """Print hits for reading: score, band, key and fields, the text, and what stands behind them.

    Of `Hits` the notes, the counts of fields and how to ask for the next page follow.
    """
    console = results()
    if not hits:
        console.print("nothing found")
    largest = max((hit.score or 0.0 for hit in hits), default=0.0)
    for hit in hits:
        _print_hit(console, hit, max(1.0, largest))
    if isinstance(hits, Hits):
        _print_rest(hits)


def _print_hit(console: Console, hit: Hit, full: float) -> None:
    console.print(_heading(hit, full))
    if hit.text:
        console.print(_matched_text(hit), soft_wrap=False)
    for line in (_place(hit), _carried(hit), _parts(hit), _folded(hit)):
        if line:
            console.print(Text(line, style="dim"))
    console.print()


def _print_rest(hits: Hits) -> None:
    for field, facet in hits.facets.items():
        print_facet(field, facet)
    for note in hits.notes:
        notes().print(Text(note, style="dim"))
    if hits.after is not None:
        notes().print(Text(f"next page: --after {hits.after}", style="dim"), soft_wrap=True)


def _heading(hit: Hit, full: float) -> Text:
    """Return the line above a text; `full` is the score of a full bar: 1, or the most of words."""
    score = hit.score or 0.0
    filled = round(min(1.0, max(0.0, score / full)) * BAR_WIDTH)
    heading = Text().append(f"{score:6.3f} ", style="bold")
    heading.append("█" * filled, style="cyan").append("░" * (BAR_WIDTH - filled), style="dim")
    if hit.band is not None:
        heading.append(f"  {hit.band}", style=BANDS.get(hit.band, "dim"))
    if hit.percentile is not None:
        heading.append(f"  above {hit.percentile:.1f} %", style="dim")
    heading.append(f"  {hit.key}", style="bold")
    for name, value in hit.fields.items():
        if value is not None and value != hit.key:  # of documents the path, and often the title
            heading.append(f"  {name}={shortened(str(value), SHOWN_FIELD)}", style="dim")
    return heading


def _matched_text(hit: Hit) -> Text:
    """Return the part of the text that matched, words that carried the match in bold."""
    start, stop = (hit.passage.start, hit.passage.stop) if hit.passage else (0, len(hit.text))
    bold = _carrying(hit)
    if not bold:
        shown = shortened(hit.text[start:stop])
        return Text(f"{_dots(start > 0)}{shown}{_dots(stop < len(hit.text), shown)}")
    first = bold[0][0]
    if stop - start > SHOWN_TEXT and first - start > SHOWN_BEFORE:
        start = first - SHOWN_BEFORE
    stop = min(stop, start + SHOWN_TEXT)
    text = Text(BLANK.sub(" ", hit.text[start:stop]))  # one for one: words keep their places
    for word_start, word_stop in bold:
        text.stylize("bold", max(0, word_start - start), max(0, word_stop - start))
    return Text(_dots(start > 0)) + text + Text(_dots(stop < len(hit.text)))


def _place(hit: Hit) -> str:
    """Say where in a long text the passage stands that matched."""
    if hit.passage is None:
        return ""
    start, stop, _ = hit.passage
    return f"characters {start + 1:,} to {stop:,} of {len(hit.text):,}"


def _carrying(hit: Hit) -> list[tuple[int, int]]:
    """Return where the words stand that carried the match, the strongest first."""
    words = sorted(hit.words or [], key=lambda word: -word.weight)
    least = CARRYING * words[0].weight if words else 0.0
    return [
        (word.start, word.stop)
        for word in words
        if word.weight > 0 and (word.weight >= least or word.is_in_query)
    ]


def _carried(hit: Hit) -> str:
    """Name the words that carried the match, the strongest first, for eyes that see no bold."""
    if hit.words is None:
        return ""
    named = dict.fromkeys(hit.text[start:stop] for start, stop in _carrying(hit))
    return f"carried by {', '.join(list(named)[:SHOWN_WORDS]) or 'no single word'}"


def _parts(hit: Hit) -> str:
    return " · ".join(f"{name} {value:.3f}" for name, value in (hit.parts or {}).items())


def _folded(hit: Hit) -> str:
    if not hit.folded:
        return ""
    named = ", ".join(shortened(key, SHOWN_FIELD) for key in hit.folded[:SHOWN_KEYS])
    more = len(hit.folded) - SHOWN_KEYS
    return f"all but the same: {named}" + (f" and {more:,} more" if more > 0 else "")


def _dots(is_cut: bool, shown: str = "") -> str:
    return "…" if is_cut and not shown.endswith("…") else ""
