"""SQLite databases as sources: read as they are, never written to, and no query gets further."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import semsearch
from semsearch.corpus import Item, Skipped, read_corpus, sqlite
from semsearch.errors import SourceError

ROWS = [("a", "The soup was cold.", 2, 1, "2024-05-01"), ("b", "Warm.", 5, 0, "2024-06-01")]


def filled(path: Path, *more: str) -> Path:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("create table review (id, body, stars, fresh boolean, day date)")
    connection.executemany("insert into review values (?, ?, ?, ?, ?)", ROWS)
    for statement in more:
        connection.execute(statement)
    connection.close()
    return path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return filled(tmp_path / "reviews.db")


def entries(source: Path, **options: str) -> list[Item | Skipped]:
    return list(read_corpus(source, **options).entries)


def complaint(source: Path, **options: str) -> str:
    with pytest.raises(SourceError) as caught:
        read_corpus(source, **options)
    assert caught.value.remedy
    assert len(str(caught.value)) < 300
    return str(caught.value)


def test_the_only_table_is_read_with_its_types(database: Path) -> None:
    corpus = read_corpus(database, key="id")
    assert (corpus.name, corpus.size, corpus.part) == ("reviews", 2, "table 'review'")
    assert (corpus.text_columns, corpus.fields) == (("body",), ("stars", "fresh", "day"))
    fields = {"stars": 2, "fresh": True, "day": date(2024, 5, 1)}
    assert next(corpus.entries) == Item(1, "a", ROWS[0][1], ROWS[0][1], fields)


def test_nothing_is_left_beside_the_database_and_nothing_changed_in_it(tmp_path: Path) -> None:
    path = filled(tmp_path / "wal.db", "pragma journal_mode = wal")
    before = path.read_bytes()
    assert len(entries(path)) == 2
    assert [each.name for each in tmp_path.iterdir()] == ["wal.db"]
    assert path.read_bytes() == before


def test_a_query_joins_and_names_its_columns(database: Path) -> None:
    query = "select id, body || '!' as loud, stars from review where stars > 2 order by id;"
    corpus = read_corpus(database, query=query, text="loud", key="id")
    assert list(corpus.entries) == [Item(1, "b", "Warm.!", "Warm.!", {"stars": 5})]
    assert corpus.part == "rows of the query"


def test_a_view_and_a_full_text_table_are_read_as_tables(tmp_path: Path) -> None:
    path = filled(
        tmp_path / "f.db",
        "create view good as select body from review where stars = 5",
        "create virtual table words using fts5(text)",
        "insert into words values ('soup of the day')",
    )
    assert [each.content for each in entries(path, table="good")] == ["Warm."]
    assert [each.content for each in entries(path, table="words")] == ["soup of the day"]
    found = entries(path, query="select text from words where words match 'soup'")
    assert [each.content for each in found] == ["soup of the day"]
    assert "holds 3 tables: 'review', 'words', 'good'; name one with table=" in complaint(path)


def test_a_blob_is_no_text_but_may_be_a_picture(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (4, 4), "red").save(tmp_path / "red.png")
    content = (tmp_path / "red.png").read_bytes()
    with sqlite3.connect(tmp_path / "p.db") as connection:
        connection.execute("create table picture (name, data blob)")
        connection.execute("insert into picture values ('red', ?)", (content,))
    connection.close()
    [item] = entries(tmp_path / "p.db", image="data", key="name")
    assert isinstance(item, Item)
    assert item.content == content
    assert [type(each) for each in entries(tmp_path / "p.db", text="data")] == [Skipped]


def test_a_database_is_known_by_its_start_whatever_its_name(database: Path) -> None:
    other = database.rename(database.with_suffix(".store"))
    assert len(entries(other)) == 2


def test_names_of_tables_may_hold_anything_and_are_found_in_any_case(tmp_path: Path) -> None:
    path = filled(tmp_path / "f.db", 'create table "a ""b"" ; --" as select body from review')
    assert len(entries(path, table='A "b" ; --')) == 2


@pytest.fixture
def written_to(database: Path) -> Iterator[sqlite3.Connection]:
    """A writer who has a log beside the database, and does not finish."""
    writer = sqlite3.connect(database, isolation_level=None)
    writer.execute("pragma journal_mode = wal")
    writer.execute("insert into review values ('c', 'New.', 1, 1, '2024-07-01')")
    yield writer
    writer.close()


def test_what_is_written_meanwhile_is_read_as_of_one_moment(
    database: Path, written_to: sqlite3.Connection
) -> None:
    corpus = read_corpus(database, key="id")
    assert corpus.size == 3
    written_to.execute("delete from review")
    assert [each.key for each in corpus.entries] == ["a", "b", "c"]


def test_a_database_that_changes_between_its_passes_is_told(database: Path) -> None:
    corpus = read_corpus(database)
    filled(database.with_name("other.db"), "insert into review select * from review").replace(
        database
    )
    with pytest.raises(SourceError, match="has changed while it was read"):
        list(corpus.entries)


@pytest.mark.parametrize(
    ("query", "phrase"),
    [
        ("delete from review", "does more than read"),
        ("insert into review (id) values (1)", "does more than read"),
        ("pragma user_version", "does more than read"),
        ("attach 'other.db' as other", "does more than read"),
        ("create table t (a)", "does more than read"),
        ("begin", "does more than read"),
        ("select body from review order by random()", "gives other rows each time"),
        ("select load_extension('x')", "does more than read"),
        ("select body from review; select 2", "holds several statements"),
        ("select body from review where stars = ?", "has a parameter"),
        ("explain select body from review", "explains another"),
        ("-- nothing", "is empty"),
        ("selekt 1", 'near "selekt": syntax error'),
        ("select nope from review", "no such column: nope); there are the tables: 'review'"),
        ("select body from nope", "no such table: nope"),
        ("select id, id from review", "has two columns named 'id'"),
        ("select body from review where 0", "the rows of the query of"),
        ("select zeroblob(900000000) as b, body from review", "more than 100 MB"),
    ],
)
def test_a_query_that_is_no_single_reading_select_is_refused(
    database: Path, query: str, phrase: str
) -> None:
    before = database.read_bytes()
    assert phrase in complaint(database, query=query)
    assert database.read_bytes() == before


def test_a_query_that_never_finds_a_row_is_stopped(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "SECONDS_TO_A_ROW", 0.05)
    endless = (
        "with recursive n(x) as (select 1 union all select x + 1 from n)"
        " select x as body from n where x < 0"
    )
    assert "found no row for" in complaint(database, query=endless)


def test_a_table_that_is_not_there_names_those_that_are(database: Path) -> None:
    assert "has no table 'nope'; there are: 'review'" in complaint(database, table="nope")


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        (b"", "is empty"),
        (b"id,text\n1,x\n", "is no SQLite database"),
        (b"SQLite format 3\0" + b"\xff" * 4000, "'f.db'"),
    ],
)
def test_what_is_no_database_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, phrase: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("f.db").write_bytes(content)
    assert phrase in complaint(Path("f.db"))


def test_a_database_cut_short_is_told(tmp_path: Path) -> None:
    path = filled(
        tmp_path / "f.db",
        "insert into review with recursive n(x) as (select 1 union all select x + 1 from n"
        " where x < 3000) select x, 'some longer text', 1, 1, '' from n",
    )
    path.write_bytes(path.read_bytes()[:20_000])
    assert "is damaged" in complaint(path)


def test_an_empty_database_and_an_empty_table_are_told(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "none.db") as connection:
        connection.execute("pragma user_version = 1")
    connection.close()
    with sqlite3.connect(tmp_path / "bare.db") as connection:
        connection.execute("create table bare (body)")
    connection.close()
    assert "holds no table" in complaint(tmp_path / "none.db")
    assert "the table 'bare' of " in complaint(tmp_path / "bare.db")


def test_a_text_that_is_not_utf8_is_told(database: Path) -> None:
    query = "select cast(x'ff41' as text) as body from review"
    assert "a text that is not UTF-8" in complaint(database, query=query)


def test_a_table_goes_into_a_collection_and_stands_there_the_next_time(
    database: Path, tmp_path: Path
) -> None:
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        assert collection.add(database, table="review", text="body", key="id").added == 2
        again = collection.add(database, query="select * from review", text="body", key="id")
        assert again.unchanged == 2


@pytest.mark.parametrize(
    ("options", "error", "phrase"),
    [
        ({"table": "a", "query": "b"}, ValueError, "give one of them"),
        ({"table": 5}, TypeError, "table= is a text, got 5"),
        ({"query": " "}, ValueError, "query= is empty"),
        ({"sheet": "Data"}, ValueError, "sheet= names a sheet of a workbook"),
    ],
)
def test_parts_that_cannot_be(
    database: Path, options: dict[str, str], error: type[Exception], phrase: str
) -> None:
    with pytest.raises(error, match=phrase):
        read_corpus(database, **options)
