"""What an ingest needs of whatever makes vectors: a module, or the user's own array."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from semsearch.collection.checks import as_list
from semsearch.corpus import DigestMap, Skipped
from semsearch.errors import CollectionError, ContentError, ModuleError
from semsearch.modules import Module, load_module
from semsearch.store import Space
from semsearch.vectors import SMALLEST_NORM, Vectors, as_matrix, lengths, unit

VECTORS = "vectors"
"""The modality of a collection whose vectors the user brings."""

Progress = Callable[[int, int], None]


class Encoder(Protocol):
    """Turns contents into unit vectors; `semsearch.Module` is one."""

    def prepare(self, content: Any) -> Any:
        """Check and decode one content, or raise `ContentError`."""

    def encode_prepared(
        self, prepared: Sequence[Any], on_progress: Progress | None = None
    ) -> Vectors:
        """Return the vectors (n, dim) of prepared contents."""


class OwnVectors:
    """The encoder of a collection without a module: rows of the user's own array."""

    def prepare(self, content: Vectors) -> Vectors:
        """Check one row of shape (dim,)."""
        if not np.isfinite(content).all():
            raise ContentError("the vector holds NaN, infinity or a number beyond float32")
        if lengths(content[None])[0] < SMALLEST_NORM:
            raise ContentError("the vector is zero and has no direction")
        return content

    def encode_prepared(
        self, prepared: Sequence[Vectors], on_progress: Progress | None = None
    ) -> Vectors:
        """Return the rows at unit length."""
        vectors = unit(np.stack(prepared))
        if on_progress is not None:
            on_progress(len(prepared), len(prepared))
        return vectors


def content_digest(content: str | bytes | Vectors) -> str:
    """Return the SHA-256 (hex) by which a content is recognised as unchanged."""
    match content:
        case str():
            data = content.encode()
        case bytes():
            data = content
        case _:
            data = content.tobytes()
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class VectorRow:
    """A row of the user's own vectors on its way into the store."""

    row: int
    key: str
    content: Vectors
    text: str = ""
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class VectorRows:
    """Rows (n, dim) of the user's own vectors as entries, made as they are asked for."""

    vectors: Vectors
    keys: Sequence[str]

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[VectorRow | Skipped]:
        first = DigestMap()
        for row, (key, vector) in enumerate(zip(self.keys, self.vectors, strict=True), start=1):
            earlier = first.setdefault(key, row)
            if earlier != row:
                yield Skipped(row, key, f"the key stands in row {earlier} already")
            else:
                yield VectorRow(row, key, vector)


def vector_entries(vectors: Any, keys: Sequence[str] | None, space: Space, name: str) -> VectorRows:
    """Return one entry a row of `vectors` (n, dim); a key that comes twice is skipped.

    Raises:
        CollectionError: the collection's vectors come from a module.
        ValueError: another width than the collection's, or not one key a row.
        TypeError: values that are not real numbers, or keys without an order.
    """
    if space.handle is not None:
        raise CollectionError(
            f"the vectors of the collection {name!r} come from its module {space.handle!r}",
            "make a collection with module=None for vectors of your own",
        )
    rows = as_matrix(vectors, space.dim)
    if isinstance(keys, set | frozenset):
        raise TypeError("keys must be a list: a set has no order that the rows could follow")
    given = as_list(() if keys is None else keys, "keys")
    if len(given) != len(rows):
        raise ValueError(f"vectors need one key a row, got {len(given)} keys for {len(rows)} rows")
    names = ["" if key is None else str(key) for key in given]
    return VectorRows(rows, names)


def pinned_module(space: Space, name: str) -> Module:
    """Load the module of a vector space, and make sure that it is the very one."""
    try:
        module = load_module(str(space.handle))
    except ModuleError as error:
        raise ModuleError(
            f"the module that made the collection {name!r} cannot be loaded: {error.problem}",
            error.remedy,
        ) from error
    if module.card.digest != space.digest:
        raise ModuleError(
            f"the collection {name!r} was made by {space.handle!r} with the digest"
            f" {str(space.digest)[:12]}, the one installed has {module.card.digest[:12]}",
            "install the version that made it, or index the source anew",
        )
    return module
