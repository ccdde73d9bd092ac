"""Read Word documents (docx) with python-docx."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from semsearch.corpus.documents.document import Document
from semsearch.corpus.documents.packages import opened_package
from semsearch.corpus.documents.tidy import one_line, tidy
from semsearch.corpus.refused import Refused

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from lxml.etree import _Element

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
PARAGRAPH, TABLE, ROW, CELL = (f"{WORD}{tag}" for tag in ("p", "tbl", "tr", "tc"))
WRITTEN = {
    f"{WORD}tab": "\t", f"{WORD}br": "\n", f"{WORD}cr": "\n", f"{WORD}noBreakHyphen": "-",
}  # fmt: skip
STYLE = f"{WORD}pPr/{WORD}pStyle"


def read_docx(content: bytes) -> Document:
    """Return the text of a Word document, a paragraph a block and a row of a table a line."""
    from docx import Document as open_document

    opened_package(content, "docx").close()
    try:
        document = open_document(io.BytesIO(content))
    except MemoryError:
        raise
    except Exception as error:  # KeyError, ValueError, XMLSyntaxError and others for damaged parts
        raise Refused(f"is damaged or no docx ({type(error).__name__})") from error
    body = document.element.body
    title = one_line(document_title(document)) or first_heading(body)
    return Document(tidy("\n\n".join(blocks(body))), title)


def document_title(document: WordDocument) -> str:
    """Return the title that the document's properties name."""
    try:
        return document.core_properties.title or ""
    except Exception:  # damaged properties do not spoil the text
        return ""


def first_heading(body: _Element) -> str:
    """Return the first paragraph that is styled as a title or heading."""
    for paragraph in body.iter(PARAGRAPH):
        style = paragraph.find(STYLE)
        name = "" if style is None else (style.get(f"{WORD}val") or "")
        if name.startswith(("Title", "Heading")) and (text := one_line(written(paragraph))):
            return text
    return ""


def blocks(parent: _Element) -> Iterator[str]:
    """Yield the paragraphs and tables under an element, in order."""
    for child in parent:
        if child.tag == PARAGRAPH:
            yield written(child)
        elif child.tag == TABLE:
            yield "\n".join(map(row_text, child.iter(ROW)))
        else:
            yield from blocks(child)


def row_text(row: _Element) -> str:
    """Return the cells of a row on one line."""
    return "\t".join(
        one_line(" ".join(map(written, cell.iter(PARAGRAPH)))) for cell in row.iterchildren(CELL)
    )


def written(element: _Element) -> str:
    """Return the text in an element; deleted text and stand-ins for older programs are none."""
    if element.tag == f"{WORD}t":
        return element.text or ""
    if element.tag in WRITTEN:
        return WRITTEN[element.tag]
    if element.tag == FALLBACK or not isinstance(element.tag, str) or element.tag == f"{WORD}pPr":
        return ""
    return "".join(map(written, element))
