"""Queries and judgements as others write them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from semsearch.collection.judgement_files import read_qrels, read_queries
from semsearch.errors import SourceError


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_queries_come_from_a_table_with_ids_and_texts(tmp_path: Path) -> None:
    path = written(tmp_path / "q.csv", "query_id,text\n7,cold soup\n8,shoes\n")
    assert read_queries(path) == {"7": "cold soup", "8": "shoes"}


def test_queries_and_qrels_are_read_as_beir_writes_them(tmp_path: Path) -> None:
    lines = [{"_id": "7", "text": "cold soup", "metadata": {}}, {"_id": "8", "text": "shoes"}]
    queries = written(tmp_path / "queries.jsonl", "\n".join(map(json.dumps, lines)))
    qrels = written(tmp_path / "test.tsv", "query-id\tcorpus-id\tscore\n7\td1\t2\n7\td2\t0\n")
    assert read_queries(queries) == {"7": "cold soup", "8": "shoes"}
    assert read_qrels(qrels) == {"7": {"d1": 2, "d2": 0}}


def test_queries_without_ids_are_named_by_their_texts(tmp_path: Path) -> None:
    path = written(tmp_path / "q.csv", "query,length\ncold soup,2\n")
    assert read_queries(path) == {"cold soup": "cold soup"}


def test_queries_come_from_a_dict_or_a_list_of_dicts() -> None:
    assert read_queries({"7": "soup"}) == {"7": "soup"}
    assert read_queries([{"QID": 7, "Text": "soup"}]) == {"7": "soup"}


def test_qrels_come_from_a_dict_or_a_list_of_dicts() -> None:
    assert read_qrels({"7": {"a": 1}}) == {"7": {"a": 1}}
    assert read_qrels([{"query_id": 7, "key": "a", "grade": 3.0}]) == {"7": {"a": 3}}


@pytest.mark.parametrize("name", ["qrels.txt", "qrels", "dev.qrels", "qrels.tsv"])
def test_qrels_are_read_as_trec_writes_them(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, "7 0 d1 1\n7\t0\td2\t-1\n\n8 Q0 d1 2\n")
    assert read_qrels(path) == {"7": {"d1": 1, "d2": 0}, "8": {"d1": 2}}


def test_a_table_without_grades_lists_what_is_relevant(tmp_path: Path) -> None:
    path = written(tmp_path / "qrels.csv", "query_id,doc_id\n7,d1\n7,d2\n")
    assert read_qrels(path) == {"7": {"d1": 1, "d2": 1}}


def test_an_item_that_is_judged_twice_alike_is_judged_once(tmp_path: Path) -> None:
    path = written(tmp_path / "qrels.csv", "query_id,key,relevance\n7,d1,1\n7,d1,1\n")
    assert read_qrels(path) == {"7": {"d1": 1}}


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("qrels.csv", "query_id,key,relevance\n7,d1,1\n7,d1,0\n", "row 2 .* 'd1' .* another grade"),
        ("qrels.csv", "query_id,key,relevance\n7,d1,high\n", "grade in row 1 .* 'high'"),
        ("qrels.csv", "query_id,key,relevance\n7,d1,0.5\n", "grade in row 1 .* '0.5'"),
        ("qrels.csv", "query_id,key,relevance\n7,d1,nan\n", "grade in row 1 .* 'nan'"),
        ("qrels.csv", "query_id,key,relevance\n7,d1,1e9\n", "grade in row 1 .* '1e9'"),
        ("qrels.csv", "who,what\n7,d1\n", "no column of query ids: it has who, what"),
        ("qrels.csv", "query_id,what\n7,d1\n", "no column of keys: it has query_id, what"),
        ("qrels.txt", "7 0 d1 1\n7 0 d2\n", "line 2 .* not as TREC writes qrels"),
        ("qrels.bin", "7 0 d1 1\n", "no table"),
    ],
)
def test_what_is_no_judgement_is_told_with_its_place(
    tmp_path: Path, name: str, text: str, problem: str
) -> None:
    with pytest.raises(SourceError, match=problem):
        read_qrels(written(tmp_path / name, text))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("query_id,text\n7,soup\n7,shoes\n", "'7' stands twice"),
        ("query_id,text\n7,soup\n8, \n", "query 2 .* has no text"),
        ("query_id,words\n7,soup\n", "no column of query texts"),
    ],
)
def test_what_is_no_query_is_told_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(SourceError, match=problem):
        read_queries(written(tmp_path / "q.csv", text))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file"):
        read_qrels(tmp_path / "none.txt")


def test_what_is_neither_path_nor_dicts_is_a_slip() -> None:
    with pytest.raises(TypeError, match="a path, a dict or dicts"):
        read_queries(["soup"])  # type: ignore[list-item]
