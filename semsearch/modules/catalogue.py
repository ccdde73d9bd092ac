"""The modules that a handle can name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from semsearch.errors import ModuleError
from semsearch.modules.card import ModuleCard
from semsearch.modules.module import Module
from semsearch.modules.networks import colours, efficientnet_lite, hashing, use_multilingual
from semsearch.modules.weights import WeightFile


@dataclass(frozen=True)
class _Entry:
    card: ModuleCard
    make: Callable[[], Module]
    weights: tuple[WeightFile, ...] = ()


_ENTRIES = {
    entry.card.name: entry
    for entry in (
        _Entry(use_multilingual.CARD, use_multilingual.use_multilingual, use_multilingual.WEIGHTS),
        _Entry(
            efficientnet_lite.CARD,
            efficientnet_lite.efficientnet_lite0,
            efficientnet_lite.WEIGHTS,
        ),
        _Entry(hashing.CARD, hashing.hashing),
        _Entry(colours.CARD, colours.colours),
    )
}


def load_module(handle: str) -> Module:
    """Return the module that `handle` names, always the same one for the same handle.

    Its weights are found and their digests compared; the network itself is built by the first
    encoding.

    Raises:
        ModuleError: no module has this name, or its weights are missing or not the pinned ones.
    """
    if not isinstance(handle, str):
        raise TypeError(f"a handle is a str, not {type(handle).__name__}")
    if handle not in _ENTRIES:
        raise ModuleError(f"there is no module {handle!r}", f"known are {', '.join(_ENTRIES)}")
    return _loaded(handle)


def known_modules() -> list[ModuleCard]:
    """Return the cards of all modules, the default of each modality first; nothing is loaded."""
    return [entry.card for entry in _ENTRIES.values()]


@cache
def _loaded(handle: str) -> Module:
    entry = _ENTRIES[handle]
    for file in entry.weights:
        file.verify()
    return entry.make()
