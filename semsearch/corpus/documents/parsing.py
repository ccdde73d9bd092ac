"""Turn the bytes of one document into its text, by its format."""

from __future__ import annotations

from collections.abc import Callable

from semsearch.corpus.documents.document import Document, Refused
from semsearch.corpus.documents.epub import read_epub
from semsearch.corpus.documents.limits import MAX_TEXT
from semsearch.corpus.documents.mail import read_mail
from semsearch.corpus.documents.markup import read_html, read_markdown
from semsearch.corpus.documents.pdf import read_pdf
from semsearch.corpus.documents.plain import read_plain, read_rst
from semsearch.corpus.documents.word import read_docx

PARSERS: dict[str, Callable[[bytes], Document]] = {
    "txt": read_plain, "rst": read_rst, "md": read_markdown, "html": read_html, "pdf": read_pdf,
    "docx": read_docx, "epub": read_epub, "eml": read_mail, "mbox": read_mail,
}  # fmt: skip
PLAIN = ("txt", "rst")
"""Formats without a parser that a file could be made to harm."""


def parse(content: bytes, kind: str) -> Document:
    """Return the document of a format that these bytes are.

    Raises:
        Refused: they are no such document, or one without text.
    """
    if not content:
        raise Refused("is empty")
    try:
        document = PARSERS[kind](content)
    except (Refused, MemoryError):
        raise
    except RecursionError as error:
        raise Refused("is nested too deeply") from error
    except Exception as error:  # parsers raise many kinds on files that somebody made up
        raise Refused(f"is damaged or no {kind} ({type(error).__name__})") from error
    if not document.text.strip():
        raise Refused("holds no text")
    if len(document.text) > MAX_TEXT:
        raise Refused(f"holds more than {MAX_TEXT:,} characters of text; split it")
    return document
