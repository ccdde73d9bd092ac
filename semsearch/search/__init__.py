"""What a query may say, and which rows of typed columns it means."""

from semsearch.search.evaluate import Source, passing
from semsearch.search.facets import Facet
from semsearch.search.filters import parse_filter
from semsearch.search.question import Term
from semsearch.search.spelling import parse_term, spell_term
from semsearch.search.tree import Node

__all__ = [
    "Facet",
    "Node",
    "Source",
    "Term",
    "parse_filter",
    "parse_term",
    "passing",
    "spell_term",
]
