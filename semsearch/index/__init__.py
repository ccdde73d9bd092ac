"""FAISS: exact search and k-means over arrays; knows neither rows nor encoders."""

from semsearch.index.exact import NONE, Block, search_exact

__all__ = ["NONE", "Block", "search_exact"]
