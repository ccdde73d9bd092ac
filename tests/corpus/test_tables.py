"""Tables of every format become the same items, and broken ones a sentence."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from semsearch.corpus import Item, Skipped, read_corpus, text_files
from semsearch.errors import SourceError

ROWS = [
    {"id": "a", "review": "The soup was cold.", "stars": 2},
    {"id": "b", "review": "Warm and quick.", "stars": 5},
]
ITEMS = [
    Item(1, "a", "The soup was cold.", "The soup was cold.", {"stars": 2}),
    Item(2, "b", "Warm and quick.", "Warm and quick.", {"stars": 5}),
]


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def entries(source: object, **columns: object) -> list[Item | Skipped]:
    return list(read_corpus(source, **columns).entries)


def complaint(source: object, **columns: object) -> str:
    with pytest.raises(SourceError) as caught:
        read_corpus(source, **columns)
    assert caught.value.remedy
    return str(caught.value)


def as_file(folder: Path, suffix: str) -> Path:
    path = folder / f"reviews{suffix}"
    frame = pd.DataFrame(ROWS)
    if suffix == ".parquet":
        frame.to_parquet(path)
    elif suffix == ".json":
        path.write_text(json.dumps(ROWS))
    elif suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    else:
        frame.to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".json", ".jsonl", ".parquet"])
def test_every_format_gives_the_same_items(tmp_path: Path, suffix: str) -> None:
    corpus = read_corpus(as_file(tmp_path, suffix), text="review", key="id")
    assert (corpus.name, corpus.modality, corpus.size) == ("reviews", "text", 2)
    assert (corpus.text_columns, corpus.key_column, corpus.fields) == (
        ("review",),
        "id",
        ("stars",),
    )
    assert list(corpus.entries) == ITEMS


def test_a_dataframe_and_dicts_give_the_same_items() -> None:
    assert entries(pd.DataFrame(ROWS), text="review", key="id") == ITEMS
    assert entries(iter(ROWS), text="review", key="id") == ITEMS


def test_texts_are_items_whose_keys_count_from_one() -> None:
    assert entries(["soup", "shoes"]) == [
        Item(1, "1", "soup", "soup", {}),
        Item(2, "2", "shoes", "shoes", {}),
    ]


def test_an_empty_list_is_an_empty_corpus() -> None:
    corpus = read_corpus([], text="review", key="id")
    assert (corpus.size, list(corpus.entries)) == (0, [])


def test_texts_and_dicts_do_not_mix() -> None:
    with pytest.raises(TypeError, match="all texts or all dicts"):
        read_corpus(["soup", {"text": "shoes"}])


@pytest.mark.parametrize("source", [{"text": ["soup"]}, b"soup", [b"soup"]])
def test_what_is_no_source_is_a_type_error(source: object) -> None:
    with pytest.raises(TypeError):
        read_corpus(source)


def test_several_text_columns_are_joined_and_blank_ones_left_out() -> None:
    rows = [{"title": "Soup", "body": "Cold."}, {"title": "Shoes", "body": " "}]
    texts = [entry.text for entry in entries(rows, text=["title", "body"])]
    assert texts == ["Soup\nCold.", "Shoes"]


def test_csv_values_stay_as_they_stand(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,code,missing,padded\nNA,007,null, x \nnan,012,NaN,y\n")
    assert entries(path) == [
        Item(1, "1", "NA", "NA", {"code": "007", "missing": "null", "padded": " x "}),
        Item(2, "2", "nan", "nan", {"code": "012", "missing": "NaN", "padded": "y"}),
    ]


def test_an_empty_csv_cell_is_none_and_does_not_change_the_columns_type(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,stars,is_new\nsoup,,true\nshoes,4,\n")
    assert [entry.fields for entry in entries(path)] == [
        {"stars": None, "is_new": True},
        {"stars": 4, "is_new": None},
    ]


def test_a_csv_key_is_never_read_as_a_number(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1.0,soup\n2.50,shoes\n")
    assert [entry.key for entry in entries(path, key="id")] == ["1.0", "2.50"]


def test_quoted_csv_cells_hold_delimiters_quotes_and_line_breaks(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", '\ufefftext,by\r\n"a ""b"", c\nd",me\r\n\r\ne,you\r\n')
    assert [(entry.text, entry.fields) for entry in entries(path)] == [
        ('a "b", c\nd', {"by": "me"}),
        ("e", {"by": "you"}),
    ]


def test_a_column_without_a_name_gets_its_number(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", ", text \n0,soup\n1,shoes\n")
    assert read_corpus(path).fields == ("column_1",)


def test_missing_values_of_a_dataframe_are_none_and_scalars_plain() -> None:
    frame = pd.DataFrame(
        {
            "text": ["soup", "shoes"],
            "price": np.array([1.5, np.nan], dtype=np.float32),
            "seen": [pd.Timestamp("2026-01-02 03:04"), pd.NaT],
            "size": pd.array([None, 43], dtype="Int64"),
            "tags": [["a", "ü"], None],
        },
        index=[7, 7],
    )
    assert [entry.fields for entry in entries(frame)] == [
        {
            "price": 1.5,
            "seen": datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
            "size": None,
            "tags": ["a", "ü"],
        },
        {"price": None, "seen": None, "size": 43, "tags": None},
    ]
    assert type(entries(frame)[0].fields["price"]) is float


def test_nested_json_becomes_json_text_and_absent_keys_none(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "a", "by": {"name": "Zoë"}}\n\n{"text": "b"}\n')
    assert [entry.fields for entry in entries(path)] == [{"by": '{"name": "Zoë"}'}, {"by": None}]


def test_a_column_of_mixed_kinds_becomes_text() -> None:
    rows = [{"text": "a", "n": 1}, {"text": "b", "n": "two"}, {"text": "c", "n": True}]
    assert [entry.fields["n"] for entry in entries(rows)] == ["1", "two", "true"]


def test_half_a_character_is_replaced(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "a\\ud83d b \\ud83d\\ude00"}\n')
    assert entries(path)[0].text == "a\ufffd b \U0001f600"


def test_a_line_separator_inside_a_json_text_ends_no_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "a\u0085b\u2028c"}\n')
    assert [entry.text for entry in entries(path)] == ["a\u0085b\u2028c"]


def test_rows_without_text_or_key_and_keys_that_come_twice_are_skipped() -> None:
    rows = [
        {"id": "a", "text": "soup"},
        {"id": "b", "text": "  "},
        {"id": None, "text": "shoes"},
        {"id": "a", "text": "other soup"},
        {"id": "b", "text": "second try"},
    ]
    assert entries(rows, key="id", text="text") == [
        Item(1, "a", "soup", "soup", {}),
        Skipped(2, "b", "its text ('text') is empty"),
        Skipped(3, None, "its key ('id') is empty"),
        Skipped(4, "a", "the key 'a' stands already in row 1"),
        Item(5, "b", "second try", "second try", {}),
    ]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert complaint(tmp_path / "no.csv").startswith("there is no file or folder '/")


def test_a_column_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    path = as_file(tmp_path, ".csv")
    for columns in ({"text": "body"}, {"key": "body"}, {"image": "body"}):
        said = complaint(path, **columns)
        assert "has no column 'body'" in said
        assert "its columns are: 'id', 'review', 'stars'" in said


@pytest.mark.parametrize("suffix", [".csv", ".json", ".jsonl", ".tsv"])
def test_an_empty_file_is_refused(tmp_path: Path, suffix: str) -> None:
    assert "is empty; " in complaint(write(tmp_path / f"a{suffix}", ""))


def test_a_header_without_rows_is_refused(tmp_path: Path) -> None:
    assert "holds a header but no rows" in complaint(write(tmp_path / "a.csv", "id,text\n"))


@pytest.mark.parametrize(("suffix", "text"), [(".csv", "\n\n"), (".jsonl", "\n"), (".json", "[]")])
def test_a_file_without_rows_is_refused(tmp_path: Path, suffix: str, text: str) -> None:
    assert "holds no rows" in complaint(write(tmp_path / f"a{suffix}", text))


@pytest.mark.parametrize(
    ("suffix", "header", "row", "found"),
    [
        (".csv", "id;text", "a;Soup, cold, and dear", "semicolons"),
        (".csv", '"id";"text"', '"a";"Soup, cold"', "semicolons"),
        (".csv", "id\ttext", "a\tsoup", "tabs"),
        (".tsv", "id,text", "a,soup", "commas"),
        (".tsv", "id;text", "a;soup", "semicolons"),
    ],
)
def test_a_table_with_another_delimiter_is_told_which(
    tmp_path: Path, suffix: str, header: str, row: str, found: str
) -> None:
    said = complaint(write(tmp_path / f"a{suffix}", f"\ufeff\n{header}\r\n\r\n{row}\r\n"))
    assert f"has {found} between its values" in said
    rename = {(".csv", "tabs"): ".tsv", (".tsv", "commas"): ".csv"}.get((suffix, found))
    assert (f"rename it to {rename}" in said) == (rename is not None)


@pytest.mark.parametrize(
    ("header", "row"), [("text", "soup; cold"), ("note; long", "soup"), ("a;b,c", "1;2,soup")]
)
def test_a_semicolon_in_the_text_or_the_header_alone_is_no_delimiter(
    tmp_path: Path, header: str, row: str
) -> None:
    path = write(tmp_path / "a.csv", f"{header}\n{row}\n")
    assert read_corpus(path).size == 1


@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
def test_the_mark_of_utf8_is_no_part_of_a_json_table(tmp_path: Path, suffix: str) -> None:
    text = json.dumps(ROWS[0] if suffix == ".jsonl" else ROWS[:1])
    path = write(tmp_path / f"a{suffix}", "\ufeff" + text)
    assert entries(path, text="review", key="id") == ITEMS[:1]


def test_a_line_is_measured_from_its_own_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_files, "BLOCK", 64)
    monkeypatch.setattr(text_files, "MAX_LINE", 100)
    rows = ["text", *["soup " * 18] * 20]
    assert read_corpus(write(tmp_path / "a.csv", "\n".join(rows))).size == 20
    rows[7] += "cold soup, too"
    assert "line 8 of" in complaint(write(tmp_path / "b.csv", "\n".join(rows)))


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".json"])
def test_a_line_of_two_gigabytes_is_refused_at_once(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", "text\nsoup\n")
    os.truncate(path, 2 * 10**9)
    start = time.perf_counter()
    said = complaint(path)
    assert time.perf_counter() - start < 5  # reading it whole would take far longer
    assert "line 3 of" in said or "one JSON document of more than 256 MB" in said


@pytest.mark.parametrize(("row", "values"), [("b,c,d", "3 values"), ("b", "1 value")])
def test_a_csv_row_with_another_number_of_values_is_told_where(
    tmp_path: Path, row: str, values: str
) -> None:
    said = complaint(write(tmp_path / "a.csv", f'id,text\na,"x\ny"\n\n{row}\n'))
    assert f"has 2 columns but {values} in line 5" in said


def test_a_quote_that_is_never_closed_is_told(tmp_path: Path) -> None:
    said = complaint(write(tmp_path / "a.csv", 'id,text\na,"open\nb,c\n'))
    assert "a quote that was opened is never closed" in said


def test_broken_json_is_told_with_its_line(tmp_path: Path) -> None:
    said = complaint(write(tmp_path / "a.jsonl", '{"text": "a"}\n{"text": b}\n'))
    assert "line 2 of" in said
    assert "line 3 of" in complaint(write(tmp_path / "a.json", '[{"text":\n"a"},\n{]'))
    assert "line 1 of" in complaint(write(tmp_path / "b.jsonl", '["a"]\n'))
    assert "is not a list of objects" in complaint(write(tmp_path / "b.json", '{"text": "a"}'))


def test_deeply_nested_json_is_refused(tmp_path: Path) -> None:
    assert "nested too deeply" in complaint(write(tmp_path / "a.json", "[" * 200_000))
    assert "nested too deeply" in complaint(write(tmp_path / "a.jsonl", "[" * 200_000))


def test_json_lines_under_a_json_name_are_told_apart(tmp_path: Path) -> None:
    said = complaint(write(tmp_path / "a.json", '{"text": "a"}\n{"text": "b"}\n'))
    assert "rename the file to .jsonl" in said


def test_an_unknown_kind_of_file_is_told_with_the_known_ones(tmp_path: Path) -> None:
    said = complaint(write(tmp_path / "a.soup", "x"))
    assert "cannot be read" in said
    assert "csv, tsv, json" in said


@pytest.mark.parametrize(
    ("name", "better"),
    [("a.xls", "save it as .xlsx"), ("a.doc", "as .docx"), ("a.png", "the folder that it is in")],
)
def test_an_unknown_kind_that_we_know_is_told_with_what_to_do(
    tmp_path: Path, name: str, better: str
) -> None:
    assert better in complaint(write(tmp_path / name, "x"))


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    assert "two columns named 'text'" in complaint(write(tmp_path / "a.csv", "text,text\na,b\n"))
    frame = pd.DataFrame([["a", "b"]], columns=["text", "text"])
    assert "two columns named 'text'" in complaint(frame)


def test_a_file_without_the_right_to_read_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")  # root, who runs CI, is never refused

    path = as_file(tmp_path, ".csv")
    monkeypatch.setattr(Path, "open", refuse)
    assert "cannot be read (Permission denied)" in complaint(path)


def test_a_named_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    assert "neither a regular file nor a folder" in complaint(tmp_path / "a.csv")


def test_a_path_that_no_file_can_have_is_refused() -> None:
    assert "cannot be read" in complaint("a\0b.csv")
    assert "cannot be read" in complaint("a" * 5000 + ".csv")
