"""Read the text of a PDF with pypdf, page by page."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from semsearch.corpus.documents.document import Document, Refused
from semsearch.corpus.documents.limits import MAX_PAGES, MAX_TEXT
from semsearch.corpus.documents.tidy import one_line, tidy

if TYPE_CHECKING:
    from pypdf import PdfReader

ENDS = (".", "!", "?", ":", "。", "！", "？", '"', "”", ")")


def read_pdf(content: bytes) -> Document:
    """Return the text of a PDF; a page that cannot be read is a flaw, not the end."""
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    if b"%PDF-" not in content[:1024]:
        raise Refused("is no PDF: it does not begin with %PDF")
    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted and not is_open(reader):
        raise Refused("is encrypted with a password; save it without one")
    pages = len(reader.pages)
    if pages > MAX_PAGES:
        raise Refused(f"has {pages:,} pages, more than {MAX_PAGES:,}; split it")
    texts, flaws = read_pages(reader, pages)
    if not any(text.strip() for text in texts):
        raise Refused(flaws[0] if flaws else "holds no text; a scan needs OCR first")
    return Document(tidy(joined(texts)), title_of(reader), {"pages": pages}, tuple(flaws))


def is_open(reader: PdfReader) -> bool:
    """Tell whether an encrypted PDF can be read without its password, as many can."""
    try:
        return bool(reader.decrypt(""))
    except Exception:  # AES without a library for it, or odd parameters: either way it is closed
        return False


def read_pages(reader: PdfReader, pages: int) -> tuple[list[str], list[str]]:
    """Return the text of each page, empty where it cannot be read, and why not."""
    texts: list[str] = []
    flaws: list[str] = []
    length = 0
    for number in range(pages):
        try:
            text = reader.pages[number].extract_text()
        except MemoryError:
            raise
        except Exception as error:  # pypdf raises many kinds on what it does not expect
            flaws.append(f"cannot be read on page {number + 1} ({type(error).__name__})")
            text = ""
        texts.append(text)
        length += len(text)
        if length > MAX_TEXT:
            raise Refused(f"holds more than {MAX_TEXT:,} characters of text; split it")
    return texts, flaws


def joined(pages: Iterable[str]) -> str:
    """Return pages as one text: a sentence may go on from one page to the next."""
    parts: list[str] = []
    for page in pages:
        text = page.strip()
        if text:
            parts += [text, "\n\n" if text.endswith(ENDS) else "\n"]
    return "".join(parts)


def title_of(reader: PdfReader) -> str:
    """Return the title that a PDF names, if any."""
    try:
        title = reader.metadata.title if reader.metadata else None
    except Exception:  # a damaged description does not spoil the text
        return ""
    return one_line(title) if isinstance(title, str) else ""
