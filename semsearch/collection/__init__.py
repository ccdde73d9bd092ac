"""The one object a user holds: it joins the stored rows, the module and the search."""

from semsearch.collection.classifier import Classifier, Prediction
from semsearch.collection.clustering import Cluster, Clustering
from semsearch.collection.collection import Collection
from semsearch.collection.duplicates import DuplicateGroup, DuplicatePair, Duplicates
from semsearch.collection.evaluation import Comparison, Evaluation, Figure, Run
from semsearch.collection.learning import LearnedWeight
from semsearch.collection.opening import DEFAULT_MODULES, create, open_at, restore
from semsearch.collection.records import AddReport, Hit, Hits, Layout, SkippedRow
from semsearch.collection.reencoding import ReencodeReport
from semsearch.collection.rejected import check_rejected, write_rejected
from semsearch.collection.shelf import (
    collection_names,
    growing_collection,
    open_collection,
    restored,
    trial_of,
)
from semsearch.collection.trial import Trial
from semsearch.store import BackupReport, CheckReport, CompactReport, Finding, Judgement

__all__ = [
    "DEFAULT_MODULES",
    "AddReport",
    "BackupReport",
    "CheckReport",
    "Classifier",
    "Cluster",
    "Clustering",
    "Collection",
    "CompactReport",
    "Comparison",
    "DuplicateGroup",
    "DuplicatePair",
    "Duplicates",
    "Evaluation",
    "Figure",
    "Finding",
    "Hit",
    "Hits",
    "Judgement",
    "Layout",
    "LearnedWeight",
    "Prediction",
    "ReencodeReport",
    "Run",
    "SkippedRow",
    "Trial",
    "check_rejected",
    "collection_names",
    "create",
    "growing_collection",
    "open_at",
    "open_collection",
    "restore",
    "restored",
    "trial_of",
    "write_rejected",
]
