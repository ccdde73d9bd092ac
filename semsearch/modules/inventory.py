"""What modules there are and in what state: listed, looked at, fetched, verified, forgotten."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from semsearch.errors import ModuleError
from semsearch.modules.card import ModuleCard
from semsearch.modules.catalogue import BUILT_IN, FROM_HUB, BuiltIn, known_modules
from semsearch.modules.export import verify_export
from semsearch.modules.exporting.records import SUMS
from semsearch.modules.handles import (
    Finding,
    Handle,
    Policy,
    Resolved,
    cache_root,
    cached_modules,
    forget,
    parse_handle,
    verify_cached,
)
from semsearch.modules.handles.contents import digest_over, facts_of
from semsearch.modules.handles.pins import Pins
from semsearch.modules.loading import (
    card_of_parts,
    fetch_weights,
    refuse_options,
    resolved_parts,
)
from semsearch.modules.saved_model.keras_config import is_keras_file
from semsearch.modules.saved_model.keras_file import refuse_untrusted
from semsearch.modules.saved_model.scan import Risk, refuse_risky, risks

HERE, TO_FETCH, FOREIGN = "here", "at first use", "open internet"


@dataclass(frozen=True)
class Listing:
    """One line of the list: a short name with its card, or something fetched by its handle."""

    handle: str
    state: str
    source: str
    size: int
    card: ModuleCard | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, ready for JSON."""
        card = None if self.card is None else self.card.as_dict()
        return asdict(self) | {"card": card}


def inventory() -> list[Listing]:
    """Return the short names, and after them what else the cache holds."""
    cached = {module.handle: module for module in cached_modules()}
    cards = known_modules()
    named = {source for card in cards for source in _sources(card.name)}
    others = (module for handle, module in cached.items() if handle not in named)
    return [
        *(
            Listing(card.name, _state(card.name, cached), card.source, card.size, card)
            for card in cards
        ),
        *(Listing(other.handle, HERE, other.source, other.size, None) for other in others),
    ]


def state_of(handle: str) -> str:
    """Return whether what a handle of the catalogue needs is here."""
    return _state(parse_handle(handle).source, {module.handle for module in cached_modules()})


def look_at(handle: str, policy: Policy) -> tuple[ModuleCard, list[Risk]]:
    """Return the card of a module and what its graph may do beyond computing; nothing is run.

    Raises:
        ModuleError: no module is there, or its files are missing or not the pinned ones.
    """
    parsed = parse_handle(handle)
    known = BUILT_IN.get(parsed.source)
    if known is not None:
        refuse_options(parsed)
        return known.card, []
    parts = resolved_parts(parsed, policy)
    found = [risk for part in parts for risk in _risks(part.path)]
    return card_of_parts(parsed, parts), found


def add_module(handle: str, policy: Policy) -> ModuleCard:
    """Fetch a module, verify it, pin it by its digest and return its card; nothing is run.

    Raises:
        ModuleError: it cannot be had, is damaged, is not what was pinned, or holds operations
            that the policy does not agree to.
    """
    parsed = parse_handle(handle)
    known = BUILT_IN.get(parsed.source)
    if known is not None:
        fetch_weights(parsed, known, policy)
        return known.card
    # Looked at before it is pinned or takes the place of an older one, and again as it stands here.
    inspect = partial(_refuse_unless_trusted, parsed)
    parts = resolved_parts(parsed, replace(policy, inspect=inspect))
    for part in parts:
        inspect(part.path, is_trusted=part.is_trusted)
    return card_of_parts(parsed, parts)


def verify_modules(handle: str | None = None) -> list[Finding]:
    """Compare the files of one module, or of all that are here, with their digests.

    The folder of an exported module is run on its own test vectors too; nothing is mended.

    Raises:
        ModuleError: `handle` is not here.
    """
    if handle is None:
        ours = [_installed(entry) for entry in BUILT_IN.values() if _is_installed(entry)]
        return ours + verify_cached()
    if (Path(handle) / SUMS).is_file():
        return [_export(handle)]
    known = BUILT_IN.get(parse_handle(handle).source)
    if known is not None and _is_installed(known):
        return [_installed(known)]
    return [found for source in _sources(handle) for found in verify_cached(source)]


def forget_module(handle: str) -> None:
    """Take a module out of the cache, with its digest and what was agreed to.

    Raises:
        ModuleError: it is not in the cache.
        StorageError: the disk refuses.
    """
    sources = _sources(handle)
    if not sources:
        raise ModuleError(f"the module {handle!r} is built in", "there is nothing to remove")
    for source in sources:
        forget(source)


def _sources(handle: str) -> list[str]:
    """Return the names under which the cache keeps what a handle needs."""
    source = parse_handle(handle).source
    ours, known = BUILT_IN.get(source), FROM_HUB.get(source)
    if ours is not None:
        return sorted({parse_handle(file.handle).source for file in ours.weights if file.handle})
    parsed = parse_handle(handle if known is None else known.handle)
    return [part.source for part in parsed.pair() or (parsed,)]


def _state(name: str, cached: Collection[str]) -> str:
    """Return whether what a short name needs is among what is cached, or installed."""
    ours, sources = BUILT_IN.get(name), _sources(name)
    if ours is not None and _is_installed(ours):
        return HERE
    if sources and all(source in cached for source in sources):
        return HERE
    return FOREIGN if ours is None else TO_FETCH


def _is_installed(entry: BuiltIn) -> bool:
    return all(file.is_installed for file in entry.weights)


def _refuse_unless_trusted(parsed: Handle, path: Path, *, is_trusted: bool = False) -> None:
    found = Resolved(parsed, path, str(path), "", 0, is_trusted)
    if is_keras_file(path):
        refuse_untrusted(found)
    elif _is_graph(path):
        refuse_risky(found)


def _risks(path: Path) -> list[Risk]:
    if is_keras_file(path):
        return [Risk("Keras", path.name, "rebuilds the network by code of Keras")]
    return risks(path) if _is_graph(path) else []


def _is_graph(path: Path) -> bool:
    return (path / "saved_model.pb").is_file()


def _installed(entry: BuiltIn) -> Finding:
    try:
        for file in entry.weights:
            file.verify()
    except ModuleError as error:
        return Finding(entry.card.name, str(error))
    return Finding(entry.card.name, None)


def _export(folder: str) -> Finding:
    digest = digest_over(facts_of(Path(folder)))
    report = verify_export(folder, trust=Pins(cache_root()).is_trusted(digest))
    if report.damaged:
        return Finding(folder, "; ".join(report.damaged))
    note = f"; its test vectors come out with a cosine of {report.lowest_cosine:.6f} at least"
    problem = None if report.is_good else f"its vectors differ here: cosine {report.lowest_cosine}"
    return Finding(folder, problem, note)
