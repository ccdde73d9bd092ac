"""Queries and judgements of others: tables with the usual columns, TREC's qrels, or in memory."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from semsearch import corpus
from semsearch.corpus.values import as_text
from semsearch.errors import SourceError, shortened
from semsearch.store.judgements import LARGEST_GRADE

Queries: TypeAlias = "str | os.PathLike[str] | Mapping[str, str] | Iterable[Mapping[str, Any]]"
Qrels: TypeAlias = (
    "str | os.PathLike[str] | Mapping[str, Mapping[str, int]] | Iterable[Mapping[str, Any]]"
)

ID = ("query_id", "query-id", "qid", "_id", "id")
TEXT = ("text", "query", "question")
TOPIC = ("query_id", "query-id", "qid", "topic", "query")
KEY = ("key", "doc_id", "doc-id", "docid", "corpus_id", "corpus-id", "document_id")
GRADE = ("relevance", "grade", "score", "rel", "label")

TREC = re.compile(r"\s*(\S+)\s+\S+\s+(\S+)\s+(-?\d+)\s*")
"""A line of TREC's qrels: query, something unused, document, grade."""

TEXT_FILES = ("", ".txt", ".qrels", ".qrel", ".tsv", ".tab")
"""Suffixes under which TREC's qrels are found; .tsv may hold either."""


def read_queries(source: Queries) -> dict[str, str]:
    """Return texts by query id: of a table with a column of texts and, if it has one, of ids.

    Without ids, or in a list of dicts without them, the text itself is the id.

    Raises:
        SourceError: the table has no such column, a text is empty, or an id has two texts.
    """
    name = _name_of(source)
    if isinstance(source, Mapping):
        rows: Iterable[tuple[str, str]] = ((as_text(id_), text) for id_, text in source.items())
    else:
        columns = _columns(source)
        texts = [as_text(cell) for cell in _column(columns, TEXT, name, "query texts")]
        ids = _optional(columns, ID)
        rows = zip(texts if ids is None else map(as_text, ids), texts, strict=True)
    found: dict[str, str] = {}
    for row, (id_, text) in enumerate(rows, 1):
        if not isinstance(text, str) or not text.strip():
            raise SourceError(f"query {row} of {name} has no text", "write one, or leave it out")
        if found.setdefault(id_, text) != text:
            raise SourceError(
                f"the query {shortened(id_)} stands twice in {name}, with other texts",
                "give each query an id of its own",
            )
    return found


def read_qrels(source: Qrels) -> dict[str, dict[str, int]]:
    """Return grades by query id and key: of a table, or of a file in TREC's format of four columns.

    A table without a column of grades lists what is relevant: each grade is 1. A grade below 0,
    as TREC has for spam, is 0.

    Raises:
        SourceError: the table has no such columns, a grade is no whole number, or an item was
            judged twice and differently.
    """
    name = _name_of(source)
    found: dict[str, dict[str, int]] = {}
    for row, (query, key, cell) in enumerate(_judged(source, name), 1):
        grade = _grade(cell, row, name)
        if found.setdefault(query, {}).setdefault(key, grade) != grade:
            raise SourceError(
                f"row {row} of {name} judges the item {shortened(key)} for the query"
                f" {shortened(query)} again, with another grade",
                "keep one of the two",
            )
    return found


def _judged(source: Qrels, name: str) -> Iterator[tuple[str, str, Any]]:
    if isinstance(source, Mapping):
        for query, grades in source.items():
            for key, grade in grades.items():
                yield as_text(query), as_text(key), grade
    elif isinstance(source, str | os.PathLike) and _is_trec(Path(source)):
        yield from _trec_lines(Path(source), name)
    else:
        columns = _columns(source)
        queries = _column(columns, TOPIC, name, "query ids")
        keys = _column(columns, KEY, name, "keys")
        grades = _optional(columns, GRADE)
        cells: Sequence[Any] = [1] * len(keys) if grades is None else grades
        for query, key, grade in zip(queries, keys, cells, strict=True):
            yield as_text(query), as_text(key), grade


def _is_trec(path: Path) -> bool:
    """Say whether a file is one of TREC's: it has no header, its first line is four words."""
    if path.suffix.lower() not in TEXT_FILES:
        return False
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return TREC.fullmatch(next((line for line in file if line.strip()), "")) is not None
    except OSError:
        return False  # whoever reads it as a table says why it cannot be read


def _trec_lines(path: Path, name: str) -> Iterator[tuple[str, str, str]]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            found = TREC.fullmatch(line)
            if found is not None:
                yield found[1], found[2], found[3]
            elif line.strip():
                raise SourceError(
                    f"line {number} of {name} is not as TREC writes qrels: {shortened(line)}",
                    "write a query, 0, a key and a grade, with spaces in between",
                )


def _grade(cell: Any, row: int, name: str) -> int:
    try:
        number = float(cell)
    except (TypeError, ValueError, OverflowError):
        number = -0.5
    if not number.is_integer() or number > LARGEST_GRADE:
        raise SourceError(
            f"the grade in row {row} of {name} is {shortened(cell)}",
            f"write a whole number: 0 is not relevant, 1 to {LARGEST_GRADE:,} is",
        )
    return max(0, int(number))


def _columns(source: Any) -> dict[str, list[Any]]:
    """Return the columns of a table file, or of dicts in memory."""
    if isinstance(source, str | os.PathLike):
        return dict(corpus.read_columns(os.fspath(source)))
    rows = list(source) if isinstance(source, Iterable) else [source]
    for row in rows:
        if not isinstance(row, Mapping):
            raise TypeError(f"queries and qrels are a path, a dict or dicts, not {shortened(row)}")
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _column(
    columns: Mapping[str, list[Any]], names: Sequence[str], source: str, what: str
) -> list[Any]:
    found = _optional(columns, names)
    if found is None:
        raise SourceError(
            f"{source} has no column of {what}: it has {', '.join(columns) or 'none'}",
            f"name one of them {names[0]!r}",
        )
    return found


def _optional(columns: Mapping[str, list[Any]], names: Sequence[str]) -> list[Any] | None:
    by_name = {name.strip().lower(): cells for name, cells in columns.items()}
    return next((by_name[name] for name in names if name in by_name), None)


def _name_of(source: Any) -> str:
    return repr(os.fspath(source)) if isinstance(source, str | os.PathLike) else "the list"
