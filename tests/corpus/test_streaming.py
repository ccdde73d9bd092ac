"""Tables of any length are read in little memory, and are the same as if they were read whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semsearch.corpus import DigestMap, Item, Skipped, delimited, json_rows, memory, read_corpus
from semsearch.errors import SourceError

ROW = "{n},item number {n} of a long table,{stars},2024-05-01,yelp\n"

MEASURE = """
import resource, sys
from semsearch.corpus import read_corpus
key = sys.argv[2] or None
source = sys.argv[1]
if source == "generator":
    rows = range(int(sys.argv[3]))
    source = ({"id": str(n), "t": f"item number {n}", "stars": n % 5} for n in rows)
corpus = read_corpus(source, text="t", key=key)
n = sum(1 for _ in corpus.entries)
print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def written(path: Path, n: int) -> Path:
    if path.suffix == ".csv":
        with path.open("w") as file:
            file.write("id,t,stars,on,source\n")
            file.writelines(ROW.format(n=row, stars=row % 5) for row in range(n))
    elif path.suffix == ".jsonl":
        with path.open("w") as file:
            for row in range(n):
                each = {"id": str(row), "t": f"item number {row} of a table", "stars": row % 5}
                file.write(json.dumps(each) + "\n")
    else:
        columns = {"id": range(n), "t": [f"item number {row} of a table" for row in range(n)]}
        pq.write_table(pa.table(columns), path, row_group_size=50_000)
    return path


def megabytes(source: str, key: str, n: int) -> int:
    """Return the peak of memory of a fresh process that reads a source of n rows."""
    command = [sys.executable, "-c", MEASURE, source, key, str(n)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    found, peak = map(int, run.stdout.split())
    assert found == n
    return peak


@pytest.mark.parametrize(
    ("kind", "n"),
    [(".csv", 300_000), (".jsonl", 100_000), (".parquet", 100_000), ("generator", 100_000)],
)
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, kind: str, n: int) -> None:
    def peak(n: int) -> int:
        is_file = kind != "generator"
        source = str(written(tmp_path / f"{n}{kind}", n)) if is_file else kind
        return megabytes(source, "id", n)

    # Their keys alone take 22 bytes a row; read whole, the rows took 500 and more.
    assert peak(n) - peak(n // 10) < 10 + n // 20_000


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    for reader in (delimited, json_rows, memory):
        monkeypatch.setattr(reader, "BLOCK_ROWS", 3)


ROWS = [{"id": str(n), "t": f"soup number {n}", "stars": n} for n in range(10)]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".json", ".parquet"])
@pytest.mark.usefixtures("small_blocks")
def test_rows_of_many_blocks_are_those_of_one(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    rows = [row | {"stars": row["stars"] if n < 9 else None} for n, row in enumerate(ROWS)]
    if suffix == ".csv":
        lines = [f"{r['id']},{r['t']},{'' if r['stars'] is None else r['stars']}" for r in rows]
        path.write_text("id,t,stars\n" + "\n\n".join(lines))
    elif suffix == ".parquet":
        frame = pd.DataFrame(rows).astype({"stars": "Int64"})
        frame.to_parquet(path, row_group_size=4)
    else:
        text = "\n".join(map(json.dumps, rows)) if suffix == ".jsonl" else json.dumps(rows)
        path.write_text(text)
    corpus = read_corpus(path, text="t", key="id")
    expected = [
        Item(n, r["id"], r["t"], r["t"], {"stars": r["stars"]}) for n, r in enumerate(rows, 1)
    ]
    assert corpus.size == 10
    assert list(corpus.entries) == expected
    assert corpus.again is not None
    assert list(corpus.again()) == expected


@pytest.mark.usefixtures("small_blocks")
def test_a_type_is_that_of_all_blocks(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "t,n,v\n" + "".join(f"soup,{n},1.{n % 10}\n" for n in range(12)) + "soup,007,1.10\n"
    )
    found = [entry.fields for entry in read_corpus(path).entries]
    assert [each["n"] for each in found] == [*map(str, range(12)), "007"]
    assert found[10]["v"] == "1.0"
    rows = [{"t": "soup", "n": n} for n in range(10)] + [{"t": "soup", "n": "x", "new": 1}]
    fields = [entry.fields for entry in read_corpus(rows, text="t").entries]
    assert fields[0] == {"n": "0", "new": None}
    assert fields[-1] == {"n": "x", "new": 1}


@pytest.mark.usefixtures("small_blocks")
def test_a_bad_row_far_down_is_found_before_anything_is_given_out(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,t\n" + "1,soup\n" * 10 + "1,soup,more\n")
    with pytest.raises(SourceError, match="3 values in line 12"):
        read_corpus(path)


def test_a_generator_is_read_as_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "BLOCK_ROWS", 3)
    monkeypatch.setattr(memory, "LOOKED_AT", 5)
    taken = 0

    def rows() -> Iterator[dict[str, object]]:
        nonlocal taken
        for taken in range(1, 101):
            yield {"t": f"soup number {taken}", "n": taken} | ({"new": 1} if taken > 50 else {})

    corpus = read_corpus(rows())
    assert (corpus.size, corpus.again, corpus.text_columns) == (None, None, ("t",))
    assert taken < 12
    found = list(corpus.entries)
    assert [entry.row for entry in found] == list(range(1, 101))
    assert found[0].fields == {"n": 1}
    assert found[-1].fields == {"n": 100, "new": 1}


def test_a_short_generator_is_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = read_corpus({"t": "soup", "n": n} for n in (1, "two"))
    assert corpus.size == 2
    assert [entry.fields["n"] for entry in corpus.entries] == ["1", "two"]


def test_what_does_not_belong_far_down_a_generator_is_a_type_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "BLOCK_ROWS", 3)
    monkeypatch.setattr(memory, "LOOKED_AT", 5)
    corpus = read_corpus(iter([*["soup"] * 20, {"t": "shoes"}]))
    with pytest.raises(TypeError, match="all texts or all dicts; among these there are dict, str"):
        list(corpus.entries)


@pytest.mark.parametrize("change", ["written", "replaced"])
def test_a_file_that_changes_between_the_looks_is_told(tmp_path: Path, change: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("t,n\nsoup,1\n")
    corpus = read_corpus(path)
    if change == "replaced":
        path.unlink()
    path.write_text("t,n\nsoup,one\n")
    os.utime(path, ns=(1, 1))
    with pytest.raises(SourceError, match="has changed while it was read"):
        list(corpus.entries)


def test_keys_that_come_twice_are_found_however_far_apart() -> None:
    rows = [{"id": n % 3000, "t": "soup"} for n in range(3001)]
    *_, last = read_corpus(rows, key="id", text="t").entries
    assert last == Skipped(3001, "0", "the key '0' stands already in row 1")


def test_a_digest_map_holds_the_first_number_of_each_text() -> None:
    numbers = DigestMap()
    assert [numbers.setdefault(str(n % 1000), n) for n in range(200_000)] == [
        n % 1000 for n in range(200_000)
    ]
    assert numbers.get("1000") is None
    numbers["7"] = 2**40
    assert numbers.get("7") == 2**40
