"""Small real documents of every kind, made by hand or by the libraries that write them."""

from __future__ import annotations

import io
import struct
import tarfile
from collections.abc import Mapping
from email.message import EmailMessage
from zipfile import ZIP_DEFLATED, ZipFile

import docx
from pypdf import PdfReader, PdfWriter

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
)
BOOK = (
    '<package xmlns="http://www.idpf.org/2007/opf">'
    '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Soups</dc:title></metadata>'
    '<manifest><item id="b" href="two.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="a" href="one%201.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="c" href="style.css" media-type="text/css"/></manifest>'
    '<spine><itemref idref="a"/><itemref idref="b"/><itemref idref="c"/></spine></package>'
)


def pdf(*pages: str, title: str = "", repeat: int = 1) -> bytes:
    """Return a PDF; a page holds lines of text, and the last one may be repeated."""
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    objects.append(f"<</Title({title})>>" if title else "<<>>")
    kids = []
    for page in pages:
        shown = "".join(f"({line}) Tj T* " for line in page.split("\n")) if page else ""
        stream = f"BT /F1 12 Tf 14 TL 72 720 Td {shown}ET"
        kids.append(len(objects) + 1)
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents {len(objects) + 2} 0 R"
            "/Resources<</Font<</F1 3 0 R>>>>>>"
        )
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
    kids += kids[-1:] * (repeat - 1)
    links = " ".join(f"{number} 0 R" for number in kids)
    objects[1] = f"<</Type/Pages/Kids[{links}]/Count {len(kids)}>>"
    made, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj{each}endobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    n = len(objects) + 1
    end = f"xref\n0 {n}\n0000000000 65535 f \n{table}trailer<</Size {n}/Root 1 0 R/Info 4 0 R>>\n"
    return made + f"{end}startxref\n{len(made)}\n%%EOF".encode()


def encrypted_pdf(content: bytes, user: str) -> bytes:
    """Return a PDF that opens with the password of a user, "" for none."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.encrypt(user, "owner", algorithm="RC4-128")
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def word(*paragraphs: str, heading: str = "", title: str = "") -> bytes:
    """Return a Word document of paragraphs."""
    made = docx.Document()
    made.core_properties.title = title
    if heading:
        made.add_heading(heading, 1)
    for paragraph in paragraphs:
        made.add_paragraph(paragraph)
    return saved(made)


def saved(made: docx.document.Document) -> bytes:
    """Return the bytes of a Word document."""
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """Return a zip archive."""
    target = io.BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def with_part(package: bytes, name: str, content: str | bytes) -> bytes:
    """Return a docx or epub with another part of this name."""
    with ZipFile(io.BytesIO(package)) as archive:
        parts: dict[str, str | bytes] = {each: archive.read(each) for each in archive.namelist()}
    return zipped({**parts, name: content})


def declaring(package: bytes, size: int) -> bytes:
    """Return a zip archive whose last member is declared to unpack to `size` bytes."""
    at = package.rindex(b"PK\1\2") + 24
    return package[:at] + struct.pack("<I", size) + package[at + 4 :]


def closed(package: bytes) -> bytes:
    """Return a zip archive whose last member is marked as encrypted."""
    at = package.rindex(b"PK\1\2") + 8
    return package[:at] + b"\1\0" + package[at + 2 :]


def epub(**parts: str) -> bytes:
    """Return an e-book of two pages, with other parts where their names are given."""
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "OEBPS/book.opf": BOOK,
            "OEBPS/one 1.xhtml": "<html><body><h1>One</h1><p>Cold soup.</p></body></html>",
            "OEBPS/two.xhtml": "<html><body><p>Hot soup.</p></body></html>",
            **parts,
        }
    )


def mail(
    text: str = "The soup was cold.\n",
    *,
    subject: str = "Soup",
    name: str = "<1@example.org>",
    page: str = "",
) -> bytes:
    """Return a mail, with a page of HTML beside its text if one is given."""
    made = EmailMessage()
    made["From"] = "Ann <ann@example.org>"
    made["Subject"] = subject
    made["Date"] = "Tue, 01 Mar 2022 10:00:00 +0100"
    made["Message-ID"] = name
    made.set_content(text)
    if page:
        made.add_alternative(page, subtype="html")
    return bytes(made)


def mbox(*mails: bytes) -> bytes:
    """Return an mbox of mails."""
    start = b"From ann@example.org Tue Mar  1 10:00:00 2022\n"
    return b"".join(start + each.replace(b"\nFrom ", b"\n>From ") + b"\n" for each in mails)


def tarred(parts: Mapping[str, bytes], kind: str = "") -> bytes:
    """Return a tar archive, compressed by gz, bz2 or xz."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=f"w:{kind}") as archive:
        for name, content in parts.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return target.getvalue()
