"""Read the text of a PDF with pypdf, page by page."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from semsearch.corpus.documents.document import SAID, Document, words_of
from semsearch.corpus.documents.limits import MAX_PAGES, MAX_TEXT
from semsearch.corpus.documents.lines import flowing
from semsearch.corpus.documents.tidy import one_line, tidy
from semsearch.corpus.refused import Refused

if TYPE_CHECKING:
    from pypdf import PdfReader


def read_pdf(content: bytes) -> Document:
    """Return the text of a PDF; a page that cannot be read is a flaw, not the end."""
    with complaints_of_pypdf() as complaints:
        return of_pdf(content, complaints)


def of_pdf(content: bytes, complaints: list[str]) -> Document:
    """Return the text of a PDF; `complaints` takes what pypdf logs."""
    from pypdf import PdfReader

    if b"%PDF-" not in content[:1024]:
        raise Refused("is no PDF: it does not begin with %PDF")
    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted and not is_open(reader):
        raise Refused("is encrypted with a password; save it without one")
    pages = len(reader.pages)
    if pages > MAX_PAGES:
        raise Refused(f"has {pages:,} pages, more than {MAX_PAGES:,}; split it")
    texts, flaws = read_pages(reader, pages, complaints)
    if not any(text.strip() for text in texts):
        raise Refused(flaws[0] if flaws else "holds no text; a scan needs OCR first")
    return Document(tidy(flowing(texts)), title_of(reader), {"pages": pages}, flaws)


def is_open(reader: PdfReader) -> bool:
    """Tell whether an encrypted PDF can be read without its password, as many can."""
    try:
        return bool(reader.decrypt(""))
    except Exception:  # AES without a library for it, or odd parameters: either way it is closed
        return False


def read_pages(
    reader: PdfReader, pages: int, complaints: list[str]
) -> tuple[list[str], tuple[str, ...]]:
    """Return the text of each page, empty where it cannot be read, and which these are."""
    texts: list[str] = []
    lost: list[int] = []
    length = 0
    for number in range(pages):
        complaints.clear()
        try:
            text = reader.pages[number].extract_text()
        except MemoryError:
            raise
        except Exception as error:  # pypdf raises many kinds on what it does not expect
            complaints.append(words_of(error))
            text = ""
        if complaints and not text.strip():
            lost.append(number + 1)
        texts.append(text)
        length += len(text)
        if length > MAX_TEXT:
            raise Refused(f"holds more than {MAX_TEXT:,} characters of text; split it")
    return texts, told(lost)


def told(lost: list[int]) -> tuple[str, ...]:
    """Return the flaw that pages are lost, if any are."""
    if not lost:
        return ()
    more = f" and {len(lost) - 1:,} more" if len(lost) > 1 else ""
    return (f"cannot be read on page {lost[0]}{more}",)


@contextmanager
def complaints_of_pypdf() -> Iterator[list[str]]:
    """Collect what pypdf logs, and keep it from everybody else: it logs what it could not read."""
    complaints: list[str] = []
    logger = logging.getLogger("pypdf")
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: complaints.append(record.getMessage()[:SAID])  # type: ignore[method-assign]
    before = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield complaints
    finally:
        logger.removeHandler(handler)
        logger.propagate = before


def title_of(reader: PdfReader) -> str:
    """Return the title that a PDF names, if any."""
    try:
        title = reader.metadata.title if reader.metadata else None
    except Exception:  # a damaged description does not spoil the text
        return ""
    return one_line(title) if isinstance(title, str) else ""
