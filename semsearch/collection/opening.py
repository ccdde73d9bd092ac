"""Making and opening collections by path."""

from __future__ import annotations

from pathlib import Path

from semsearch.collection.checks import check_dim
from semsearch.collection.collection import Collection
from semsearch.collection.encoders import VECTORS
from semsearch.modules import load_module
from semsearch.store import Space, Store

DEFAULT_MODULE = "use-multilingual"
DEFAULT_MODULES = {"text": DEFAULT_MODULE, "image": "efficientnet-lite0"}


def create(
    path: str | Path, module: str | None = DEFAULT_MODULE, *, dim: int | None = None
) -> Collection:
    """Create an empty collection at `path` and open it.

    `module` is a module's handle; None makes a collection for your own vectors of width `dim`.

    Raises:
        CollectionExists: something stands at `path` already.
        ModuleError: the handle is unknown.
    """
    if module is None:
        space, modality = Space(check_dim(dim), None, None, {}), VECTORS
    else:
        card = load_module(module).card
        space, modality = Space(card.dim, module, card.digest, card.as_dict()), card.modality
        if dim not in (None, card.dim):
            raise ValueError(f"the module {module!r} makes vectors {card.dim} wide, not {dim}")
    return Collection(Store.create(Path(path), space, {"modality": modality}))


def open_at(path: str | Path, *, read_only: bool = False) -> Collection:
    """Open the collection that stands at `path`.

    Raises:
        CollectionNotFound: no collection is there.
        FormatTooNew: a newer semsearch wrote it.
    """
    return Collection(Store(Path(path), read_only=read_only))
