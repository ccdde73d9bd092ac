"""Which part of a file that holds several tables is read: a table or query, or a sheet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from semsearch.corpus.encodings import codec_name
from semsearch.corpus.images import IMAGE_SUFFIXES
from semsearch.errors import shortened

WORKBOOKS = (".xlsx", ".xlsm")
TEXT_TABLES = (".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson")
DATABASES = (".sqlite", ".sqlite3", ".db")
SQLITE_START = b"SQLite format 3\0"
UNSAYABLE = re.compile("[\\0\ud800-\udfff]")
SAVE_AS = {
    ".xlsx": (".xls", ".xlsb", ".ods", ".numbers"),
    ".docx": (".doc", ".odt", ".rtf", ".pages"),
    ".pdf": (".ppt", ".pptx", ".odp", ".ps"),
    ".parquet": (".arrow", ".feather", ".orc", ".avro"),
    ".csv": (".xml", ".dta", ".sav", ".mdb", ".pkl"),
    ".jsonl": (".yaml", ".yml"),
    ".eml": (".msg", ".pst"),
}


class Part(NamedTuple):
    """The table or query of a database, or the sheet of a workbook; the usual one where None.

    `encoding` is that of a text table (csv, json); it is found out where None.
    """

    table: str | None = None
    query: str | None = None
    sheet: str | None = None
    encoding: str | None = None

    def check(self) -> Part:
        """Return the part; raise TypeError or ValueError where its names cannot be."""
        for name, value in self._asdict().items():
            if value is not None and not isinstance(value, str):
                raise TypeError(f"{name}= is a text, got {shortened(value)}")
            if value is not None and not value.strip():
                raise ValueError(f"{name}= is empty; leave it out, or name one")
            if value is not None and UNSAYABLE.search(value):
                raise ValueError(
                    f"{name}= holds a NUL or half a character, which no name or query can;"
                    " write it anew"
                )
        if self.table is not None and self.query is not None:
            raise ValueError("table= and query= both say which rows are read; give one of them")
        if self.encoding is not None and codec_name(self.encoding) is None:
            raise ValueError(f"there is no encoding {shortened(self.encoding)}; try 'cp1252'")
        return self

    def require_kind(self, name: str, kind: str) -> None:
        """Raise ValueError where a file of this kind (its suffix) has no such parts."""
        for option, kinds, what in (
            ("encoding", TEXT_TABLES, "the encoding of a csv, tsv, json or jsonl file"),
            ("table", DATABASES, "a table of a SQLite database"),
            ("query", DATABASES, "rows of a SQLite database"),
            ("sheet", WORKBOOKS, "a sheet of a workbook (.xlsx)"),
        ):
            if getattr(self, option) is not None and kind not in kinds:
                raise ValueError(f"{option}= names {what}, and {name} is none; leave it out")


WHOLE = Part()


def kind_of_file(path: Path) -> str:
    """Return the suffix that tells how to read a file; a SQLite database is known by its start."""
    suffix = path.suffix.lower()
    if path.is_file():
        with path.open("rb") as file:
            if file.read(len(SQLITE_START)) == SQLITE_START:
                return DATABASES[0]
    return suffix


def remedy_for(suffix: str) -> str:
    """Return what to do with a file of a kind that cannot be read."""
    for better, others in SAVE_AS.items():
        if suffix in others:
            return f"save it as {better}"
    if suffix in IMAGE_SUFFIXES:
        return "give the folder that it is in"
    return (
        "give a csv, tsv, json, jsonl, parquet, xlsx or sqlite table, a document, a folder or a zip"
    )
