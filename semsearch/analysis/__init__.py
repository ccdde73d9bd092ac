"""What a set of vectors shows: groups, their words, a map and classes; it knows no store."""

from semsearch.analysis.classify import Head, choose, cross_validate, fit, probabilities
from semsearch.analysis.cluster import Grouping, assign, group, representatives
from semsearch.analysis.components import Components
from semsearch.analysis.keywords import cluster_name, keywords
from semsearch.analysis.layout import layout
from semsearch.analysis.report import Report

__all__ = [
    "Components",
    "Grouping",
    "Head",
    "Report",
    "assign",
    "choose",
    "cluster_name",
    "cross_validate",
    "fit",
    "group",
    "keywords",
    "layout",
    "probabilities",
    "representatives",
]
