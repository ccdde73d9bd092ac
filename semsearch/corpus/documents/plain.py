"""Read plain text and reStructuredText, which is written to be read as it is."""

from __future__ import annotations

import re

from semsearch.corpus.documents.document import Document
from semsearch.corpus.documents.tidy import one_line, tidy
from semsearch.corpus.encodings import decoded

RULE = re.compile(r"([=\-~^\"'`#*+:.<>_])\1{2,}")
"""A line that underlines a heading of reStructuredText."""
COMMENT = re.compile(r"\.\. +(?:_[^\n:]*:|\|)")


def read_plain(content: bytes) -> Document:
    """Return a plain text as it stands."""
    flaws: list[str] = []
    return Document(tidy(decoded(content, None, flaws)), flaws=tuple(flaws))


def read_rst(content: bytes) -> Document:
    """Return reStructuredText as it stands, without the lines under headings and link targets."""
    plain = read_plain(content)
    lines = plain.text.split("\n")
    kept: list[str] = []
    title = ""
    for number, line in enumerate(lines):
        if RULE.fullmatch(line):
            above = lines[number - 1] if number else ""
            if not title and above.strip() and len(line) >= len(above):
                title = one_line(above)
            kept += [""] if above.strip() else []
        elif not COMMENT.match(line):
            kept.append(line)
    return Document(tidy("\n".join(kept)), title, flaws=plain.flaws)


PLAIN_PARSERS = {"txt": read_plain, "rst": read_rst}
"""Formats without a parser that a file could be made to harm."""
