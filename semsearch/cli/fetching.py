"""Modules fetched with a word before and a bar meanwhile."""

from __future__ import annotations

from semsearch.cli.screen import download_bar, notes
from semsearch.modules import ModuleCard, known_card
from semsearch.modules.inventory import TO_FETCH, add_module, state_of


def fetched(handle: str, **allowed: bool) -> ModuleCard:
    """Fetch a module unless it is here, and return its card; nothing of it is run.

    `allowed` are the fields `trust` and `update` of a policy.

    Raises:
        ModuleError: it cannot be had, or is refused.
    """
    card = known_card(handle)
    size = 0 if card is None else card.size
    if card is not None and state_of(handle) == TO_FETCH:
        notes().print(f"{handle} is fetched first: {size / 1e6:,.1f} MB, {card.source}")
    with download_bar(expected=size, **allowed) as policy:
        return add_module(handle, policy)
