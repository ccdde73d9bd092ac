"""FAISS: exact search, indexes of codes and k-means over arrays; knows neither ids nor encoders."""

from semsearch.index.codes import CodeIndex
from semsearch.index.evaluate import recall_at_k
from semsearch.index.exact import Block, search_exact
from semsearch.index.plan import IndexPlan
from semsearch.index.rows import NONE, Rows
from semsearch.index.view import SearchView

__all__ = [
    "NONE",
    "Block",
    "CodeIndex",
    "IndexPlan",
    "Rows",
    "SearchView",
    "recall_at_k",
    "search_exact",
]
