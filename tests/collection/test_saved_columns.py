"""Columns of fields are saved after an ingest, and are no more than a shortcut."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import semsearch
from semsearch.store import columns

ROWS = [{"text": f"review {n}", "stars": n % 5, "shop": f"shop {n % 3}"} for n in range(60)]
WHERE = "stars = 1 and shop = 'shop 0' or not stars < 4"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let columns of a few rows be saved."""
    monkeypatch.setattr(columns, "SMALLEST_SAVED", 1)


def passing(path: Path) -> set[str]:
    with semsearch.open(path, read_only=True) as collection:
        return {hit.text for hit in collection.search("review", k=60, where=WHERE)}


def test_after_an_ingest_a_new_process_reads_no_field_from_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {
        row["text"] for row in ROWS
        if (row["stars"] == 1 and row["shop"] == "shop 0") or row["stars"] == 4
    }  # fmt: skip
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        collection.add(ROWS)
    with monkeypatch.context() as patched:
        patched.delattr(columns, "read_column")
        assert passing(tmp_path / "c") == expected
    shutil.rmtree(tmp_path / "c" / "derived")
    assert passing(tmp_path / "c") == expected


def test_what_a_filter_had_to_read_is_saved_when_the_collection_is_closed(tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        collection.add(ROWS)
    derived = tmp_path / "c" / "derived"
    shutil.rmtree(derived)
    with semsearch.open(tmp_path / "c") as collection:
        assert len(collection.search("review", k=60, where="stars = 1")) == 12
        assert not derived.exists()
    assert len(list(derived.glob("*.npz"))) == 1
