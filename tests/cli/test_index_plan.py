"""`index` tells what it will do before it does, tries it without writing, and lists bad rows."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from pathlib import Path

import openpyxl
import pytest

import semsearch
from tests.cli.conftest import CSV, Run, refused

HASHING = ("--module", "hashing")


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A table of which two rows cannot be stored: one without text, one with a key again."""
    path = tmp_path / "bad.csv"
    path.write_text(CSV + "e,,3\na,Once more,n/a\n")
    return path


def line_of(plan: str, name: str) -> str:
    return next(line for line in plan.splitlines() if line.startswith(name))


def test_the_plan_tells_why_a_column_was_guessed_and_what_else_there_is(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "n.csv"
    path.write_text("id,title,story,day\n1,Cold soup,The soup was cold and salty,2024-05-01\n")
    plan = run("index", "n", path, *HASHING, "--dry-run").stderr
    assert "story, guessed: its texts are the longest, 27 characters each" in plan
    assert "--text could also name 'title'" in plan
    assert "'id' could be: --key id" in line_of(plan, "key")
    assert "id (number), title (text), day (date)" in line_of(plan, "fields")
    assert "1 kB of vectors beside the texts" in line_of(plan, "disk")
    assert "n, which is new" in line_of(plan, "into")


def test_long_texts_are_expected_to_take_longer(run: Run, tmp_path: Path) -> None:
    def seconds(words: int) -> float:
        path = tmp_path / f"{words}.csv"
        path.write_text("text\n" + f"{'soup ' * words}\n" * 2_000)
        told = run("index", "n", path, *HASHING, "--dry-run", "--json").stdout
        return float(json.loads(told)["plans"][0]["seconds"])

    assert seconds(240) == pytest.approx(10 * seconds(10), abs=0.1)
    assert seconds(240) > 0.5


def test_a_named_text_and_key_are_not_explained(run: Run, table: Path) -> None:
    plan = run("index", "r", table, "--text", "review", "--key", "id", *HASHING).stderr
    assert line_of(plan, "text").split() == ["text", "review"]
    assert line_of(plan, "key").split() == ["key", "id"]


def test_a_column_that_is_not_unique_is_no_key(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    path.write_text("user_id,text\n1,a b\n1,c d\n")
    assert "could be" not in line_of(run("index", "n", path, *HASHING).stderr, "key")


def test_the_plan_warns_of_rows_without_text_and_of_a_broken_type(run: Run, bad: Path) -> None:
    plan = run("index", "r", bad, "--text", "review", *HASHING).stderr
    assert "warning   1 row has no text and will be left out" in plan
    assert "warning   'stars' is text, not number: row 6 holds 'n/a'" in plan


def test_a_dry_run_counts_and_writes_nothing(run: Run, bad: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    result = run("index", "r", bad, "--text", "review", "--key", "id", *HASHING, "--dry-run")
    assert result.exit_code == 0, result.output
    assert "would be: 4 added, 0 updated, 0 unchanged, 2 skipped; nothing was" in result.stderr
    assert "row 6 (a): the key 'a' stands already in row 1" in result.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_a_dry_run_compares_with_what_is_stored(indexed: Run, table: Path) -> None:
    table.write_text(CSV.replace("A wonderful", "A horrible") + "e,New shoes,3\n")
    options = ("--text", "review", "--key", "id", "--dry-run", "--json")
    report = json.loads(indexed("index", "reviews", table, *options).stdout)
    assert [report[each] for each in ("added", "updated", "unchanged")] == [1, 1, 3]
    assert report["dry_run"] is True
    plan = report["plans"][0]
    assert (plan["items"], plan["rows"], plan["is_new"], plan["key"]) == (4, 5, False, "id")
    assert plan["fields"] == {"stars": "number"}
    assert json.loads(indexed("info", "reviews", "--json").stdout)["rows"] == 4


def test_a_dry_run_foretells_what_is_done(run: Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(f"text\n{name} a\n\u2003\n{name} b\n")
    sources = (tmp_path / "one.csv", tmp_path / "two.csv", tmp_path / "one.csv")
    counts = ("added", "updated", "unchanged", "skipped")
    for _ in range(2):
        tried = json.loads(run("index", "r", *sources, *HASHING, "--dry-run", "--json").stdout)
        done = json.loads(run("index", "r", *sources, *HASHING, "--json").stdout)
        assert [tried[each] for each in counts] == [done[each] for each in counts]


def test_a_dry_run_of_nothing_but_bad_rows_exits_with_1(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text('id,text\na,""\n')
    result = run("index", "r", path, "--text", "text", *HASHING, "--dry-run")
    assert "no row of 1 could be stored" in refused(result, 1)


def test_a_dry_run_refuses_what_the_run_would_refuse(indexed: Run, table: Path) -> None:
    result = indexed("index", "reviews", table, "--module", "use-multilingual", "--dry-run")
    assert "was made by 'hashing', not 'use-multilingual'" in refused(result, 1)


def test_a_dry_run_tells_where_a_run_that_stops_would_stop(run: Run, bad: Path) -> None:
    options = ("--text", "review", "--key", "id", *HASHING, "--on-error", "stop")
    message = refused(run("index", "r", bad, *options, "--dry-run"), 1)
    assert f"row 5 of '{bad}' would stop the run: its text ('review') is empty" in message


def test_long_texts_are_told_with_their_passages(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("text\nshort\n" + "The soup was cold and salty. " * 400 + "\n")
    tried = run("index", "r", path, *HASHING, "--dry-run").stderr
    done = run("index", "r", path, *HASHING).stderr
    [passages] = re.findall("  1 long text split into ([0-9]+) passages", done)
    assert f"  1 long text to be split into {passages} passages" in tried


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_rejected_rows_are_written_to_a_csv(
    run: Run, bad: Path, tmp_path: Path, dry: tuple[str, ...]
) -> None:
    out = tmp_path / "rejected.csv"
    options = ("--text", "review", "--key", "id", *HASHING, *dry)
    result = run("index", "r", bad, *options, "--rejected", out)
    assert f"2 rejected rows in {out}" in result.stderr
    assert [row["row"] for row in read_rows(out)] == ["5", "6"]
    assert read_rows(out)[1] == {
        "source": str(bad),
        "row": "6",
        "key": "a",
        "reason": "the key 'a' stands already in row 1",
    }
    bad.write_text(CSV)
    assert run("index", "r", bad, *options, "--rejected", out).exit_code == 0
    assert read_rows(out) == []


def test_a_list_of_rejected_rows_replaces_no_other_file(run: Run, table: Path) -> None:
    before = table.read_text()
    result = run("index", "r", table, *HASHING, "--rejected", table)
    assert "stands already and is no list of rejected rows" in refused(result, 1)
    assert table.read_text() == before


@pytest.mark.parametrize("name", ["nope/out.csv", "."])
def test_a_list_of_rejected_rows_that_cannot_be_is_told_first(
    run: Run, table: Path, tmp_path: Path, name: str
) -> None:
    result = run("index", "r", table, *HASHING, "--rejected", tmp_path / name)
    refused(result, 1)
    assert not (tmp_path / "indexes").exists()


def test_a_report_writes_its_rejected_rows(tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        report = collection.add(["soup", " ", "shoes"])
    report.rejected_to_csv(tmp_path / "out.csv", "memory")
    [row] = read_rows(tmp_path / "out.csv")
    assert (row["source"], row["row"], row["key"]) == ("memory", "2", "2")


def test_a_table_of_a_database_and_a_sheet_of_a_workbook_are_named(
    run: Run, tmp_path: Path
) -> None:
    with sqlite3.connect(tmp_path / "r.db") as connection:
        connection.execute("create table one (text)")
        connection.execute("create table two (text)")
        connection.execute("insert into two values ('soup')")
    connection.close()
    book = openpyxl.Workbook()
    book.active.append(["text"])
    book.active.append(["shoes"])
    book.save(tmp_path / "r.xlsx")
    message = refused(run("index", "r", tmp_path / "r.db", *HASHING), 1)
    assert "holds 2 tables: 'one', 'two'; name one with table= (--table)" in message
    told = run("index", "r", tmp_path / "r.db", "--table", "two", *HASHING).stderr
    assert "r: 1 text, table 'two'" in told
    query = "select upper(text) as text from two"
    assert run("index", "r", tmp_path / "r.db", "--query", query).exit_code == 0
    told = run("index", "r", tmp_path / "r.xlsx", "--sheet", "Sheet").stderr
    assert "sheet 'Sheet' (header in row 1)" in told
    result = run("index", "r", tmp_path / "r.xlsx", "--table", "two")
    assert "table= names a table of a SQLite database" in refused(result, 2)
