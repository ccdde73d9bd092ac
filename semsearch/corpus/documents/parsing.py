"""Turn the bytes of one document into its text, by its format."""

from __future__ import annotations

from collections.abc import Callable

from semsearch.corpus.documents.document import Document, parsed_by
from semsearch.corpus.documents.epub import read_epub
from semsearch.corpus.documents.mail import read_mail
from semsearch.corpus.documents.markup import read_html, read_markdown
from semsearch.corpus.documents.pdf import read_pdf
from semsearch.corpus.documents.plain import PLAIN_PARSERS
from semsearch.corpus.documents.word import read_docx

PARSERS: dict[str, Callable[[bytes], Document]] = {
    **PLAIN_PARSERS, "md": read_markdown, "html": read_html, "pdf": read_pdf, "docx": read_docx,
    "epub": read_epub, "eml": read_mail, "mbox": read_mail,
}  # fmt: skip


def parse(content: bytes, kind: str) -> Document:
    """Return the document of a format that these bytes are.

    Raises:
        Refused: they are no such document, or one without text.
    """
    return parsed_by(PARSERS[kind], content, kind)
