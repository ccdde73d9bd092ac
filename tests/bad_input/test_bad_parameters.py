"""Parameters that cannot be: k, texts, modes, filters, keys, names, seeds, sources, options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import semsearch
from semsearch.cli.main import main
from semsearch.errors import CollectionError, KeyNotFound, ModuleError, QueryError, SourceError
from tests.bad_input.conftest import one_sentence

NAN = float("nan")

pytestmark = pytest.mark.usefixtures("unchanged")


def told_by(call: Callable[[], object], error: type[Exception]) -> str:
    """Return the one sentence that a call fails with."""
    with pytest.raises(error) as told:
        call()
    assert type(told.value) is error
    return one_sentence(told.value)


@pytest.mark.parametrize(
    ("k", "error", "phrase"),
    [
        (0, ValueError, "k must lie between 1 and 10000, got 0"),
        (-1, ValueError, "k must lie between 1 and 10000, got -1"),
        (10_001, ValueError, "k must lie between 1 and 10000, got 10001"),
        (10**300, ValueError, "k must lie between 1 and 10000, got 1000"),
        (2.5, TypeError, "k must be a whole number, got 2.5"),
        ("10", TypeError, "k must be a whole number, got '10'"),
        (None, TypeError, "k must be a whole number, got None"),
        (True, TypeError, "k must be a whole number, got True"),
        ([3], TypeError, "k must be a whole number, got [3]"),
        (NAN, TypeError, "k must be a whole number, got nan"),
    ],
)
def test_k(
    own: semsearch.Collection,
    texts: semsearch.Collection,
    k: Any,
    error: type[Exception],
    phrase: str,
) -> None:
    for call in (
        lambda: own.neighbors([[1, 0, 0, 0]], k=k),
        lambda: own.similar("a", k=k),
        lambda: texts.search("soup", k=k),
        lambda: texts.search_many(["soup"], k=k),
    ):
        assert phrase in told_by(call, error)


@pytest.mark.parametrize(
    ("query", "error", "phrase"),
    [
        ("", ValueError, "the query is empty; write what to look for"),
        (" \n\t", ValueError, "the query is empty; write what to look for"),
        (5, TypeError, "a query is a text, got 5 of type int"),
        (["soup"], TypeError, "a query is a text, got ['soup'] of type list"),
        (b"soup", TypeError, "a query is a text, got b'soup' of type bytes"),
        ({"a": 1}, TypeError, "a query is a text, got {'a': 1} of type dict"),
        ("\ud83c", semsearch.errors.ContentError, "an unpaired surrogate"),
        ("a" * 2_000_000, semsearch.errors.ContentError, "more than 1,000,000; split it"),
    ],
)
def test_a_query(
    texts: semsearch.Collection, query: Any, error: type[Exception], phrase: str
) -> None:
    assert phrase in told_by(lambda: texts.search(query), error)
    assert phrase in told_by(lambda: texts.search_many([query]), error)


@pytest.mark.parametrize(
    ("queries", "phrase"),
    [
        ("soup", "texts must be a list, got the single 'soup'; put it in a list"),
        ("a" * 5000, "put it in a list"),
        (b"soup", "texts must be a list, got the single b'soup'; put it in a list"),
        (None, "texts must be a list, got None"),
        (5, "texts must be a list, got 5"),
    ],
)
def test_a_list_of_queries(texts: semsearch.Collection, queries: Any, phrase: str) -> None:
    assert phrase in told_by(lambda: texts.search_many(queries), TypeError)


@pytest.mark.parametrize(
    ("options", "error", "phrase"),
    [
        ({}, ValueError, "search() needs a text, an image, plus, minus, or order='unusual'"),
        ({"text": "a", "image": "b.png"}, ValueError, "a text or an image, not both"),
        ({"text": "soup", "mode": "Semantic"}, ValueError, "the mode 'Semantic' does not exist"),
        ({"text": "soup", "mode": None}, ValueError, "the mode None does not exist"),
        ({"image": "cat.jpg"}, CollectionError, "reads texts, not images; search it by text"),
    ],
)
def test_ways_to_search(
    texts: semsearch.Collection, options: dict[str, Any], error: type[Exception], phrase: str
) -> None:
    assert phrase in told_by(lambda: texts.search(**options), error)


def test_a_collection_without_a_module_is_not_searched_by_text(own: semsearch.Collection) -> None:
    said = told_by(lambda: own.search("soup"), CollectionError)
    assert "holds your own vectors and has no module; search it by vector" in said


@pytest.mark.parametrize(
    ("where", "error", "phrase"),
    [
        ("", QueryError, "the filter is empty; write one such as"),
        ("  ", QueryError, "the filter is empty; write one such as"),
        ("stars", QueryError, "'stars'"),
        ("stars <", QueryError, "cannot be read, at character 7"),
        ("stars < 'x'", QueryError, "number field 'stars' with the text 'x'"),
        (
            "foo = 1",
            QueryError,
            "the unknown field 'foo', at character 1, near 'foo'; there are: stars, key, text",
        ),
        ("stars = 1; drop table item", QueryError, "cannot be read, at character 10, near ';'"),
        (
            "stars = (select 1)",
            QueryError,
            "which filters do not know, at character 17, near '1'; use comp",
        ),
        ("stars in ()", QueryError, "which filters do not know"),
        ("stars between 1", QueryError, "cannot be read"),
        ("'a'", QueryError, "which filters do not know"),
        ("1", QueryError, "which filters do not know"),
        ("key = 1", QueryError, "write texts in single quotes"),
        ("not", QueryError, "cannot be read"),
        ("((((", QueryError, "cannot be read"),
        ("stars <= 2 and", QueryError, "cannot be read"),
        ("a" * 5000, QueryError, "longer than 4096 characters; shorten it"),
        ("(" * 2000 + "stars=1" + ")" * 2000, QueryError, "nested too deeply; use fewer"),
        ("stars <> null", QueryError, "write stars is null"),
        ("random() = 1", QueryError, "which filters do not know"),
        ("stars = ?", QueryError, "which filters do not know"),
        ("stars \u2264 2", QueryError, "cannot be read"),
        ("\0", QueryError, "the filter"),
        (5, TypeError, "a filter is a text, got 5"),
        (["stars = 1"], TypeError, "a filter is a text, got ['stars = 1']"),
    ],
)
def test_a_filter(
    texts: semsearch.Collection, where: Any, error: type[Exception], phrase: str
) -> None:
    for call in (
        lambda: texts.search("soup", where=where),
        lambda: texts.similar("1", where=where),
        lambda: texts.delete(where=where),
    ):
        assert phrase in told_by(call, error)


@pytest.mark.parametrize(
    ("key", "error", "phrase"),
    [
        ("nope", KeyNotFound, "no item of the collection 'own' has the key 'nope'"),
        ("", KeyNotFound, "no item of the collection 'own' has the key ''"),
        ("\ud83c", KeyNotFound, "no item of the collection 'own' has the key"),
        ("k" * 5000, KeyNotFound, "no item of the collection 'own' has the key 'kkk"),
        (None, TypeError, "a key is a text, got None of type NoneType"),
        (5, TypeError, "a key is a text, got 5 of type int"),
        (["a"], TypeError, "a key is a text, got ['a'] of type list"),
        (b"a", TypeError, "a key is a text, got b'a' of type bytes"),
    ],
)
def test_a_key(own: semsearch.Collection, key: Any, error: type[Exception], phrase: str) -> None:
    for call in (
        lambda: own.similar(key),
        lambda: own.get([key]),
        lambda: own.vectors(keys=[key]),
        lambda: own.delete([key]),
        lambda: own.delete(["a", key]),
    ):
        assert phrase in told_by(call, error)


@pytest.mark.parametrize(
    ("options", "error", "phrase"),
    [
        ({}, ValueError, "delete() needs either keys or where"),
        ({"keys": ["a"], "where": "key = 'a'"}, ValueError, "needs either keys or where"),
        ({"keys": "a"}, TypeError, "keys must be a list, got the single 'a'"),
    ],
)
def test_what_to_delete(
    own: semsearch.Collection, options: dict[str, Any], error: type[Exception], phrase: str
) -> None:
    assert phrase in told_by(lambda: own.delete(**options), error)


@pytest.mark.parametrize(
    ("options", "error", "phrase"),
    [
        ({"n_clusters": 0}, ValueError, "must lie between 1 and 2, got 0"),
        ({"n_clusters": 10**6}, ValueError, "must lie between 1 and 2, got 1000000"),
        ({"n_clusters": 2.5}, TypeError, "must be a whole number, got 2.5"),
        ({"n_clusters": "3"}, TypeError, "must be a whole number, got '3'"),
        ({"n_clusters": True}, TypeError, "must be a whole number, got True"),
        ({"method": "kMeans"}, ValueError, "no method 'kMeans'; there are: auto, kmeans"),
        ({"seed": -1}, ValueError, "seed must lie between 0 and 4294967295, got -1"),
        ({"seed": 2**64}, ValueError, "seed must lie between 0 and 4294967295"),
        ({"seed": "0"}, TypeError, "seed must be a whole number, got '0'"),
        ({"seed": None}, TypeError, "seed must be a whole number, got None"),
        ({"name": ""}, ValueError, "the name of a clustering is empty"),
        ({"name": "x" * 101}, ValueError, "use up to 100 letters and signs"),
        ({"name": "a\nb"}, ValueError, "a clustering cannot be named 'a\\nb'"),
        ({"name": None}, TypeError, "the name of a clustering is a text, got None"),
    ],
)
def test_how_to_cluster(
    texts: semsearch.Collection, options: dict[str, Any], error: type[Exception], phrase: str
) -> None:
    assert phrase in told_by(lambda: texts.cluster(**{"n_clusters": 2, **options}), error)


@pytest.mark.parametrize(
    ("name", "examples", "error", "phrase"),
    [
        ("s", {}, ValueError, "there are no examples"),
        ("s", {"a": ["x"]}, ValueError, "give examples of a second class"),
        ("s", {"a": "x", "b": "y"}, TypeError, "the examples of 'a' must be a list"),
        ("s", [1, 2], TypeError, "examples must be a dict of label -> list"),
        ("s", None, TypeError, "examples must be a dict of label -> list"),
        ("s", {"a": [1], "b": [2]}, TypeError, "a text module takes str, not int"),
        ("", {"a": ["x"], "b": ["y"]}, ValueError, "the name of a classifier is empty"),
        (5, {"a": ["x"], "b": ["y"]}, TypeError, "the name of a classifier is a text, got 5"),
    ],
)
def test_what_to_train(
    texts: semsearch.Collection, name: Any, examples: Any, error: type[Exception], phrase: str
) -> None:
    assert phrase in told_by(lambda: texts.train(name, examples), error)


@pytest.mark.parametrize(
    ("source", "options", "error", "phrase"),
    [
        (None, {}, ValueError, "add() needs a source, or vectors= with keys="),
        (["x"], {"on_error": "Skip"}, ValueError, "must be 'skip' or 'stop', got 'Skip'"),
        (5, {}, TypeError, "a source is a path, a DataFrame, or a list"),
        (b"x", {}, TypeError, "a source is a path, a DataFrame, or a list"),
        ({"a": 1}, {}, TypeError, "a source is a path, a DataFrame, or a list"),
        (object(), {}, TypeError, "a source is a path, a DataFrame, or a list"),
        ([None], {}, TypeError, "rows must be all texts or all dicts"),
        (["a", None, 3], {}, TypeError, "among these there are NoneType, int, str"),
        ([{}], {}, SourceError, "has no column of texts; give each row a text"),
        ([{"a": "b"}], {"text": "nope"}, SourceError, "no column 'nope'; its columns are: 'a'"),
        ([{"a": "b"}], {"text": 5}, TypeError, "names a column, or a list of columns, got 5"),
        ([{"a": "b"}], {"key": "nope"}, SourceError, "no column 'nope'; its columns are: 'a'"),
        ([{"a": "b"}], {"image": "nope"}, SourceError, "no column 'nope'; its columns are: 'a'"),
    ],
)
def test_what_to_add(
    texts: semsearch.Collection,
    source: Any,
    options: dict[str, Any],
    error: type[Exception],
    phrase: str,
) -> None:
    assert phrase in told_by(lambda: texts.add(source, **options), error)


@pytest.mark.parametrize(
    ("options", "error", "phrase"),
    [
        ({"module": None}, ValueError, "needs dim, the width of its vectors"),
        ({"module": None, "dim": 0}, ValueError, "must lie between 1 and 65536, got 0"),
        ({"module": None, "dim": 10**9}, ValueError, "must lie between 1 and 65536"),
        ({"module": None, "dim": "4"}, TypeError, "must be a whole number, got '4'"),
        ({"module": "hashing", "dim": 7}, ValueError, "makes vectors 256 wide, not 7"),
        ({"module": "nope"}, ModuleError, "there is no module 'nope'"),
        ({"module": ""}, ModuleError, "there is no module ''"),
        ({"module": 5}, TypeError, "a handle is a str, not int"),
    ],
)
def test_what_to_create(
    tmp_path: Path, options: dict[str, Any], error: type[Exception], phrase: str
) -> None:
    said = told_by(lambda: semsearch.create(tmp_path / "new", **options), error)
    assert phrase in said
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("ids", "phrase"),
    [
        (["a"], "ids are whole numbers as neighbors() gives them, got ['a']"),
        ([1.5], "ids are whole numbers"),
        ([None], "ids are whole numbers"),
        ([10**30], "ids are whole numbers"),
    ],
)
def test_internal_ids(own: semsearch.Collection, ids: Any, phrase: str) -> None:
    assert phrase in told_by(lambda: own.keys(ids), TypeError)


@pytest.mark.parametrize(
    ("words", "code", "phrase"),
    [
        (["search", "texts"], 2, "QUERY"),
        (["search", "texts", ""], 2, "the query is empty"),
        (["search", "texts", "soup", "-k", "0"], 2, "k must lie between 1 and 10000"),
        (["search", "texts", "soup", "-k", "x"], 2, "'x' is not a valid integer"),
        (["search", "texts", "soup", "--where", "foo = 1"], 1, "the unknown field 'foo'"),
        (["search", "nope", "soup"], 1, "there are: own, texts"),
        (["search", "own", "soup"], 1, "holds your own vectors and has no module"),
        (["similar", "own", "nope"], 1, "has the key 'nope'"),
        (["delete", "own"], 2, "give either keys or --where EXPR"),
        (["delete", "own", "a", "--where", "key = 'a'"], 2, "give either keys or --where"),
        (["cluster", "texts", "-n", "0"], 2, "must lie between 1 and 2"),
        (["cluster", "texts", "--method", "magic"], 2, "magic"),
        (["train", "texts", "s", "nope.csv"], 1, "'nope.csv'"),
        (["predict", "texts", "nope"], 1, "no classifier named 'nope' is stored"),
        (["index", "texts", "nope.csv"], 1, "there is no file or folder 'nope.csv'"),
        (["index", "texts"], 2, "SOURCE"),
        (["info", "../texts"], 2, "a collection cannot be named '../texts'"),
        (["nonsense"], 2, "No such command 'nonsense'"),
    ],
)
def test_words_of_the_command_line(
    shelf: Path,
    own: semsearch.Collection,
    texts: semsearch.Collection,
    words: list[str],
    code: int,
    phrase: str,
) -> None:
    result = CliRunner().invoke(main, ["--indexes", str(shelf), *words])
    assert result.exit_code == code, result.output
    assert phrase in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
