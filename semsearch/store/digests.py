"""Which items hold the very same content: the digest of what each was encoded from."""

from __future__ import annotations

from array import array

import apsw
import numpy as np
import numpy.typing as npt

from semsearch.store.segments import Ids

LENGTH = 32
"""Characters of a digest that are read, half of it; so many tell a content from all others."""

Digests = npt.NDArray[np.bytes_]


def read_digests(connection: apsw.Connection) -> tuple[Ids, Digests]:
    """Return the ids of all live items, ascending, and the digest of each; both of shape (n,)."""
    ids, digests = array("q"), bytearray()
    for id_, digest in connection.execute(
        f"SELECT id, substr(content, 1, {LENGTH}) FROM item WHERE deleted_seq IS NULL ORDER BY id"
    ):
        ids.append(id_)
        digests += digest.encode().ljust(LENGTH)[:LENGTH]
    return np.array(ids, np.int64), np.frombuffer(bytes(digests), f"S{LENGTH}")
