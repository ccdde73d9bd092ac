"""A check of the index of words while another connection changes it."""

from __future__ import annotations

from contextlib import closing

import pytest

from semsearch.store import Store
from tests.store.rows import put


@pytest.mark.parametrize("full", [False, True])
def test_words_that_another_connection_merged_are_no_damage(store: Store, full: bool) -> None:
    with closing(Store(store.folder.path)) as other:
        for round_ in range(40):  # FTS5 merges after every sixteen commits
            put(store, *(f"{round_}-{number}" for number in range(3)), seed=round_)
            ids = store.snapshot().ids
            with store.writing() as writer:
                writer.delete(ids[:1].tolist())
            assert other.check(full=full).findings == ()
