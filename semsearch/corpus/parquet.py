"""Read parquet files, some rows at a time; the one file that knows pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from semsearch.corpus.choice import require_distinct
from semsearch.corpus.scan import BLOCK, BLOCK_BYTES, WatchedFile
from semsearch.errors import SourceError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

MOST_ROWS = 8192
"""Rows that are turned into Python values at once: fewer are slow to ask for."""


def read_parquet(source: WatchedFile) -> Iterator[dict[str, list[Any]]]:
    """Yield the cells of some rows after the other, by column, first of none."""
    import pyarrow.parquet as pq

    with source() as binary:
        with arrow_errors(source.name):
            file = pq.ParquetFile(binary, buffer_size=BLOCK, pre_buffer=False)
            names = file.schema_arrow.names
        require_distinct(source.name, names)
        yield {column: [] for column in names}
        batches = file.iter_batches(rows_at_once(file))
        while True:
            with arrow_errors(source.name):
                batch = next(batches, None)
            if batch is None:
                break
            yield {
                column: python_values(source.name, column, values)
                for column, values in zip(names, batch.columns, strict=True)
            }
        source.check(binary)


@contextmanager
def arrow_errors(name: str) -> Iterator[None]:
    """Translate what pyarrow raises over a file that it cannot read."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise SourceError(
            f"{name} is not a readable parquet file: {reason}", "export it again"
        ) from error


def rows_at_once(file: pq.ParquetFile) -> int:
    """Return how many rows hold few enough bytes, by the mean of each of the file's groups."""
    groups = (file.metadata.row_group(number) for number in range(file.metadata.num_row_groups))
    widest = max((each.total_byte_size // max(each.num_rows, 1) for each in groups), default=0)
    return int(min(MOST_ROWS, max(1, BLOCK_BYTES // max(widest, 1))))


def python_values(name: str, column: str, values: pa.Array) -> list[Any]:
    """Return an arrow column as Python values; times keep microseconds, all that Python has."""
    import pyarrow as pa

    kind = values.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        values = values.cast(pa.timestamp("us", kind.tz), safe=False)
    try:
        found: list[Any] = values.to_pylist()
    except (ValueError, LookupError, ArithmeticError) as error:
        # No cast to text: beyond the year 32767 arrow writes another year without a word.
        raise SourceError(
            f"the column {column!r} of {name} holds a {kind} that cannot be read ({error})",
            "write that column as UTF-8 text, or leave it out",
        ) from error
    return found
