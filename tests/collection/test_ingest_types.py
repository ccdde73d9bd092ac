"""Fields get types, and whoever adds rows is told when one changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from enum import IntEnum, StrEnum
from pathlib import Path

import pytest

import semsearch
from semsearch.corpus import memory


class Size(IntEnum):
    LARGE = 3


class Colour(StrEnum):
    RED = "red"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[semsearch.Collection]:
    with semsearch.create(tmp_path / "c", module="hashing") as made:
        yield made


def row(key: str, **fields: object) -> dict[str, object]:
    return {"id": key, "text": f"the text of {key}", **fields}


def test_dates_and_lists_are_stored_as_iso_text_and_lists(empty: semsearch.Collection) -> None:
    rows = [
        row("a", on=date(2024, 5, 1), at=datetime(2024, 5, 1, 12, 30), tags=["x", "y"], n=1),
        row("b", on=None, at=datetime(2024, 5, 1, 12, 30, tzinfo=UTC), tags=[], n=None),
    ]
    assert empty.add(rows, text="text", key="id").notes == []
    assert empty.fields == {"at": "date", "n": "number", "on": "date", "tags": "list"}
    a, b = empty.get(["a", "b"])
    assert a.fields == {
        "on": "2024-05-01",
        "at": "2024-05-01T12:30:00Z",
        "tags": ["x", "y"],
        "n": 1,
    }
    assert b.fields == {"on": None, "at": "2024-05-01T12:30:00Z", "tags": [], "n": None}
    assert empty.add(rows, text="text", key="id").unchanged == 2


def test_values_of_kinds_made_from_plain_ones_have_their_types(empty: semsearch.Collection) -> None:
    rows = [row("a", size=Size.LARGE, colour=Colour.RED), row("b", size=2, colour="blue")]
    assert empty.add(rows, text="text", key="id").notes == []
    assert empty.fields == {"colour": "text", "size": "number"}
    assert empty.get(["a"])[0].fields == {"size": 3, "colour": "red"}


def test_a_later_file_may_bring_new_columns_without_a_word(empty: semsearch.Collection) -> None:
    empty.add([row("a", stars=1)], text="text", key="id")
    report = empty.add([row("b", stars=2, price=9.5)], text="text", key="id")
    assert report.notes == []
    assert empty.fields == {"price": "number", "stars": "number"}
    assert empty.get(["a"])[0].fields == {"stars": 1}


def test_a_field_that_becomes_text_is_told_with_the_row(empty: semsearch.Collection) -> None:
    empty.add([row("a", stars=1, on=date(2024, 5, 1))], text="text", key="id")
    rows = [row(f"r{n}", stars=n, on=None) for n in range(16)] + [row("z", stars="n/a", on=None)]
    report = empty.add(rows, text="text", key="id")
    told = (
        "the field 'stars' held numbers and holds text from row 17 on ('n/a');"
        " filters now compare it as text"
    )
    assert report.notes == report.as_dict()["notes"] == [told]
    assert empty.fields["stars"] == "text"
    assert empty.add(rows, text="text", key="id").notes == []


def test_a_new_field_of_several_types_is_told(empty: semsearch.Collection) -> None:
    rows = [row("a", n=True), row("b", n=None), row("c", n=["x"])]
    [told] = empty.add(rows, text="text", key="id").notes
    assert told.startswith("the field 'n' held true or false and holds lists from row 3 on")


def test_numbers_in_a_field_of_text_are_told(empty: semsearch.Collection) -> None:
    empty.add([row("a", stars="n/a")], text="text", key="id")
    [told] = empty.add([row("b", stars=None), row("c", stars=4)], text="text", key="id").notes
    assert told == (
        "the field 'stars' holds text, and numbers from row 2 on ('4');"
        " filters compare them as text too"
    )
    assert empty.fields["stars"] == "text"


def test_a_field_without_a_value_takes_the_type_of_the_first(empty: semsearch.Collection) -> None:
    empty.add([row("a", stars=None)], text="text", key="id")
    assert empty.add([row("b", stars=4)], text="text", key="id").notes == []
    assert empty.fields == {"stars": "number"}


def test_a_type_that_changes_far_down_a_generator_is_told(
    empty: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "BLOCK_ROWS", 2)
    monkeypatch.setattr(memory, "LOOKED_AT", 4)
    rows = (row(f"r{n}", stars=n if n < 10 else "many") for n in range(12))
    [told] = empty.add(rows, text="text", key="id").notes
    assert "held numbers and holds text from row 11 on ('many')" in told
    assert len(empty) == 12
    assert empty.fields == {"stars": "text"}


def test_a_row_whose_fields_alone_change_can_change_a_type(empty: semsearch.Collection) -> None:
    empty.add([row("a", stars=1)], text="text", key="id")
    report = empty.add([row("a", stars="one")], text="text", key="id")
    assert report.updated == 1
    assert "held numbers and holds text from row 1 on ('one')" in report.notes[0]


def test_another_column_of_texts_is_told_when_rows_are_encoded_anew(
    empty: semsearch.Collection, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,title,body\na,Soup,It was cold\nb,Shoes,They fit\n")
    assert empty.add(path, text="body", key="id").notes == []
    assert empty.add(path, text="title", key="id").notes == [
        "the text was that of the column 'body' before and is that of 'title' now:"
        " 2 rows were encoded anew"
    ]
    assert empty.add(path, text="title", key="id").notes == []
    [told] = empty.add(path, text=["title", "body"], key="id").notes
    assert "'title' before and is that of 'title' + 'body' now" in told


def test_another_file_may_have_another_column_of_texts(
    empty: semsearch.Collection, tmp_path: Path
) -> None:
    empty.add([{"id": "a", "body": "It was cold"}], text="body", key="id")
    path = tmp_path / "a.csv"
    path.write_text("id,title\nb,Shoes\n")
    assert empty.add(path, text="title", key="id").notes == []
    path.write_text("id,title\nb,Boots\n")
    assert empty.add(path, text="title", key="id").notes == []
    [told] = empty.add([{"id": "b", "line": "Coats"}], text="line", key="id").notes
    assert "1 row was encoded anew" in told
