"""Semantic search, clusters and few-shot classes on one stored set of vectors."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from semsearch.collection import (
        AddReport,
        Classifier,
        Cluster,
        Clustering,
        Collection,
        Evaluation,
        Hit,
        Layout,
        create,
        restore,
    )
    from semsearch.collection import open_at as open
    from semsearch.errors import SemsearchError
    from semsearch.modules import Module, ModuleCard, load_module

__version__ = "0.1.0"

__all__ = [
    "AddReport",
    "Classifier",
    "Cluster",
    "Clustering",
    "Collection",
    "Evaluation",
    "Hit",
    "Layout",
    "Module",
    "ModuleCard",
    "SemsearchError",
    "create",
    "load_module",
    "open",
    "restore",
]

_ELSEWHERE = {
    "Module": "semsearch.modules",
    "ModuleCard": "semsearch.modules",
    "SemsearchError": "semsearch.errors",
    "load_module": "semsearch.modules",
}
"""Where a public name stands that is none of `semsearch.collection`."""


def __getattr__(name: str) -> Any:
    """Load what a public name means when it is first asked for; the engine takes its time."""
    if name not in __all__:
        raise AttributeError(f"module 'semsearch' has no attribute {name!r}")
    place = import_module(_ELSEWHERE.get(name, "semsearch.collection"))
    found = globals()[name] = getattr(place, "open_at" if name == "open" else name)
    return found


def __dir__() -> list[str]:
    return [*globals(), *__all__]
