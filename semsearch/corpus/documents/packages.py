"""Open documents that are zip archives of XML (docx, epub) without trusting either."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

from semsearch.corpus.documents.document import words_of
from semsearch.corpus.documents.limits import MAX_UNPACKED
from semsearch.corpus.refused import Refused
from semsearch.corpus.scan import MEGABYTE

if TYPE_CHECKING:
    from lxml.etree import _Element

ENCRYPTED = 1
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""What old Office files begin with, and new ones with a password."""


def opened_package(content: bytes, kind: str) -> ZipFile:
    """Return the archive that a docx or epub is; refuse what is damaged, closed or a bomb."""
    if content.startswith(OLE):
        raise Refused(f"is an old Office file or has a password; save it as {kind} without one")
    try:
        archive = ZipFile(io.BytesIO(content))
    except (BadZipFile, NotImplementedError, OSError, ValueError, EOFError) as error:
        raise Refused(f"is damaged or no {kind} ({words_of(error)})") from error
    members = archive.infolist()
    if any(each.flag_bits & ENCRYPTED for each in members):
        raise Refused("is encrypted with a password; save it without one")
    # No more than the declared size of a member is ever read of it.
    if sum(each.file_size for each in members) > MAX_UNPACKED:
        raise Refused(f"unpacks to more than {MAX_UNPACKED // MEGABYTE} MB")
    return archive


def part_of(archive: ZipFile, name: str, kind: str) -> bytes:
    """Return a part of a package; refuse a package where it is missing or damaged."""
    try:
        return archive.read(name)
    except KeyError as error:
        raise Refused(f"is no {kind}: it has no {name}") from error
    except MemoryError:
        raise
    except Exception as error:  # each decompressor raises kinds of its own on damaged bytes
        raise Refused(f"is damaged at {name} ({words_of(error)})") from error


def parsed_xml(content: bytes, name: str) -> _Element:
    """Return the root of XML, whose entities are not resolved and which fetches nothing."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise Refused(f"is damaged at {name} ({words_of(error)})") from error
