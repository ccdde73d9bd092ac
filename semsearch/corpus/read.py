"""Read any source that semsearch understands into one corpus."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from semsearch.corpus.entries import Columns, table_image_corpus, text_corpus
from semsearch.corpus.files import is_files, read_files
from semsearch.corpus.images import ImageFolder
from semsearch.corpus.items import Corpus, Modality, Value
from semsearch.corpus.memory import table_of_frame, table_of_rows
from semsearch.corpus.part import WHOLE, Part, kind_of_file, remedy_for
from semsearch.corpus.tables import TABLE_SUFFIXES, Table, read_table
from semsearch.errors import SourceError, shortened

if TYPE_CHECKING:
    import pandas as pd

Source: TypeAlias = "str | os.PathLike[str] | pd.DataFrame | Iterable[object]"

ROWS = "rows"  # the name of a corpus that comes from memory


def read_corpus(  # noqa: PLR0913 - one parameter for each thing that a source may need to be told
    source: Source,
    *,
    text: str | Sequence[str] | None = None,
    image: str | None = None,
    key: str | None = None,
    table: str | None = None,
    query: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
) -> Corpus:
    """Check a source as a whole and return its items, which are read as they are asked for.

    Args:
        source: the path of a csv, tsv, json, jsonl, parquet, xlsx or sqlite table, of a document
            (txt, md, rst, html, pdf, docx, epub, eml, mbox), or of a folder, zip or tar of
            documents or images; or a DataFrame, dicts, or texts.
        text: the column that is encoded, or several that are joined by line breaks; guessed when
            it is None. For images: the column a person reads.
        image: the column with each row's image: a path relative to the table's folder, or bytes.
        key: the column of the user's key; without it the number of the row, or a file's path.
        table: the table or view of a SQLite database; not needed where it has one.
        query: instead of a table, one SELECT over a SQLite database.
        sheet: the sheet of a workbook, by default the first that holds rows.
        encoding: that of a csv, tsv, json or jsonl file, such as "cp1251"; found out when None.

    A file is read twice, for its columns and types first and for its rows as they are needed, so
    that memory does not grow with their number (a .json file, one document, is read whole). Of
    rows that pass by only once, as those of a generator, the first tell the columns and types.

    A folder or zip of images may hold a table `items.csv`, `.jsonl` or `.parquet` whose column
    `file` names the image; `key`, `text` and the fields come from its other columns.

    Raises:
        SourceError: when the source as a whole cannot be used. A single bad row is an entry that
            says why it is skipped.
    """
    columns = Columns(_names(text), image, key)
    part = Part(table, query, sheet, encoding).check()
    if isinstance(source, bytes | Mapping) or not isinstance(source, os.PathLike | Iterable):
        kind = type(source).__name__
        raise TypeError(f"a source is a path, a DataFrame, or a list of dicts or texts, not {kind}")
    if isinstance(source, str | os.PathLike):
        return replace(read_path(Path(source), columns, part), path=Path(source).resolve())
    part.require_kind("what comes from memory", "")
    rows = table_of_frame(source) if is_frame(source) else table_of_rows(source)
    if rows.size == 0:
        if isinstance(source, Sized) and len(source) and not rows.columns:
            raise SourceError(
                "the list of dicts has no column of texts", "give each row a text under a name"
            )
        modality: Modality = "image" if image else "text"
        return Corpus(ROWS, modality, 0, columns.text, key, (), iter(()))
    return table_corpus(ROWS, rows, columns, ImageFolder(Path(), is_bounded=False))


def _names(text: object) -> tuple[str, ...]:
    """Return the columns of text as a tuple."""
    names = (text,) if isinstance(text, str) or text is None else text
    if not isinstance(names, Iterable):
        raise TypeError(f"text= names a column, or a list of columns, got {shortened(text)}")
    return tuple(name for name in names if name is not None)


def read_columns(path: str) -> dict[str, list[Value]]:
    """Return the columns of a table file by name, as they stand, such as the labels of examples."""
    mode = file_mode(Path(path))
    if stat.S_ISDIR(mode) or kind_of_file(Path(path)) not in TABLE_SUFFIXES:
        raise SourceError(f"{path!r} is no table", f"give a file of: {', '.join(TABLE_SUFFIXES)}")
    table = read_table(Path(path))
    columns: dict[str, list[Value]] = {column: [] for column in table.columns}
    for block in table.blocks():
        for column, cells in block.items():
            columns[column].extend(cells)
    return columns


def read_path(path: Path, columns: Columns, part: Part = WHOLE) -> Corpus:
    """Return the corpus of a file or folder."""
    mode = file_mode(path)
    kind = "" if stat.S_ISDIR(mode) else kind_of_file(path)
    part.require_kind(repr(str(path)), kind)
    if stat.S_ISDIR(mode) or (is_files(path) and kind not in TABLE_SUFFIXES):
        return read_files(path, columns)
    if kind not in TABLE_SUFFIXES:
        raise SourceError(f"{str(path)!r} is of a kind that cannot be read", remedy_for(kind))
    return table_corpus(path.stem, read_table(path, part), columns, ImageFolder(path.parent))


def file_mode(path: Path) -> int:
    """Return the mode of a file or folder that can be read; raise `SourceError` otherwise."""
    try:
        mode = path.stat().st_mode
        is_regular = stat.S_ISREG(mode)
        if is_regular:
            path.open("rb").close()
    except FileNotFoundError as error:
        raise SourceError(f"there is no file or folder {str(path)!r}", "check the path") from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or error
        raise SourceError(
            f"{str(path)!r} cannot be read ({reason})", "check the path and the right to read it"
        ) from error
    if not is_regular and not stat.S_ISDIR(mode):
        raise SourceError(
            f"{str(path)!r} is neither a regular file nor a folder", "copy its data into a file"
        )
    return mode


def table_corpus(name: str, table: Table, columns: Columns, folder: ImageFolder) -> Corpus:
    """Return the corpus of a table of texts, or of images when a column of them is named."""
    if columns.image is None:
        return text_corpus(name, table, columns)
    return table_image_corpus(name, table, columns, folder)


def is_frame(source: object) -> TypeGuard[pd.DataFrame]:
    """Tell whether a source is a DataFrame, without importing pandas for it."""
    # Another thread may be halfway through importing it; then no source is a DataFrame yet.
    kind = getattr(sys.modules.get("pandas"), "DataFrame", None)
    return kind is not None and isinstance(source, kind)
