"""What a query may say, and how it becomes something the store can answer."""

from semsearch.search.filters import Condition, parse_filter

__all__ = ["Condition", "parse_filter"]
