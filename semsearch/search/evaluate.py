"""Answering a filter: the tree over typed columns, by SQL's three-valued logic, as a mask of rows.

A row passes where the whole condition is true; unknown is not enough. `not` is carried down to the
leaves (De Morgan holds in three-valued logic), so every leaf answers for itself where it, or its
contrary, is surely true, and no third value ever needs to be kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from semsearch.columns import Column, Mask
from semsearch.search import comparing
from semsearch.search.conditions import condition_of
from semsearch.search.tree import (
    ITEM,
    UNTYPED,
    All,
    Among,
    Any,
    Comparison,
    Contains,
    Holds,
    Is,
    Leaf,
    Like,
    Node,
    Not,
)

CONTRARY = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


class Source(Protocol):
    """What a filter is answered from: the rows of one snapshot, N of them."""

    def column(self, name: str, kind: str) -> Column:
        """Return the values of a field of the type `kind`."""

    def meeting(self, condition: str, values: Sequence[str | bytes], *, negated: bool) -> Mask:
        """Return the rows, shape (N,), that meet an SQL condition on the table `item`, or not."""


def passing(tree: Node, source: Source) -> Mask:
    """Return which rows pass a filter, shape (N,)."""
    return _true(tree, source, negated=False)


def _true(node: Node, source: Source, *, negated: bool) -> Mask:
    match node:
        case Not():
            return _true(node.part, source, negated=not negated)
        case All() | Any():
            join = np.logical_and if isinstance(node, All) != negated else np.logical_or
            first, *others = node.parts
            mask = _true(first, source, negated=negated)
            for part in others:
                mask = join(mask, _true(part, source, negated=negated))
            return mask
    if node.field.kind == ITEM:
        condition = condition_of(node)
        is_contrary = negated != condition.negated
        return source.meeting(condition.sql, condition.values, negated=is_contrary)
    if node.field.kind == UNTYPED:
        is_true = isinstance(node, Is) and (node.value is None) != negated
        return np.full(len(source.column(node.field.name, "text")), is_true, np.bool_)
    return _leaf(node, source.column(node.field.name, node.field.kind), negated=negated)


def _leaf(leaf: Leaf, column: Column, *, negated: bool) -> Mask:
    match leaf:
        case Comparison(_, sign, value):
            return comparing.compared(column, CONTRARY[sign] if negated else sign, value)
        case Is(_, value):
            mask = comparing.exactly(column, value)
            return ~mask if negated else mask
        case Among(_, values):
            mask = comparing.among(column, values)
        case Like(_, pattern):
            mask = comparing.like(column, pattern)
        case Contains(_, piece, place):
            mask = comparing.containing(column, piece, place)
        case Holds(_, member):
            mask = comparing.holding(column, member)
    return ~(mask | comparing.none(column)) if negated else mask
