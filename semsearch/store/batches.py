"""What a commit brings: new items with their vectors, and rows that change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from semsearch.store.schema import Value, fields_as_json, signature_of, type_of
from semsearch.vectors import Vectors


@dataclass(frozen=True)
class NewItem:
    """An item as a user gave it; `content` is the digest of what was encoded."""

    key: str
    text: str
    fields: Mapping[str, Value]
    content: str
    blob: str | None = None
    spans: Sequence[tuple[int, int]] = ()
    """Where the passages of a split text begin and end in it, in characters."""

    def signature(self) -> bytes:
        """Return the checksum that its row carries."""
        return signature_of(self.key, self.text, fields_as_json(self.fields), self.content)


@dataclass(frozen=True)
class Known:
    """What a batch must know of a stored row to tell whether it changed."""

    id: int
    content: str
    signature: bytes


@dataclass(frozen=True)
class Refresh:
    """A stored row whose vector stays and whose text or fields change."""

    id: int
    item: NewItem


@dataclass(frozen=True)
class Batch:
    """One commit: new items with their vectors (n, dim), rows they replace, rows refreshed.

    The vectors of an item's passages stand right before its own, in the order of its `spans`.
    """

    items: Sequence[NewItem]
    vectors: Vectors
    replaced: Sequence[int] = ()
    refreshed: Sequence[Refresh] = ()
    field_types: Mapping[str, str] = field(default_factory=dict)
    source: tuple[str, str] | None = None
    """Path and key prefix of a file without keys of its own, see `Writer.prefix_of`."""
    space_id: int | None = None
    """The space of the vectors; None: the current one, whichever it is."""
    request_id: str | None = None
    """A batch whose request id was committed before is not stored again."""


def field_types(items: Iterable[NewItem]) -> dict[str, str]:
    """Return the type of every field that `items` bring.

    Two types for one name make it text; the type is "" where no item has a value.
    """
    types: dict[str, str] = {}
    for item in items:
        for name, value in item.fields.items():
            kind = type_of(value)
            if types.setdefault(name, kind) != kind and kind:
                types[name] = "text" if types[name] else kind
    return types
