"""Read e-books (epub): a zip archive of HTML pages, and XML that tells their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING
from urllib.parse import unquote
from zipfile import ZipFile

from semsearch.corpus.documents.document import Document
from semsearch.corpus.documents.markup import read_html
from semsearch.corpus.documents.packages import opened_package, parsed_xml, part_of
from semsearch.corpus.documents.tidy import one_line
from semsearch.corpus.refused import Refused

if TYPE_CHECKING:
    from lxml.etree import _Element

CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"


def read_epub(content: bytes) -> Document:
    """Return the text of an e-book's pages in the order of reading, and its title."""
    with opened_package(content, "epub") as archive:
        root = parsed_xml(part_of(archive, CONTAINER, "epub"), CONTAINER)
        place = next((each.get("full-path") for each in root.iter("{*}rootfile")), None)
        if not place:
            raise Refused(f"is no epub: {CONTAINER} names no book")
        book = parsed_xml(part_of(archive, place, "epub"), place)
        pages = list(pages_of(book, place))
        if not encrypted_parts(archive).isdisjoint(pages):
            raise Refused("is protected against copying; no program may read its text")
        texts, flaws = read_pages(archive, pages)
    title = next(book.iter("{http://purl.org/dc/elements/1.1/}title"), None)
    name = one_line((title is not None and title.text) or "")
    return Document("\n\n".join(filter(None, texts)), name, flaws=tuple(flaws))


def read_pages(archive: ZipFile, pages: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the text of each page that can be read, and why the others cannot."""
    texts: list[str] = []
    flaws: list[str] = []
    for page in pages:
        try:
            texts.append(read_html(part_of(archive, page, "epub")).text)
        except Refused as refused:
            flaws.append(refused.reason)
    if flaws and not any(texts):
        raise Refused(flaws[0])
    return texts, flaws


def pages_of(book: _Element, place: str) -> Iterator[str]:
    """Yield the names of the pages in the order of reading, each once."""
    known = {each.get("id"): each for each in book.iter("{*}item")}
    seen: set[str] = set()
    for reference in book.iter("{*}itemref"):
        item = known.get(reference.get("idref"))
        link = None if item is None else item.get("href")
        if item is None or not link or "html" not in (item.get("media-type") or ""):
            continue
        name = normpath(join(dirname(place), unquote(link)))
        if name not in seen:
            seen.add(name)
            yield name


def encrypted_parts(archive: ZipFile) -> set[str]:
    """Return the names of the parts that are encrypted; fonts often are, and do not matter."""
    if ENCRYPTION not in archive.namelist():
        return set()
    root = parsed_xml(part_of(archive, ENCRYPTION, "epub"), ENCRYPTION)
    return {unquote(each.get("URI") or "") for each in root.iter("{*}CipherReference")}
