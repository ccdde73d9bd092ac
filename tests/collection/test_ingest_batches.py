"""How an ingest works through its rows: what it encodes, what it commits at once, what it tells."""

from __future__ import annotations

from pathlib import Path

import pytest

import semsearch
from semsearch.collection import gathering


def test_unchanged_rows_are_not_encoded_again(
    collection: semsearch.Collection,
    reviews: list[dict[str, object]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoded: list[str] = []
    encode = semsearch.Module.encode_prepared

    def counted(self: semsearch.Module, prepared, on_progress=None):  # type: ignore[no-untyped-def]
        encoded.extend(prepared)
        return encode(self, prepared, on_progress)

    monkeypatch.setattr(semsearch.Module, "encode_prepared", counted)
    reviews[0]["review"] = "The soup was warm"
    reviews[1]["stars"] = 4
    report = collection.add(reviews, text="review", key="id")
    assert encoded == ["The soup was warm"]
    assert (report.added, report.updated, report.unchanged) == (0, 2, 10)


def test_long_work_is_committed_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "LOOKED_UP", 10)
    monkeypatch.setitem(gathering.COMMITTED, "text", 20)
    rows = [{"id": n, "t": f"text {n}", "stars": 1} for n in range(100)]
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        collection.add(rows, text="t", key="id")
        assert collection.version == 5
        collection.add([row | {"stars": 2} for row in rows], text="t", key="id")
        assert collection.version == 10
        assert len(collection.search("text", k=100, where="stars = 2")) == 100


def test_a_batch_is_no_larger_than_a_crash_may_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "LOOKED_UP", 10)
    rate = semsearch.load_module("hashing").card.items_per_second
    monkeypatch.setattr(gathering, "AT_RISK", 25 / rate)
    with semsearch.create(tmp_path / "short", module="hashing") as collection:
        collection.add([f"text {n}" for n in range(30)])
        assert collection.version == 1  # thirty fit; what the first batch took is known after it
    with semsearch.create(tmp_path / "long", module="hashing") as collection:
        collection.add([f"{n} {'soup ' * 72}" for n in range(30)])  # as long as three
        assert collection.version >= 2


def test_progress_ends_at_the_number_of_rows(
    collection: semsearch.Collection, reviews: list[dict[str, object]]
) -> None:
    told: list[tuple[int, int | None]] = []
    reviews[0]["review"] = "Something new"
    collection.add(reviews, text="review", key="id", progress=lambda *now: told.append(now))
    assert told[-1] == (12, 12)
    assert told == sorted(told)
