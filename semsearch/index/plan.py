"""What an index is made of and how it is searched, as plain values that are stored beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

EXACT = "exact"
"""The spec of a plan without an index: every search scans the vectors."""

RECALL_TARGET = 0.95


@dataclass(frozen=True)
class IndexPlan:
    """How to search one collection; `reason` tells a person why in one sentence.

    `spec` is "exact" or a FAISS factory string. `nprobe` is how far a search goes: lists of an
    IVF, efSearch of an HNSW, 0 where there is no such choice. `candidates` are re-scored exactly
    for 10 wanted neighbours. `recall` (at 10), `milliseconds` (one query) and
    `exact_milliseconds` were measured on `n_queries` of the collection's own vectors.
    """

    spec: str
    reason: str
    nprobe: int = 0
    candidates: int = 0
    recall: float = 1.0
    recall_target: float = RECALL_TARGET
    milliseconds: float = 0.0
    exact_milliseconds: float = 0.0
    n_queries: int = 0
    kind: str = "auto"

    @property
    def is_exact(self) -> bool:
        """Whether a search scans the vectors themselves, so that there is nothing to build."""
        return self.spec == EXACT

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as values that JSON holds."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> IndexPlan:
        """Return the plan that `as_dict` wrote; names that this version does not know are left.

        Raises:
            ValueError: a value is missing or of another type.
        """
        known: dict[str, Any] = {}
        for field in fields(cls):
            if field.name in values:
                known[field.name] = _checked(field.name, str(field.type), values[field.name])
        try:
            return cls(**known)
        except TypeError as error:
            raise ValueError(f"an index plan needs spec and reason, got {sorted(known)}") from error


def _checked(name: str, type_name: str, value: Any) -> Any:
    types: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float)}
    if not isinstance(value, types[type_name]) or isinstance(value, bool):
        raise ValueError(f"{name!r} of an index plan must be of type {type_name}, got {value!r}")
    return value
