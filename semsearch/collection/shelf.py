"""The folder that holds collections side by side, each under its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from semsearch.collection.collection import Collection
from semsearch.collection.opening import DEFAULT_MODULES, create, open_at, restore
from semsearch.collection.trial import Trial, trial
from semsearch.errors import CollectionError, CollectionNotFound
from semsearch.modules import anchored_handle, known_card, load_module
from semsearch.modules.inventory import HERE, state_of
from semsearch.store.folder import is_collection

NAME = re.compile(r"[^\W_][\w.-]{0,99}")


def collection_names(indexes: Path) -> list[str]:
    """Return the names of the collections in a folder, sorted; [] when it does not exist."""
    if not indexes.is_dir():
        return []
    return sorted(
        path.name for path in indexes.iterdir() if NAME.fullmatch(path.name) and is_collection(path)
    )


def check_name(name: str) -> str:
    """Return `name`, or raise ValueError where it cannot be a collection's name."""
    if not NAME.fullmatch(name):
        raise ValueError(
            f"a collection cannot be named {name!r}; use letters, digits, '-', '_' and '.',"
            " beginning with a letter or digit"
        )
    return name


def open_collection(
    indexes: Path, name: str, *, read_only: bool = False, auto_index: bool = True
) -> Collection:
    """Open the collection `name` in the folder `indexes`; see `create` for `auto_index`.

    Raises:
        CollectionNotFound: there is none of this name; names those there are.
    """
    path = indexes / check_name(name)
    if not path.exists():
        raise _not_found(indexes, name)
    return open_at(path, read_only=read_only, auto_index=auto_index)


def restored(indexes: Path, source: Path, name: str) -> Collection:
    """Make the collection `name` in the folder `indexes` from a backup, and open it."""
    return restore(source, indexes / check_name(name))


@contextmanager
def growing_collection(
    indexes: Path, name: str, modality: str, module: str | None
) -> Iterator[Collection]:
    """Open the collection `name` to add to it, or create it; a failure leaves no empty one.

    `module` is the handle for a new collection, by default the usual one for the modality. A
    collection that exists keeps its own. The caller looks after the index.

    Raises:
        CollectionError: the collection exists and was made by another module.
    """
    path = indexes / check_name(name)
    is_new = not is_collection(path)
    handle = module or DEFAULT_MODULES[modality]
    opened = create(path, handle, auto_index=False) if is_new else open_at(path, auto_index=False)
    with opened as collection:
        try:
            _check_module(collection, module)
            yield collection
        except BaseException:
            if is_new:
                collection.remove_if_empty()
            raise


@contextmanager
def trial_of(indexes: Path, name: str, modality: str, module: str | None) -> Iterator[Trial]:
    """Find out what adding to the collection `name` would do, see `growing_collection`.

    Nothing is written, and no module is fetched: of one that is not here only its card is used.

    Raises:
        CollectionError: the collection exists and was made by another module.
    """
    path = indexes / check_name(name)
    handle = module or DEFAULT_MODULES[modality]
    if is_collection(path):
        with open_at(path, read_only=True, auto_index=False) as collection:
            _check_module(collection, module)
            handle = collection.handle or handle
    loaded, card = None, known_card(handle)
    if card is None or state_of(handle) == HERE:
        loaded = load_module(handle)
        card = loaded.card
    with trial(path, card, loaded) as found:
        yield found


def _check_module(collection: Collection, module: str | None) -> None:
    if module is not None and collection.handle != anchored_handle(module):
        raise CollectionError(
            f"the collection {collection.name!r} was made by {collection.handle!r}, not {module!r}",
            "leave --module out, or choose another name",
        )


def _not_found(indexes: Path, name: str) -> CollectionNotFound:
    known = collection_names(indexes)
    near = get_close_matches(name, known, n=1)
    if not known:
        remedy = "there are none yet: make one with `semsearch index`, or run `semsearch demo`"
    else:
        meant = f"did you mean {near[0]!r}? " if near else ""
        remedy = f"{meant}there are: {', '.join(known)}"
    return CollectionNotFound(f"no collection named {name!r} in {str(indexes)!r}", remedy)
