"""The scale of a collection's cosines, measured on its own vectors and on unrelated queries."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from semsearch.collection.keeping import is_outgrown
from semsearch.collection.ranking import nearest
from semsearch.collection.searching import Mask, Seen
from semsearch.search.calibration import BEST, Calibration, pair_levels, unrelated
from semsearch.store import Snapshot
from semsearch.store.segments import Ids
from semsearch.vectors import Vectors

SMALLEST = 30
"""Vectors below which a collection is too small to say what is usual in it."""

PAIRED = 1_000
"""How many vectors are compared, each with each."""

ASKED = 200
"""How many stored vectors are searched for, themselves left out."""

ROUGHLY = 4
"""Where every query scans a large collection, one of so many is asked until there is an index."""

CHANGED_SHARE = 0.2
"""The scale is measured anew when so large a share of the vectors was added or has left since."""

SEED = 0

SENTENCES = Path(__file__).with_name("unrelated.txt")


def unrelated_texts() -> list[str]:
    """Return some hundred queries and short texts about all the world, in sixteen languages."""
    return SENTENCES.read_text(encoding="utf-8").splitlines()


def is_too_small(snapshot: Snapshot) -> bool:
    """Say whether nothing can be measured: few vectors, or all of them of one item."""
    return len(findable_rows(snapshot)) < SMALLEST or len(snapshot) <= 1


def is_outdated(known: Calibration, seen: Seen) -> bool:
    """Say whether the scale has to be measured anew: much changed, or it can be done better."""
    return has_changed(known, seen.snapshot) or (known.is_rough and not _scans_much(seen))


def has_changed(known: Calibration, snapshot: Snapshot) -> bool:
    """Say whether a large share of the vectors came or went since the scale was measured."""
    ids = snapshot.every[findable_rows(snapshot)]
    n_added = len(ids) - int(np.searchsorted(ids, known.last_id, side="right"))
    n_left = known.n - (len(ids) - n_added)
    return n_added + n_left > CHANGED_SHARE * known.n


def calibrate(seen: Seen, background: Vectors | None) -> Calibration:
    """Measure the scale of a collection that is not too small.

    `background` (n, dim) are unrelated queries, None where the module reads no texts.
    """
    rows = findable_rows(seen.snapshot)
    chosen = np.random.default_rng(SEED).choice(rows, min(PAIRED, len(rows)), replace=False)
    vectors, owners = seen.view.rows.take(chosen), owners_of(seen.snapshot, chosen)
    is_pair = np.triu(owners[:, None] != owners, 1)
    if not is_pair.any():  # nearly all passages are those of one text
        is_pair = np.triu(np.ones_like(is_pair), 1)
    first, second = np.nonzero(is_pair)
    pairs = (vectors @ vectors.T)[first, second]
    last_id = int(seen.snapshot.every[rows[-1]])
    if background is None:
        return Calibration(pair_levels(pairs), len(rows), last_id)
    is_rough = _scans_much(seen)
    step = ROUGHLY if is_rough else 1
    own = best_cosines(seen, vectors[:ASKED:step], owners[:ASKED:step])
    found = unrelated(best_cosines(seen, background[::step]), own)
    return Calibration(pair_levels(pairs), len(rows), last_id, found, is_rough)


def _scans_much(seen: Seen) -> bool:
    return seen.view.codes is None and is_outgrown(seen.snapshot)


def best_cosines(
    seen: Seen, queries: Vectors, owners: Ids | None = None, *, mask: Mask | None = None
) -> Vectors:
    """Return the cosines (n, 3) of the items nearest to each query, NaN where there are fewer.

    `mask` is over rows as in `nearest`. Of a query's owner, the item it was taken from, nothing
    counts.
    """
    n_items = len(seen.snapshot) if mask is None else int(np.count_nonzero(mask))
    n = min(BEST, n_items - (owners is not None))
    best = np.full((len(queries), n), np.nan, np.float32)
    for row, found in enumerate(nearest(seen, queries, n + (owners is not None), mask)):
        scores = found.scores if owners is None else found.scores[found.ids != owners[row]]
        best[row, : len(scores[:n])] = scores[:n]
    return best


def findable_rows(snapshot: Snapshot) -> Ids:
    """Return the rows, ascending, that a search by content may find."""
    mask = snapshot.findable
    return np.arange(len(snapshot.every)) if mask is None else np.flatnonzero(mask)


def owners_of(snapshot: Snapshot, rows: Ids) -> Ids:
    """Return the id of the item that each row belongs to."""
    parents = snapshot.parents
    return snapshot.every[rows if parents is None else parents[rows]]
