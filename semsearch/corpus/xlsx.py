"""Read workbooks (.xlsx), row by row; the one file that knows openpyxl."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, time
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from semsearch.corpus.choice import require_distinct
from semsearch.corpus.groups import row_groups
from semsearch.corpus.package import check_package, damaged
from semsearch.corpus.part import Part
from semsearch.corpus.scan import WatchedFile
from semsearch.errors import SourceError, shortened
from semsearch.quiet import quiet_decoders

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

LOOKED_AT = 50
"""Rows that are not empty, among which the header is looked for."""
ERRORS = frozenset(
    ("#N/A", "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#GETTING_DATA")
)
Cells = tuple[Any, ...]


class Header(NamedTuple):
    """The row, counted from 1, that names the columns, and its names by position."""

    row: int
    names: dict[int, str]


class Sheet:
    """One sheet of a workbook, read row by row, each time anew."""

    def __init__(self, source: WatchedFile, part: Part) -> None:
        self._source = source
        with source() as binary:
            self._unsaved = check_package(source.name, binary)
            with opened(source.name, binary) as workbook:
                self._name, self._header, self._others = found_sheet(source.name, workbook, part)
        self._errors = 0
        self.part = f"sheet {self._name!r} (header in row {self._header.row})"

    def blocks(self) -> Iterator[dict[str, list[Any]]]:
        """Yield the cells of some rows after the other, by column, first of none.

        Rows that are empty are no rows. A cell under no name makes a column of its own from
        there on.
        """
        names = dict(self._header.names)
        yield {column: [] for column in names.values()}
        with self._source() as binary:
            with opened(self._source.name, binary) as workbook:
                rows = sheet_rows(self._source.name, workbook[self._name])
                filled = (self._plain(row) for at, row in rows if at > self._header.row)
                for group in row_groups(filled):
                    add_unnamed(names, group)
                    yield {
                        column: [row[at] if at < len(row) else None for row in group]
                        for at, column in names.items()
                    }
            self._source.check(binary)

    def notes(self) -> tuple[str, ...]:
        """Return what a person should know of the sheet, once all its rows were read."""
        found = []
        if self._others:
            others = ", ".join(repr(each) for each in self._others)
            found.append(f"only the sheet {self._name!r} is read, not {others}; see --sheet")
        if self._errors:
            found.append(f"cells with an error such as #N/A, left empty: {self._errors:,}")
        if self._unsaved:
            found.append(
                f"formulas without a saved value, left empty: {self._unsaved:,}; open the workbook"
                " in a spreadsheet program and save it"
            )
        return tuple(found)

    def _plain(self, row: Cells) -> Cells:
        """Return the cells as values of a table; what is an error is nothing."""
        cells = tuple(map(plain, row))
        if not ERRORS.isdisjoint(each for each in row if isinstance(each, str)):
            self._errors += sum(cell in ERRORS for cell in row if isinstance(cell, str))
        return cells


@contextmanager
def opened(name: str, binary: BinaryIO) -> Iterator[Workbook]:
    """Open a workbook for reading row by row, with the values that its formulas came to."""
    import openpyxl

    with quiet_decoders():  # it warns of parts that nobody reads
        with workbook_errors(name):
            workbook = openpyxl.load_workbook(
                binary, read_only=True, data_only=True, keep_links=False, keep_vba=False
            )
        with closing(workbook):
            yield workbook


@contextmanager
def workbook_errors(name: str) -> Iterator[None]:
    """Translate what openpyxl raises over a workbook that it cannot read."""
    try:
        yield
    except (SourceError, MemoryError):
        raise
    except Exception as error:  # it raises whatever its parsers stumble over
        raise damaged(name, error) from error


def sheet_rows(name: str, sheet: ReadOnlyWorksheet) -> Iterator[tuple[int, Cells]]:
    """Yield the rows of a sheet that hold something, with their numbers from 1."""
    with workbook_errors(name):  # what whoever takes the rows raises does not pass by here
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            if any(cell is not None for cell in row):
                yield number, row


def found_sheet(name: str, workbook: Workbook, part: Part) -> tuple[str, Header, list[str]]:
    """Return the sheet that is read, its header, and which others hold rows.

    It is the one that is wanted, else the first that holds rows, hidden ones last.
    """
    sheets = {each.title: each for each in workbook.worksheets}
    if part.sheet is not None and part.sheet not in sheets:
        there = ", ".join(repr(each) for each in sheets) or "none"
        raise SourceError(f"{name} has no sheet {shortened(part.sheet)}", f"there are: {there}")
    if part.sheet is not None:
        header = found_header(name, sheets[part.sheet])
        if header is None:
            raise SourceError(
                f"the sheet {part.sheet!r} of {name} holds no rows", "name a sheet that holds rows"
            )
        return part.sheet, header, []
    ordered = sorted(sheets, key=lambda title: sheets[title].sheet_state != "visible")
    headers = {title: found_header(name, sheets[title]) for title in ordered}
    filled = [title for title in ordered if headers[title] is not None]
    if not filled or (header := headers[filled[0]]) is None:
        raise SourceError(f"{name} holds no rows", "give a workbook that holds rows")
    return filled[0], header, filled[1:]


def found_header(name: str, sheet: ReadOnlyWorksheet) -> Header | None:
    """Return the header of a sheet, None where it is empty.

    That is the first row that names at least half as many columns as the fullest of the rows at
    the top has, so that titles above it are passed by.
    """
    head = list(islice(sheet_rows(name, sheet), LOOKED_AT))
    if not head:
        return None
    width = max(count(row) for _, row in head)
    least = 1 if width == 1 else max(2, (width + 1) // 2)
    number, row = next(each for each in head if count(each[1]) >= least)
    names = {at: as_name(cell) for at, cell in enumerate(row) if as_name(cell)}
    require_distinct(name, list(names.values()))
    return Header(number, names)


def add_unnamed(names: dict[int, str], group: Sequence[Sequence[Any]]) -> None:
    """Name the columns that hold something in these rows and have no name."""
    widest = max(map(len, group))
    for at in set(range(widest)) - names.keys():
        if any(at < len(row) and row[at] is not None for row in group):
            name = f"column_{at + 1}"
            names[at] = name if name not in names.values() else f"{name}_without_name"


def plain(cell: Any) -> Any:
    """Return a cell as a value: an error or an empty text is nothing, midnight is its day."""
    if isinstance(cell, str):
        return None if cell in ERRORS or not cell else cell
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date()
    return cell


def as_name(cell: Any) -> str:
    """Return a cell of the header as the name of a column."""
    value = plain(cell)
    return "" if value is None else " ".join(str(value).split())


def count(row: Sequence[Any]) -> int:
    """Return how many cells of a row hold something."""
    return sum(cell is not None for cell in row)
