"""A new, empty store for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from semsearch.store import Space, Store
from tests.store.rows import DIM


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "reviews", Space(DIM, None, None, {}), {"modality": "text"})
