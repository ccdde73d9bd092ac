"""How unusual each item of a collection is: how far its nearest ones in a sample are.

An item is compared with a sample of the collection rather than with all of it, so that 100,000
items take a second or two; the sample is chosen by chance with a fixed seed, so that answers
repeat. Several nearest ones are averaged, or a single copy in the sample would make an item usual.
"""

from __future__ import annotations

import numpy as np

from semsearch.index import Rows
from semsearch.index.native import RowNumbers
from semsearch.search.ranked import Scores

N_REFERENCES = 512
N_NEAREST = 3
SEED = 0
AT_ONCE = 2048


def nearness(rows: Rows, items: RowNumbers) -> Scores:
    """Return for each of the rows `items` (n,) its mean cosine to its nearest references, (n,).

    References are up to 512 of the items, of which the three nearest count, itself left out. The
    lower, the more unusual; a single item has 0.
    """
    random = np.random.default_rng(SEED)
    n_references = min(N_REFERENCES, len(items))
    references = np.sort(random.choice(items, n_references, replace=False))
    n_nearest = min(N_NEAREST, n_references - 1)
    found = np.zeros(len(items), dtype=np.float32)
    if n_nearest < 1:
        return found
    wanted = rows.take(references).T
    for start in range(0, len(items), AT_ONCE):
        some = items[start : start + AT_ONCE]
        cosines = rows.take(some) @ wanted
        cosines[some[:, None] == references] = -np.inf
        best = np.partition(cosines, -n_nearest, axis=1)[:, -n_nearest:]
        found[start : start + AT_ONCE] = best.mean(axis=1)
    return found
