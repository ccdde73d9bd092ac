"""From a handle to a loaded module: short names, pairs, and whatever a resolver finds."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from difflib import get_close_matches
from functools import cache, lru_cache

from semsearch.errors import ModuleError
from semsearch.modules.card import ModuleCard
from semsearch.modules.catalogue import BUILT_IN, FROM_HUB, BuiltIn, FromHub
from semsearch.modules.handles import (
    Handle,
    Policy,
    Resolved,
    current_policy,
    package_folder,
    parse_handle,
    resolve,
)
from semsearch.modules.handles.handle import is_there
from semsearch.modules.handles.resolve import check_unchanged
from semsearch.modules.module import Module
from semsearch.modules.networks.bert_folder import bert_card, is_bert_folder, open_bert
from semsearch.modules.saved_model.encoders import open_saved_model
from semsearch.modules.saved_model.facts import card_of
from semsearch.modules.saved_model.local import finds_local_features, open_local
from semsearch.modules.saved_model.pair import open_pair, pair_card

WORD = re.compile(r"[\w.-]*")
"""What looks like a short name: no path, URL, package or pair."""

_opening = threading.Lock()

KEPT = 16
"""Modules that stay open, so that one handle and content is one network in memory."""


def load_module(handle: str, *, trust: bool = False, offline: bool | None = None) -> Module:
    """Return the module that `handle` names, the same one for the same handle and content.

    Its files are found, fetched where they must be, and their digests compared; the network itself
    is built by the first encoding. `trust` agrees to operations that touch files, the network or
    Python; `offline` uses nothing but what is here (default: what SEMSEARCH_OFFLINE says).

        load_module("minilm").encode(["The soup was cold"])

    Raises:
        ModuleError: no module is there, its files are missing or not the pinned ones, or it holds
            operations that nobody agreed to.
    """
    changes = {} if offline is None else {"offline": offline}
    policy = current_policy(trust=trust, **changes)
    parsed = parse_handle(handle)
    known = BUILT_IN.get(parsed.source)
    if known is not None:
        fetch_weights(parsed, known, policy)
        return _made(parsed.source)
    parts = resolved_parts(parsed, policy)
    with _opening:  # threads that want the same module get the same one
        return _opened(parsed, parts)


def card_of_parts(parsed: Handle, parts: tuple[Resolved, ...]) -> ModuleCard:
    """Return the card of what a handle was resolved to, without running any of it."""
    match parts:
        case (preprocess, encoder):
            card = pair_card(preprocess, encoder, encoder.handle.options)
        case (part,) if is_bert_folder(part.path):
            card = bert_card(part)
        case (part,):
            card = card_of(part)
    return _in_catalogue(parsed, card)


def fetch_weights(parsed: Handle, known: BuiltIn, policy: Policy) -> None:
    """Make sure that the weights of one of our own networks are here and the pinned ones.

    Raises:
        ModuleError: they are not, or the handle has options.
    """
    refuse_options(parsed)
    missing = {file.handle for file in known.weights if file.handle and not file.is_installed}
    try:
        for handle in sorted(missing):
            package_folder(handle, policy)
    except ModuleError as error:
        raise ModuleError(
            f"the module {parsed.source!r} is not here whole: {error.problem}",
            f"while online: semsearch modules add {parsed.source}",
        ) from error
    for file in known.weights:
        file.verify()


def refuse_options(parsed: Handle) -> None:
    """Raise a ModuleError for a handle of one of our own networks that has options."""
    if parsed.options:
        raise ModuleError(
            f"the module {parsed.source!r} is used in one way only, so {parsed.text!r} has options"
            " that it does not know",
            f"write {parsed.source!r}",
        )


@cache
def _made(name: str) -> Module:
    return BUILT_IN[name].make()


def resolved_parts(parsed: Handle, policy: Policy) -> tuple[Resolved, ...]:
    """Return what the one or two sources of a handle resolve to.

    Raises:
        ModuleError: no module is there, or its files are missing or not the pinned ones.
    """
    known = FROM_HUB.get(parsed.source)
    if known is None and _is_word(parsed.source):
        raise _unknown(parsed.source)
    meant = parsed if known is None else _meant(parsed, known)
    return tuple(resolve(part, policy) for part in meant.pair() or (meant,))


def _is_word(source: str) -> bool:
    return not source or (WORD.fullmatch(source) is not None and not is_there(source))


def _unknown(name: str) -> ModuleError:
    names = [*BUILT_IN, *FROM_HUB]
    near = get_close_matches(name.lower(), names, n=1)
    return ModuleError(
        f"there is no module {name!r}",
        f"did you mean {near[0]!r}? semsearch modules list shows all"
        if near
        else f"known are {', '.join(names)}; a folder, an archive, a URL, pypi:NAME==VERSION and"
        " npm:NAME@VERSION can be given too",
    )


def _meant(parsed: Handle, known: FromHub) -> Handle:
    meant = parse_handle(known.handle)
    return replace(meant, options={**meant.options, **parsed.options})


@lru_cache(KEPT)
def _opened(parsed: Handle, parts: tuple[Resolved, ...]) -> Module:
    module: Module
    match parts:
        case (preprocess, encoder):
            module = open_pair(preprocess, encoder, encoder.handle.options)
        case (part,) if is_bert_folder(part.path):
            module = open_bert(part)
        case (part,) if finds_local_features(part):
            module = open_local(part)
        case (part,):
            module = open_saved_model(part)
    module.card = _in_catalogue(parsed, module.card)
    # The network may be built hours after its files were looked at.
    module.check_before_building(lambda: check_unchanged(parts))
    return module


def _in_catalogue(parsed: Handle, card: ModuleCard) -> ModuleCard:
    """Return a card with what the catalogue knows of a short name and its files do not say."""
    known = FROM_HUB.get(parsed.source)
    if known is None:
        return card
    stated = known.card
    return replace(
        card,
        name=parsed.text,
        version=stated.version,
        languages=stated.languages,
        licence=stated.licence,
        description=stated.description,
        caveat=stated.caveat,
        checked=stated.checked,
    )
