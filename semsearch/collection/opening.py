"""Making and opening collections by path."""

from __future__ import annotations

import os
from pathlib import Path

from semsearch.collection.checks import check_dim
from semsearch.collection.collection import Collection
from semsearch.collection.encoders import VECTORS
from semsearch.errors import ModuleError, shortened
from semsearch.modules import anchored_handle, load_module
from semsearch.store import Space, Store
from semsearch.store import restore as restore_backup

MAX_PART = 200
"""Bytes of a folder's name; file systems take 255, and a growing collection's is longer."""

DEFAULT_MODULE = "use-multilingual"
DEFAULT_MODULES = {"text": DEFAULT_MODULE, "image": "efficientnet-lite0"}


def create(
    path: str | Path,
    module: str | None = DEFAULT_MODULE,
    *,
    dim: int | None = None,
    auto_index: bool = True,
) -> Collection:
    """Create an empty collection at `path` and open it.

    `module` is a module's handle; None makes a collection for your own vectors of width `dim`.
    With `auto_index` its index is built in the background once searches take longer than they need.

    Raises:
        CollectionExists: something stands at `path` already.
        ModuleError: the handle is unknown, or its module makes no single vector of an item.
    """
    if module is None:
        space, modality = Space(check_dim(dim), None, None, {}), VECTORS
    else:
        card = load_module(module).card
        handle, modality = anchored_handle(module), card.modality
        space = Space(card.dim, handle, card.digest, card.as_dict())
        if dim not in (None, card.dim):
            raise ValueError(f"the module {module!r} makes vectors {card.dim} wide, not {dim}")
        if modality not in DEFAULT_MODULES:
            raise ModuleError(
                f"the module {module!r} gives many vectors a picture, so no collection can be made"
                " with it",
                "use an image module such as efficientnet-lite0, and this one to compare pictures",
            )
    store = Store.create(_checked(path), space, {"modality": modality})
    return Collection(store, auto_index=auto_index)


def open_at(path: str | Path, *, read_only: bool = False, auto_index: bool = True) -> Collection:
    """Open the collection that stands at `path`; see `create` for `auto_index`.

    Raises:
        CollectionNotFound: no collection is there.
        FormatTooNew: a newer semsearch wrote it.
    """
    return Collection(Store(_checked(path), read_only=read_only), auto_index=auto_index)


def _checked(path: str | Path) -> Path:
    """Return the path of a collection.

    Raises:
        ValueError: it is empty, or no file can be named so.
        TypeError: it is no path.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"a collection is named by its path, got {shortened(path)}")
    text = os.fspath(path)
    if not text or "\0" in text:
        raise ValueError(f"no collection can stand at {shortened(text)}; name a folder")
    longest = max(len(os.fsencode(part)) for part in Path(text).parts or ("",))
    if longest > MAX_PART:
        raise ValueError(f"the path {shortened(text)} has a name longer than {MAX_PART} bytes")
    return Path(text)


def restore(source: str | Path, path: str | Path) -> Collection:
    """Make the collection of a backup at `path`, check it in full, and open it.

    Raises:
        CollectionExists: something stands at `path` already.
        CollectionDamaged: the backup is damaged or no backup; nothing was restored.
    """
    restore_backup(Path(source), Path(path))
    return open_at(path)
