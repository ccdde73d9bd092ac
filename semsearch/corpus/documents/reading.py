"""Turn the files of a source of documents into items and skipped rows, one file at a time."""

from __future__ import annotations

import lzma
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import PurePosixPath
from typing import BinaryIO
from zipfile import BadZipFile

from semsearch.corpus.documents import limits
from semsearch.corpus.documents.document import Document, words_of
from semsearch.corpus.documents.formats import MBOX, OWN_FIELDS, format_of
from semsearch.corpus.documents.mbox import mails_of
from semsearch.corpus.documents.reader import Reader
from semsearch.corpus.documents.sources import DocumentSource, Found
from semsearch.corpus.images import IMAGE_SUFFIXES, Unreadable, too_big
from semsearch.corpus.items import Corpus, Item, Skipped, Value, with_unique_keys
from semsearch.corpus.refused import Refused
from semsearch.corpus.tables import TABLE_SUFFIXES
from semsearch.corpus.values import whole_characters

TEXT = "text"
COMMON = ("path", "title", "format")
READ_ERRORS = (OSError, EOFError, ValueError, BadZipFile, RuntimeError, zlib.error, lzma.LZMAError)
"""What a file on a failing disk, or a damaged member of an archive, is felt by."""
MESSAGE_ID = re.compile(rb"^message-id:\s*<?([^\s<>]{1,200})", re.IGNORECASE | re.MULTILINE)
HEAD = 1 << 16


def document_corpus(name: str, source: DocumentSource, files: Sequence[Found]) -> Corpus:
    """Return the corpus of a source of documents: each is an item, and so is each mail of an mbox.

    The key is the path in the source; of a mail in an mbox the path, `#` and the mail's own id.
    """
    kinds = {kind for file in files if not file.flaw and (kind := format_of(file.path))}
    own = (field for kind in sorted(kinds) for field in OWN_FIELDS.get(kind, ()))
    fields = (*COMMON, *dict.fromkeys(own))

    def entries() -> Iterator[Item | Skipped]:
        return with_unique_keys(Reading(source, fields).entries(files))

    size = None if MBOX in kinds else len(files)
    return Corpus(name, "text", size, (TEXT,), None, fields, entries(), again=entries)


class Reading:
    """One pass over the files of a source."""

    def __init__(self, source: DocumentSource, fields: Sequence[str]) -> None:
        self._source = source
        self._fields = fields
        self._rows = count(1)

    def entries(self, files: Sequence[Found]) -> Iterator[Item | Skipped]:
        """Yield what becomes of each file."""
        readable = [file for file in files if not flaw_of(file)]
        opened = self._source.opened(readable)
        with Reader() as reader:
            for file in files:
                flaw = flaw_of(file)
                content = Unreadable(flaw) if flaw else next(opened)
                if isinstance(content, Unreadable):
                    yield self._skipped(file.path, content.reason)
                elif format_of(file.path) == MBOX:
                    yield from self._mails(file, content, reader)
                else:
                    yield from self._document(file, content, reader)

    def _document(self, file: Found, opened: BinaryIO, reader: Reader) -> Iterator[Item | Skipped]:
        content = content_of(opened)
        if isinstance(content, Unreadable):
            yield self._skipped(file.path, content.reason)
            return
        yield from self._parsed(file.path, file, content, reader)

    def _mails(self, file: Found, opened: BinaryIO, reader: Reader) -> Iterator[Item | Skipped]:
        names = MailNames(file.path)
        number = 0
        try:
            for number, mail in enumerate(mails_of(opened), 1):
                if mail is None:
                    yield self._skipped(f"{file.path}#{number}", too_big().reason)
                else:
                    yield from self._parsed(names.next(mail), file, mail, reader)
        except READ_ERRORS as error:
            yield self._skipped(file.path, f"cannot be read to its end ({words_of(error)})")
            return
        if not number:
            yield self._skipped(
                file.path, "holds no mail: each begins with a line 'From ...' with its time"
            )

    def _parsed(
        self, key: str, file: Found, content: bytes, reader: Reader
    ) -> Iterator[Item | Skipped]:
        try:
            document = reader.read(content, format_of(file.path) or "")
        except Refused as refused:
            yield self._skipped(key, refused.reason)
            return
        item = self._item(key, file.path, document)
        yield item
        for flaw in document.flaws:
            yield Skipped(item.row, item.key, f"the file {item.key!r} {flaw}; the rest is stored")

    def _item(self, key: str, path: str, document: Document) -> Item:
        shown = whole_characters(path)
        known: dict[str, Value] = {
            "path": shown,
            "title": document.title or PurePosixPath(shown).name,
            "format": format_of(path),
            **document.fields,
        }
        fields = {name: known.get(name) for name in self._fields}
        text = document.text
        return Item(next(self._rows), whole_characters(key), text, text, fields)

    def _skipped(self, path: str, reason: str) -> Skipped:
        shown = whole_characters(path)
        return Skipped(next(self._rows), shown, f"the file {shown!r} {reason}")


class MailNames:
    """Keys for the mails of one mbox, by their own ids: deleting one leaves the others theirs."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._times: dict[str, int] = {}
        self._number = 0

    def next(self, mail: bytes) -> str:
        """Return the key of the next mail: the path, `#`, and its id, or its number without one."""
        self._number += 1
        found = MESSAGE_ID.search(re.split(rb"\r?\n\r?\n", mail[:HEAD], maxsplit=1)[0])
        if found is None:
            return f"{self._path}#{self._number}"
        name = found[1].decode("utf-8", "replace")
        times = self._times[name] = self._times.get(name, 0) + 1
        return f"{self._path}#{name}" + (f" ({times})" if times > 1 else "")


def flaw_of(file: Found) -> str:
    """Return why a file is not read, as far as its name and kind tell, "" where it is."""
    if file.flaw or format_of(file.path):
        return file.flaw
    suffix = PurePosixPath(file.path).suffix.lower()
    if suffix in IMAGE_SUFFIXES:
        return "is an image among documents; index images into a collection of their own"
    if suffix in TABLE_SUFFIXES:
        return "is a table among documents; index it by itself"
    return "is of a kind that is not read"


def content_of(opened: BinaryIO) -> bytes | Unreadable:
    """Return the bytes of an open file, never more than `MAX_FILE`."""
    before = stamp_of(opened)
    if before is not None and before[0] > limits.MAX_FILE:
        return too_big()
    try:
        content = opened.read(limits.MAX_FILE + 1)
    except READ_ERRORS as error:
        return Unreadable(f"cannot be read ({words_of(error)})")
    if len(content) > limits.MAX_FILE:
        return too_big()
    return content if stamp_of(opened) == before else Unreadable("has changed while it was read")


def stamp_of(opened: BinaryIO) -> tuple[int, int] | None:
    """Return the size and time of an open file, None for a member of an archive."""
    try:
        status = os.fstat(opened.fileno())
    except (OSError, AttributeError):
        return None
    return status.st_size, status.st_mtime_ns
