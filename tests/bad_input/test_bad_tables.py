"""Tables that cannot be: csv, json, parquet, workbooks and databases, each told in one sentence."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

import semsearch
from semsearch.cli.main import main
from semsearch.errors import SourceError
from tests.bad_input.conftest import one_sentence

pytestmark = pytest.mark.usefixtures("unchanged")

Options = dict[str, str]
SHEET = "xl/worksheets/sheet1.xml"


def short(value: object) -> str:
    """Name a case by its file and phrase; the bytes of a workbook hold the time of its making."""
    return value[:40] if isinstance(value, str) else ""


def book(*rows: list[object]) -> bytes:
    made = openpyxl.Workbook()
    made.active.title = "Data"
    for row in rows:
        made.active.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def with_member(content: bytes, member: str, old: bytes, new: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert old in members[member]
    return zipped(members | {member: members[member].replace(old, new)})


GOOD = book(["id", "text"], ["a", "soup"])
CSV = b"id,text\na,soup\n"

DELIMITED: list[tuple[str, bytes, Options, str]] = [
    ("t.csv", b"", {}, "'t.csv' is empty; give a file that holds rows"),
    ("t.csv", b"\xef\xbb\xbf", {}, "'t.csv' holds no rows"),
    ("t.csv", b"\n\n\n", {}, "'t.csv' holds no rows"),
    ("t.csv", b"   \n", {}, "holds a header but no rows"),
    ("t.csv", b"id,text\n", {}, "holds a header but no rows"),
    ("t.csv", b"id,text\r\n\r\n", {}, "holds a header but no rows"),
    ("t.csv", b"text,text\na,b\n", {}, "has two columns named 'text'"),
    ("t.csv", b"text, text \na,b\n", {}, "has two columns named 'text'"),
    ("t.csv", b"id,text\na\n", {}, "has 2 columns but 1 value in line 2"),
    ("t.csv", b"id,text\na,b,c\n", {}, "has 2 columns but 3 values in line 2"),
    ("t.csv", b'id,text\na,"b\n', {}, "line 2: a quote that was opened is never closed"),
    ("t.csv", b'id,text\na,"b"c\n', {}, "line 2: a closing quote is followed by more text"),
    ("t.csv", b"id;text\na;b\n", {}, "has semicolons between its values, not commas"),
    ("t.csv", b"id\ttext\na\tb\n", {}, "has tabs between its values, not commas; rename it"),
    ("t.tsv", b"id,text\na,b\n", {}, "has commas between its values, not tabs; rename it"),
    ("t.csv", b"id,n\n1,2\n", {}, "has no column of texts; name the one to encode"),
    ("t.csv", CSV, {"text": "nope"}, "has no column 'nope'; its columns are: 'id', 'text'"),
    ("t.csv", CSV, {"text": "Text"}, "has no column 'Text'; its columns are: 'id', 'text'"),
    ("t.csv", CSV, {"key": "nope"}, "has no column 'nope'"),
    ("t.csv", CSV, {"image": "nope"}, "has no column 'nope'"),
    ("t.csv", b"\0\0\0\0\0", {}, "holds a header but no rows"),
    ("t.csv", b"id,text\na," + b"x" * 17_000_000, {}, "line 2 of 't.csv' is longer than 16 MB"),
    ("t.csv", GOOD, {}, "is no text but a workbook or zip archive; name it .xlsx"),
]

JSON: list[tuple[str, bytes, Options, str]] = [
    ("t.json", b"", {}, "'t.json' is empty"),
    ("t.json", b"{}", {}, "is not a list of objects; write"),
    ("t.json", b'{"text": "a"}', {}, "is not a list of objects"),
    ("t.json", b"[]", {}, "'t.json' holds no rows"),
    ("t.json", b"[{}, {}]", {}, "'t.json' holds no rows"),
    ("t.json", b"[1, 2]", {}, "is not a list of objects"),
    ("t.json", b'["a"]', {}, "is not a list of objects"),
    ("t.json", b'[{"text": "a"}', {}, "line 1 of 't.json' is not JSON: Expecting ','"),
    ("t.json", b'[{"text": "a"},]', {}, "Expecting value at column 16"),
    ("t.json", b"[{'text': 'a'}]", {}, "Expecting property name enclosed in double quotes"),
    ("t.json", b'{"text": "a"}\n{"text": "b"}', {}, "or rename the file to .jsonl"),
    ("t.json", b"[" * 100_000, {}, "it is nested too deeply"),
    ("t.json", b'[{"n": ' + b"9" * 5000 + b"}]", {}, "a number in it has too many digits"),
    ("t.json", b"\xff\xfe[\0]\0", {}, "'t.json' holds no rows"),
    ("t.csv", "text\ncafé\n".encode() * 9 + b"caf\xe9\n", {}, "line 19, is 0xe9; save it as"),
    ("t.json", b"soup", {}, "Expecting value at column 1"),
    ("t.jsonl", b"", {}, "'t.jsonl' is empty"),
    ("t.jsonl", b"\n\n", {}, "'t.jsonl' holds no rows"),
    ("t.jsonl", b"[1]\n", {}, "line 1 of 't.jsonl' is not an object"),
    ("t.jsonl", b"null\n", {}, "line 1 of 't.jsonl' is not an object"),
    ("t.jsonl", b'{"text": "a"}\n"b"\n', {}, "line 2 of 't.jsonl' is not an object"),
    ("t.jsonl", b'{"text": "a"}\n{"text": \n', {}, "line 2 of 't.jsonl' is not JSON"),
    ("t.jsonl", b'{"text": "a"} {"text": "b"}', {}, "is not JSON: Extra data at column 15"),
    ("t.jsonl", b'[{"text": "a"}]', {}, "or name a list of rows .json"),
    ("t.jsonl", b'{"text": ' + b"[" * 100_000, {}, "it is nested too deeply"),
    ("t.jsonl", b'{"n": ' + b"9" * 5000 + b"}", {}, "a number in it has too many digits"),
]

WORKBOOKS: list[tuple[str, bytes, Options, str]] = [
    ("t.xlsx", b"", {}, "'t.xlsx' is empty; give a workbook that holds rows"),
    ("t.xlsx", CSV, {}, "'t.xlsx' is no workbook: it does not begin as one"),
    ("t.xlsx", b"\xd0\xcf\x11\xe0" + b"\0" * 99, {}, "locked by a password, or a workbook"),
    ("t.xlsx", zipped({"a.txt": b"soup"}), {}, "is a zip archive, but no workbook"),
    ("t.xlsx", GOOD[:-40], {}, "is not a readable workbook"),
    ("t.xlsx", GOOD[:400], {}, "is not a readable workbook"),
    ("t.xlsx", with_member(GOOD, SHEET, b"</row>", b""), {}, "mismatched tag"),
    ("t.xlsx", with_member(GOOD, SHEET, b"<worksheet", b"<!ENTITY><worksheet"), {}, "entities"),
    ("t.xlsx", book(), {}, "'t.xlsx' holds no rows"),
    ("t.xlsx", book(["id", "text"]), {}, "the sheet 'Data' (header in row 1) of 't.xlsx' holds a"),
    ("t.xlsx", book(["text", "text"], ["a", "b"]), {}, "has two columns named 'text'"),
    ("t.xlsx", book(["id", "n"], [1, 2]), {}, "has no column of texts"),
    ("t.xlsx", GOOD, {"sheet": "nope"}, "has no sheet 'nope'; there are: 'Data'"),
    ("t.xlsx", GOOD, {"text": "nope"}, "has no column 'nope'; its columns are: 'id', 'text'"),
    ("t.xls", b"\xd0\xcf\x11\xe0", {}, "is of a kind that cannot be read; save it as .xlsx"),
    ("t.ods", GOOD, {}, "is of a kind that cannot be read; save it as .xlsx"),
]

OTHERS: list[tuple[str, bytes, Options, str]] = [
    ("t.parquet", b"", {}, "'t.parquet' is not a readable parquet file"),
    ("t.parquet", b"PAR1", {}, "is not a readable parquet file"),
    ("t.parquet", b"PAR1" + b"\0" * 99 + b"PAR1", {}, "is not a readable parquet file"),
    ("t.parquet", CSV, {}, "is not a readable parquet file"),
    ("t.db", b"", {}, "'t.db' is empty; give a database that holds a table"),
    ("t.db", CSV, {}, "is no SQLite database: it does not begin as one"),
    ("t.sqlite", b"SQLite format 3\0", {}, "'t.sqlite' is no SQLite database that can be read"),
    ("t.csv", b"SQLite format 3\0" + b"\0" * 999, {}, "is no SQLite database that can be read"),
]


@pytest.mark.parametrize(
    ("name", "content", "options", "phrase"),
    [*DELIMITED, *JSON, *WORKBOOKS, *OTHERS],
    ids=short,
)
def test_a_table_that_cannot_be_read_is_told(
    texts: semsearch.Collection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: bytes,
    options: Options,
    phrase: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(content)
    with pytest.raises(SourceError) as told:
        texts.add(name, **options)  # type: ignore[arg-type]
    assert told.value.code == "source"
    assert phrase in one_sentence(told.value)
    assert len(str(told.value)) < 250
    result = index(name, options)
    assert result.exit_code == 1
    assert phrase in result.stderr.splitlines()[-1]
    assert not Path("indexes", "c").exists()


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("t.csv", b"id,text\n,b\n,c\n", {"text": "text", "key": "id"}),
        ("t.csv", b"id,text\na,\nb, \n", {"text": "text"}),
        ("t.json", b'[{"text": null}]', {"text": "text"}),
        ("t.jsonl", b'{"text": ""}\n{}\n', {"text": "text"}),
        ("t.xlsx", book(["id", "text"], ["a", "#N/A"], ["b", "#REF!"]), {"text": "text"}),
    ],
    ids=short,
)
def test_a_table_of_bad_rows_alone_is_a_problem(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: bytes,
    options: Options,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(content)
    result = index(name, options)
    assert result.exit_code == 1
    assert "could be stored; each is listed with its reason" in result.stderr.splitlines()[-1]
    assert "  row 1" in result.stderr
    assert not Path("indexes", "c").exists()


@pytest.mark.parametrize(
    ("name", "content", "options", "phrase"),
    [
        ("t.csv", CSV, {"sheet": "Data"}, "sheet= names a sheet of a workbook (.xlsx)"),
        ("t.csv", CSV, {"table": "t"}, "table= names a table of a SQLite database"),
        ("t.csv", CSV, {"query": "select 1"}, "query= names rows of a SQLite database"),
        ("t.xlsx", GOOD, {"table": "Data"}, "table= names a table of a SQLite database"),
        ("t.xlsx", GOOD, {"sheet": " "}, "sheet= is empty; leave it out, or name one"),
        ("t.db", CSV, {"query": "SELECT 1\0"}, "query= holds a NUL or half a character"),
        ("t.db", CSV, {"table": "\ud800"}, "table= holds a NUL or half a character"),
        ("t.db", CSV, {"table": "a", "query": "b"}, "table= and query= both say which rows"),
    ],
    ids=short,
)
def test_a_part_that_the_file_has_not_is_wrong_usage(
    texts: semsearch.Collection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: bytes,
    options: Options,
    phrase: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(content)
    with pytest.raises(ValueError) as told:
        texts.add(name, **options)  # type: ignore[arg-type]
    assert phrase in one_sentence(told.value)
    result = index(name, options)
    assert result.exit_code == 2
    assert phrase in result.stderr
    assert not Path("indexes", "c").exists()


def index(name: str, options: Options) -> Result:
    words = ["index", "c", name, "--module", "hashing"]
    for option, value in options.items():
        words += [f"--{option}", value]
    result = CliRunner().invoke(main, words)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result
