"""Modules: the encoders that turn texts and pictures into vectors, each named by one handle."""

from semsearch.modules.ahead import attempts_ahead
from semsearch.modules.card import ModuleCard
from semsearch.modules.catalogue import BUILT_IN, FROM_HUB, known_modules
from semsearch.modules.handles import parse_handle
from semsearch.modules.loading import load_module
from semsearch.modules.module import Module

__all__ = [
    "Module",
    "ModuleCard",
    "anchored_handle",
    "attempts_ahead",
    "is_built_in",
    "known_card",
    "known_modules",
    "load_module",
]


def anchored_handle(handle: str) -> str:
    """Return a handle whose local paths are absolute, so that it is good anywhere."""
    parsed = parse_handle(handle)
    # A folder may be called as a module is; the name means the module.
    return handle if parsed.source in {*BUILT_IN, *FROM_HUB} else parsed.anchored()


def is_built_in(handle: str) -> bool:
    """Tell whether a handle names one of the networks that we build ourselves."""
    return handle in BUILT_IN


def known_card(handle: str) -> ModuleCard | None:
    """Return what the catalogue says of a short name, without looking at any file."""
    source = parse_handle(handle).source
    entry = BUILT_IN.get(source) or FROM_HUB.get(source)
    return None if entry is None else entry.card
