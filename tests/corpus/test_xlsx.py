"""Workbooks as sources: typed cells, titles above the header, several sheets, and damage told."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import semsearch
from semsearch.corpus import Item, package, read_corpus
from semsearch.errors import SourceError

HEADER = ["id", "body", "stars", "fresh", "day"]
ROWS = [
    ["a", "The soup was cold.", 2, True, datetime(2024, 5, 1)],
    ["b", "Warm.", 4.5, False, datetime(2024, 6, 1, 12, 30)],
]


def workbook(path: Path, sheets: dict[str, list[list[Any]]], hidden: str = "") -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for number, row in enumerate(rows, 1):
            for at, cell in enumerate(row, 1):
                sheet.cell(number, at, cell)
        if title == hidden:
            sheet.sheet_state = "hidden"
    book.save(path)
    return path


def contents(source: Path, **options: str) -> list[object]:
    return [
        each.content if isinstance(each, Item) else each.reason
        for each in read_corpus(source, **options).entries
    ]


def complaint(source: Path, **options: str) -> str:
    with pytest.raises(SourceError) as caught:
        read_corpus(source, **options)
    assert caught.value.remedy
    assert len(str(caught.value)) < 300
    return str(caught.value)


def test_cells_keep_their_types(tmp_path: Path) -> None:
    corpus = read_corpus(workbook(tmp_path / "r.xlsx", {"Data": [HEADER, *ROWS]}), key="id")
    assert (corpus.name, corpus.size, corpus.text_columns) == ("r", 2, ("body",))
    assert corpus.part == "sheet 'Data' (header in row 1)"
    first, second = corpus.entries
    assert isinstance(first, Item)
    assert isinstance(second, Item)
    assert first.fields == {"stars": 2, "fresh": True, "day": date(2024, 5, 1)}
    assert second.fields["stars"] == 4.5
    assert second.fields["day"] == datetime(2024, 6, 1, 12, 30, tzinfo=UTC)


def test_titles_empty_rows_and_columns_around_the_table_are_passed_by(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["", "Reviews of May", None, None],
        [],
        [None, None, "id", "body", "stars"],
        [None, None, "a", "The soup was cold.", 2],
        [],
        [None, None, "b", "Warm.", 4],
    ]
    corpus = read_corpus(workbook(tmp_path / "r.xlsx", {"Data": rows}), key="id")
    assert corpus.part.endswith("(header in row 3)")
    assert corpus.fields == ("stars",)
    assert [each.key for each in corpus.entries] == ["a", "b"]


def test_a_cell_under_no_name_makes_a_column_and_is_not_lost(tmp_path: Path) -> None:
    rows = [["id", "body"], ["a", "The soup was cold."], ["b", "Warm.", None, "see below"]]
    corpus = read_corpus(workbook(tmp_path / "r.xlsx", {"Data": rows}), text="body", key="id")
    assert corpus.fields == ("column_4",)
    *_, last = corpus.entries
    assert isinstance(last, Item)
    assert last.fields == {"column_4": "see below"}


def test_errors_are_nothing_and_are_told(tmp_path: Path) -> None:
    rows = [["body", "stars"], ["soup", 1], ["shoes", "#N/A"], ["#REF!", 2]]
    corpus = read_corpus(workbook(tmp_path / "r.xlsx", {"Data": rows}), text="body")
    assert corpus.notes == ("cells with an error such as #N/A, left empty: 2",)
    entries = list(corpus.entries)
    assert [each.fields["stars"] for each in entries[:2]] == [1, None]  # type: ignore[union-attr]
    assert entries[2].reason == "its text ('body') is empty"  # type: ignore[union-attr]


def test_formulas_give_what_they_came_to_or_are_told(tmp_path: Path) -> None:
    rows = [["body", "sum"], ["soup", "=1+1"], ["shoes", "=2+2"]]
    path = workbook(tmp_path / "r.xlsx", {"Data": rows})
    assert "formulas without a saved value, left empty: 2" in read_corpus(path).notes[0]
    saved = rewritten(path, "xl/worksheets/sheet1.xml", b"<v></v>", b"<v>7</v>")
    corpus = read_corpus(rewritten(saved, "xl/worksheets/sheet1.xml", b"<v />", b"<v>7</v>"))
    assert corpus.notes == ()
    assert [each.fields["sum"] for each in corpus.entries] == [7, 7]  # type: ignore[union-attr]


def test_merged_cells_hold_their_value_once_and_hidden_rows_are_kept(tmp_path: Path) -> None:
    path = workbook(tmp_path / "r.xlsx", {"Data": [["body", "stars"], ["a b", 1], ["c d", 1]]})
    book = openpyxl.load_workbook(path)
    book["Data"].merge_cells("B2:B3")
    book["Data"].row_dimensions[3].hidden = True
    book.save(path)
    entries = list(read_corpus(path).entries)
    assert [each.fields["stars"] for each in entries] == [1, None]  # type: ignore[union-attr]


def test_the_first_visible_sheet_with_rows_is_read_and_the_others_named(tmp_path: Path) -> None:
    sheets = {"Old": [["body"], ["old"]], "Empty": [], "New": [["body"], ["new"]]}
    path = workbook(tmp_path / "r.xlsx", sheets, hidden="Old")
    corpus = read_corpus(path)
    assert corpus.notes == ("only the sheet 'New' is read, not 'Old'; see --sheet",)
    assert contents(path) == ["new"]
    assert contents(path, sheet="Old") == ["old"]
    assert "has no sheet 'nope'; there are: 'Old', 'Empty', 'New'" in complaint(path, sheet="nope")
    assert "the sheet 'Empty' of" in complaint(path, sheet="Empty")


def test_a_sheet_is_read_block_by_block(tmp_path: Path) -> None:
    rows = [["body", "n"], *([f"text {number}", number] for number in range(3000))]
    corpus = read_corpus(workbook(tmp_path / "r.xlsx", {"Data": rows}))
    assert corpus.size == 3000
    assert [each.fields["n"] for each in corpus.entries] == list(range(3000))  # type: ignore[union-attr]


def test_a_sheet_of_two_cells_at_its_corners_takes_no_memory(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["A2"] = "body", "soup"
    book.active["XFD400000"] = "far away"
    book.save(tmp_path / "far.xlsx")
    assert contents(tmp_path / "far.xlsx", text="body")[0] == "soup"


def test_a_workbook_goes_into_a_collection_with_its_notes(tmp_path: Path) -> None:
    path = workbook(tmp_path / "r.xlsx", {"A": [HEADER, *ROWS], "B": [HEADER, ROWS[0]]})
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        report = collection.add(path, text="body", key="id")
        assert (report.added, len(report.notes)) == (2, 1)
        assert collection.add(path, text="body", key="id", sheet="B").unchanged == 1


def rewritten(path: Path, member: str, old: bytes, new: bytes) -> Path:
    """Replace bytes in one part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert member in parts
    parts[member] = parts[member].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("member", "old", "new", "phrase"),
    [
        (SHEET, b"</sheetData>", b"", "is not a readable workbook (mismatched tag"),
        (SHEET, b"<worksheet", b"<!DOCTYPE a [<!ENTITY b 'c'>]><worksheet", "defines entities"),
        (SHEET, b' t="n"', b' t="s"', "is not a readable workbook"),
        (SHEET, b'r="A1"', b'r="1A"', "is not a readable workbook"),
        ("xl/workbook.xml", b"<sheets>", b"<sheet>", "is not a readable workbook"),
        ("[Content_Types].xml", b"sheet.main+xml", b"other+xml", "is not a readable workbook"),
    ],
)
def test_damaged_parts_are_told(
    tmp_path: Path, member: str, old: bytes, new: bytes, phrase: str
) -> None:
    path = workbook(tmp_path / "r.xlsx", {"Data": [["body", "n"], ["soup", 300]]})
    assert phrase in complaint(rewritten(path, member, old, new))


def test_every_cut_of_a_workbook_is_told(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "r.xlsx", {"Data": [HEADER, *ROWS]}).read_bytes()
    path = tmp_path / "cut.xlsx"
    for length in range(0, len(whole) - 1, len(whole) // 40):
        path.write_bytes(whole[:length])
        assert "'" + str(path) + "' is" in complaint(path)


def test_every_turned_byte_is_told_or_harmless(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "r.xlsx", {"Data": [HEADER, *ROWS]}).read_bytes()
    path = tmp_path / "turned.xlsx"
    told = 0
    for at in range(0, len(whole), len(whole) // 150):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            list(read_corpus(path).entries)
        except SourceError as error:
            assert str(path) in str(error)
            told += 1
    assert told > 75


@pytest.mark.parametrize(
    ("filler", "phrase"),
    [
        (b"<row><c t='inlineStr'><is><t>" + b"a" * 20_000_000 + b"</t></is></c></row>", "a row or"),
        (b"<row>" + b"<c/>" * 5_000_000 + b"</row>", "a row or text of more than 16 MB"),
        (b"<row/>" * 15_000_000, "of 90 MB, too much to read"),
    ],
)
def test_a_bomb_is_not_unpacked(tmp_path: Path, filler: bytes, phrase: str) -> None:
    path = workbook(tmp_path / "r.xlsx", {"Data": [["body"], ["soup"]]})
    assert phrase in complaint(rewritten(path, SHEET, b"</sheetData>", filler + b"</sheetData>"))


def test_large_parts_beside_the_sheets_are_not_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "MAX_PART", 1000)
    path = workbook(tmp_path / "r.xlsx", {"Data": [["body"], ["soup"]]})
    assert "too much to read; save it as csv" in complaint(path)


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        (b"", "is empty"),
        (b"id,text\n1,x\n", "is no workbook: it does not begin as one"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "locked by a password"),
        (b"PK\x03\x04 and no more", "is not a readable workbook"),
    ],
)
def test_what_is_no_workbook_is_told(tmp_path: Path, content: bytes, phrase: str) -> None:
    path = tmp_path / "r.xlsx"
    path.write_bytes(content)
    assert phrase in complaint(path)


def test_a_zip_that_is_no_workbook_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "r.xlsx", "w") as archive:
        archive.writestr("a.txt", "soup")
    assert "is a zip archive, but no workbook" in complaint(tmp_path / "r.xlsx")


def test_a_sheet_is_named_of_a_workbook_alone(tmp_path: Path) -> None:
    path = workbook(tmp_path / "r.xlsx", {"Data": [["body"], ["soup"]]})
    with pytest.raises(ValueError, match="table= names a table of a SQLite database"):
        read_corpus(path, table="Data")
