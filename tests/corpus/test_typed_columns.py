"""Dates and lists of texts are types of their own; what breaks a column's type is remembered."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semsearch.corpus import Break, read_corpus
from semsearch.corpus.columns import typed, uniform
from semsearch.corpus.values import as_text, as_value

NOON = datetime(2024, 5, 1, 12, 30, tzinfo=UTC)


def fields(source: object, name: str) -> list[object]:
    return [entry.fields[name] for entry in read_corpus(source).entries]


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["2024-05-01", "", "1999-12-31"], [date(2024, 5, 1), None, date(1999, 12, 31)]),
        (["2024-05-01T12:30:00Z", "2024-05-01"], [NOON, date(2024, 5, 1)]),
        (["2024-05-01 12:30", "2024-05-01T14:30:00+02:00"], [NOON, NOON]),
        (["2024-05-01T12:30:00.25"], [NOON.replace(microsecond=250_000)]),
    ],
)
def test_a_csv_column_of_iso_dates_is_one_of_dates(texts: list[str], values: list[object]) -> None:
    found = typed(texts)
    assert found == values
    assert [type(each) for each in found] == [type(each) for each in values]


@pytest.mark.parametrize(
    "texts",
    [
        ["2024-05-01", "soon"],
        ["2024-02-30"],
        ["2024-5-1"],
        ["0000-00-00"],
        ["2024-05-01T25:00"],
        ["2024-05-01T12:30:00.123456789"],
        ["0001-01-01T00:00+05:00"],
        ["\u0662\u0660\u0662\u0664-05-01"],
        ["2024-W18-3"],
    ],
)
def test_what_is_no_day_of_the_calendar_written_out_stays_text(texts: list[str]) -> None:
    assert typed(texts) == texts


def test_dates_of_python_pandas_and_numpy_are_one() -> None:
    assert as_value(date(2024, 5, 1)) == date(2024, 5, 1)
    assert as_value(datetime(2024, 5, 1, 12, 30)) == NOON
    assert as_value(datetime(2024, 5, 1, 14, 30, tzinfo=timezone(timedelta(hours=2)))) == NOON
    assert as_value(pd.Timestamp("2024-05-01 12:30")) == NOON
    assert as_value(np.datetime64("2024-05-01T12:30:00.000000001")) == NOON
    assert {type(as_value(pd.Timestamp("2024-05-01 12:30"))), type(NOON)} == {datetime}
    assert as_value(pd.NaT) is None


def test_a_moment_before_the_first_year_of_utc_is_text() -> None:
    east = timezone(timedelta(hours=5))
    assert as_value(datetime(1, 1, 1, tzinfo=east)) == "0001-01-01T00:00:00+05:00"


def test_a_date_that_is_a_key_or_a_text_stays_as_python_writes_it() -> None:
    rows = [{"on": datetime(2024, 5, 1, 12, 30), "text": "soup"}]
    assert next(read_corpus(rows, key="on").entries).key == "2024-05-01T12:30:00"
    assert as_text(["a", "ü"]) == '["a", "ü"]'


def test_lists_of_texts_are_lists_and_other_lists_json() -> None:
    assert uniform([["a", "b"], None, [], ("c",), ["d", None]]) == [
        ["a", "b"],
        None,
        [],
        ["c"],
        ["d"],
    ]
    assert uniform([[1, 2]]) == ["[1, 2]"]
    assert uniform([["a"], [1]]) == ['["a"]', "[1]"]
    assert uniform([np.array(["a"]), ["b\ud83d"]]) == [["a"], ["b\ufffd"]]


def test_an_empty_list_among_lists_of_numbers_breaks_nothing() -> None:
    rows = [{"text": "soup", "n": []}, {"text": "shoes", "n": [1, 2]}]
    assert read_corpus(rows).breaks == {}
    assert fields(rows, "n") == ["[]", "[1, 2]"]


def test_lists_in_json_lines_and_parquet_are_lists(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "soup", "tags": ["hot", "red"]}\n{"text": "shoes"}\n')
    assert fields(path, "tags") == [["hot", "red"], None]
    table = pa.table({"text": ["soup"], "tags": pa.array([["hot"]]), "on": [date(2024, 5, 1)]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert fields(tmp_path / "a.parquet", "tags") == [["hot"]]
    assert fields(tmp_path / "a.parquet", "on") == [date(2024, 5, 1)]


@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
def test_a_json_column_of_iso_dates_is_one_of_dates(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    rows = [{"text": "a cold soup", "on": "2024-05-01", "at": "2024-05-01T14:30:00+02:00"}]
    rows += [{"text": "warm shoes", "on": "", "at": "soon"}]
    lines = [json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) if suffix == ".jsonl" else f"[{','.join(lines)}]")
    assert fields(path, "on") == [date(2024, 5, 1), None]
    assert fields(path, "at") == ["2024-05-01T14:30:00+02:00", "soon"]


def test_the_row_that_makes_a_column_text_is_remembered(tmp_path: Path) -> None:
    rows = [{"text": "soup", "stars": n, "tags": ["a"]} for n in range(16)]
    rows += [{"text": "shoes", "stars": "n/a", "tags": None}]
    assert read_corpus(rows).breaks == {"stars": Break(17, "n/a", "number", "text")}
    path = tmp_path / "a.csv"
    path.write_text("text,stars,code,tag\n" + "soup,4,x1,\n" * 2000 + "soup,n/a,7,new\n")
    assert read_corpus(path).breaks == {"stars": Break(2001, "n/a", "number", "text")}


def test_dates_beside_days_are_one_type_and_beside_numbers_text() -> None:
    assert uniform([date(2024, 5, 1), NOON]) == [date(2024, 5, 1), NOON]
    assert uniform([date(2024, 5, 1), 7]) == ["2024-05-01", "7"]


def test_a_column_of_dates_is_no_text_to_encode(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("on,colour\n2024-05-01 12:30,red\n")
    assert read_corpus(path).text_columns == ("colour",)
