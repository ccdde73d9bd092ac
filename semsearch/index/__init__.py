"""FAISS: exact search, indexes of codes and k-means over arrays; knows neither ids nor encoders."""

from semsearch.index.codes import CodeIndex
from semsearch.index.evaluate import recall_at_k
from semsearch.index.files import load_index, publish_index
from semsearch.index.jobs import BuiltIndex, IndexJob, run_worker
from semsearch.index.kinds import check_request
from semsearch.index.pairs import Pairs, pairs_within
from semsearch.index.plan import IndexPlan
from semsearch.index.rows import NONE, Rows
from semsearch.index.view import SearchView

__all__ = [
    "NONE",
    "BuiltIndex",
    "CodeIndex",
    "IndexJob",
    "IndexPlan",
    "Pairs",
    "Rows",
    "SearchView",
    "check_request",
    "load_index",
    "pairs_within",
    "publish_index",
    "recall_at_k",
    "run_worker",
]
