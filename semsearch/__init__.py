"""Semantic search, clusters and few-shot classes on one stored set of vectors."""

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
