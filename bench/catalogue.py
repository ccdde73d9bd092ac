"""The list of modules in docs/modules.md, from their cards and from what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from encode_images import ImageScore
from encode_texts import TextScore
from tables import table

from semsearch.modules.catalogue import BUILT_IN


def catalogue_table(scores: Sequence[TextScore | ImageScore]) -> str:
    """Return one row for each of our own modules."""
    by_name = {score.name: score for score in scores}
    rows = []
    for name, entry in BUILT_IN.items():
        card = entry.card
        rows.append(
            [
                f"`{name}`",
                card.modality,
                str(card.dim),
                *reached(by_name.get(name)),
                f"{card.size / 1e6:,.0f} MB" if card.size else "",
                "with pip" if all(file.is_installed for file in entry.weights) else "at first use",
            ]
        )
    head = ["module", "for", "dim", "quality", "items/s", "size", "arrives"]
    return table(head, rows)


def reached(score: TextScore | ImageScore | None) -> list[str]:
    """Return quality and speed as two cells."""
    match score:
        case None:
            return ["", ""]
        case TextScore():
            return [f"{score.spearman:.1f}", f"{score.speed:,.0f}"]
    return [f"{score.accuracy:.3f}", f"{score.speed:,.0f}"]
