"""Tests of the index run FAISS in one thread: other tests use the cores beside them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from semsearch.index.native import threads


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with threads(1):
        yield
