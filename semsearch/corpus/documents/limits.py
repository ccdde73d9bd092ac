"""What a document may cost at most; what goes beyond is told, never cut."""

from __future__ import annotations

from semsearch.corpus.scan import MEGABYTE

MAX_FILE = 100 * MEGABYTE
"""Bytes of one document, or of one mail of an mbox, whose own size is not bounded."""

MAX_TEXT = 10_000_000
"""Characters of text in one document."""

MAX_PAGES = 5_000
"""Pages of a PDF."""

MAX_UNPACKED = 400 * MEGABYTE
"""Bytes that the parts of one docx or epub, which are zip archives, may come to."""

MAX_ARCHIVE = 10_000 * MEGABYTE
"""Bytes that an archive of documents may come to when it is read to its end."""

MAX_MEMBERS = 1_000_000
"""Files in one archive."""

MAX_HEADER = 8 * MEGABYTE
"""Bytes that are read of a tar archive at once: no name of a file is longer."""

LEAST_SECONDS, MOST_SECONDS = 60.0, 600.0
"""A parser that has not ended after so long is ended, the larger a document the later."""

PACE = 20_000
"""Bytes for which a parser is given a second more: pypdf reads some ten pages in that time."""

MEMORY = 4 << 30
"""Bytes of address space of the process in which parsers run, where the system can bound it."""


def seconds_for(size: int) -> float:
    """Return after how many seconds a parser of so many bytes is ended."""
    return min(LEAST_SECONDS + size / PACE, MOST_SECONDS)
