"""Parquet tables keep what Python can hold, and what it cannot is told with its column."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semsearch.corpus import Item, Skipped, read_corpus
from semsearch.errors import SourceError


def entries(source: object) -> list[Item | Skipped]:
    return list(read_corpus(source).entries)


def complaint(source: object) -> str:
    with pytest.raises(SourceError) as caught:
        read_corpus(source)
    assert caught.value.remedy
    return str(caught.value)


def test_parquet_keeps_whole_numbers_whole_beside_missing_ones(tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": ["soup", "shoes"],
            "n": pa.array([None, 2**53 + 1]),
            "at": pa.array([1_767_312_000_000_000_001, None], pa.timestamp("ns")),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert [entry.fields for entry in entries(tmp_path / "a.parquet")] == [
        {"n": None, "at": datetime(2026, 1, 2, tzinfo=UTC)},
        {"n": 2**53 + 1, "at": None},
    ]


def parquet(path: Path, column: str, values: pa.Array) -> Path:
    pq.write_table(pa.table({"text": ["soup"] * len(values), column: values}), path)
    return path


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (3_000_000, pa.date32()),
        (10**18, pa.timestamp("us")),
        (2**64 // 1000 + 1, pa.timestamp("ms")),  # as microseconds this wraps around to 1970
        (10**18, pa.timestamp("us", "UTC")),
        (0, pa.timestamp("us", "Mars/Base")),
    ],
)
def test_parquet_times_that_cannot_be_had_are_told_with_their_column(
    tmp_path: Path, number: int, kind: pa.DataType
) -> None:
    plain = pa.int32() if pa.types.is_date32(kind) else pa.int64()
    said = complaint(parquet(tmp_path / "a.parquet", "at", pa.array([number], plain).cast(kind)))
    assert f"the column 'at' of '{tmp_path}/a.parquet' holds a {kind} that cannot be read" in said
    assert "as UTF-8 text" in said


def test_a_parquet_text_that_is_not_utf8_is_told_with_its_column(tmp_path: Path) -> None:
    buffers = pa.array([b"caf\xe9"]).buffers()
    values = pa.Array.from_buffers(pa.string(), 1, buffers)
    assert "the column 'by' of" in complaint(parquet(tmp_path / "a.parquet", "by", values))


def test_parquet_times_of_the_last_year_of_all_are_read(tmp_path: Path) -> None:
    values = pa.array([datetime(9999, 12, 31, 23, 59)], pa.timestamp("ms"))
    found = entries(parquet(tmp_path / "a.parquet", "at", values))
    assert found[0].fields == {"at": datetime(9999, 12, 31, 23, 59, tzinfo=UTC)}


def test_broken_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    for content in (b"", b"PAR1 and then nothing"):
        path.write_bytes(content)
        assert "not a readable parquet file" in complaint(path)
