"""What a filter may say, and how it says no."""

from __future__ import annotations

import sqlite3

import pytest

from semsearch.errors import QueryError
from semsearch.search import parse_filter

FIELDS = {"stars": "number", "source": "text", "verified": "boolean", "my field": "text"}
ROWS = {
    "a": '{"stars":1,"source":"yelp","verified":true,"my field":"x"}',
    "b": '{"stars":3,"source":"imdb","verified":false,"my field":"it\'s"}',
    "c": '{"stars":-2.5,"source":"amazon","verified":true}',
    "d": '{"stars":null,"source":"yelp","verified":null}',
}


def matching(where: str) -> str:
    """Return the keys of the rows that SQLite finds by the condition."""
    condition = parse_filter(where, FIELDS)
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE item (key TEXT, text TEXT, fields TEXT)")
    database.executemany("INSERT INTO item VALUES (?, 'text of ' || ?1, ?)", ROWS.items())
    rows = database.execute(f"SELECT key FROM item WHERE {condition.sql}", condition.values)
    found = "".join(key for (key,) in rows)
    database.close()
    return found


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        ("stars <= 2", "ac"),
        ("stars = -2.5", "c"),
        ("stars != 3", "ac"),
        ("stars > 0 AND source = 'yelp'", "a"),
        ("source in ('imdb', 'amazon')", "bc"),
        ("source not in ('imdb', 'amazon')", "ad"),
        ("stars between 1 and 3", "ab"),
        ("stars is null", "d"),
        ("stars is not null and not (source = 'yelp')", "bc"),
        ("source like 'a%' or stars = 3", "bc"),
        ("verified", "ac"),
        ("verified = false", "b"),
        ("not verified", "b"),
        ("\"my field\" = 'it''s'", "b"),
        ("key = 'a' or text = 'text of c'", "ac"),
        ("1 <= stars and (source = 'yelp' or (source = 'imdb'))", "ab"),
        ("source = 'x'' OR 1=1 --'", ""),
        ("stars < 99999999999999999999", "abc"),
        ("stars > -99999999999999999999", "abc"),
    ],
)
def test_a_filter_means_what_sql_means(where: str, keys: str) -> None:
    assert matching(where) == keys


@pytest.mark.parametrize(
    "name", ["a\\b", 'a"b', "a.b", "a b", "é", "$", "a'b", "日本", "[0]", "a\tb"]
)
def test_a_field_of_any_name_is_found(name: str) -> None:
    import json

    import apsw

    condition = parse_filter('"' + name.replace('"', '""') + "\" = 'x'", {name: "text"})
    database = apsw.Connection(":memory:")
    database.execute("CREATE TABLE item (fields TEXT)")
    database.execute("INSERT INTO item VALUES (?)", (json.dumps({name: "x"}, ensure_ascii=False),))
    sql = f"SELECT count(*) FROM item WHERE {condition.sql}"
    assert database.execute(sql, condition.values).get == 1


@pytest.mark.parametrize("text", ["robert'); DROP TABLE item", "?", "%", '"', "\\"])
def test_values_are_parameters_whatever_they_hold(text: str) -> None:
    condition = parse_filter(f"source = '{text.replace(chr(39), chr(39) * 2)}'", FIELDS)
    assert text not in condition.sql.replace("?", "") or text == "?"
    assert condition.values[-1] == text


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("", "the filter is empty"),
        ("   ", "the filter is empty"),
        (
            "star = 1",
            "unknown field 'star'; there are: stars, source, verified, my field, key, text",
        ),
        ('source = "yelp"', "unknown field 'yelp'; .* put texts in single quotes"),
        ("stars <=", "cannot be read at character 8"),
        ("stars <= 2 andd source = 'x'", "cannot be read at character 15, near 'andd'"),
        ("(stars = 1", "cannot be read"),
        ("source = 'open", "cannot be read"),
        ("stars = 1; DROP TABLE item", "cannot be read"),
        ("stars", "uses 'stars', which filters do not know"),
        ("stars + 1 = 2", "which filters do not know"),
        ("lower(source) = 'yelp'", "which filters do not know"),
        ("stars = (SELECT max(id) FROM item)", "which filters do not know"),
        ("exists (select 1)", "which filters do not know"),
        ("stars in ()", "which filters do not know"),
        ("stars in (select 1)", "which filters do not know"),
        ("'a'", "which filters do not know"),
        ("source = '" + "x" * 5000 + "'", "longer than 4096"),
        ("(" * 2000 + "stars = 1" + ")" * 2000, "cannot be read|nested"),
    ],
)
def test_what_is_no_filter_is_refused_in_one_sentence(where: str, message: str) -> None:
    with pytest.raises(QueryError, match=message) as caught:
        parse_filter(where, FIELDS)
    assert "\n" not in str(caught.value)
