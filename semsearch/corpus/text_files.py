"""Look over a text table before it is parsed: how it is encoded, and that no line is too long."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator

from semsearch.corpus.encodings import (
    BROKEN,
    MARKS,
    SAMPLE,
    codec_name,
    is_utf_16,
    likely_encoding,
    sample,
)
from semsearch.corpus.refused import Refused
from semsearch.corpus.scan import (
    BLOCK,
    MAX_LINE,
    OTHER_KINDS,
    WatchedFile,
    check_document_size,
    line_too_long,
)
from semsearch.errors import SourceError

UTF8 = "utf-8-sig"
SHORTEST = 8
"""Bytes from which on zeros in a file without a mark are taken for UTF-16."""
WORD = re.compile(r"\w*[^\W\x00-\x7f]\w*")
EXAMPLES = 3
LONGEST = 20


class NotInEncoding(SourceError):
    """Raised where the byte `at` of a text table is none of its encoding.

    `is_cut` tells whether the file ends within a character.
    """

    def __init__(self, problem: str, remedy: str, at: int, *, is_cut: bool) -> None:
        super().__init__(problem, remedy)
        self.at = at
        self.is_cut = is_cut


def look_over(
    file: WatchedFile, encoding: str | None = None, *, is_document: bool = False
) -> tuple[str, ...]:
    """Find out the encoding of a text table, where it is not given, and look at all of the file.

    Return what a person should know of the encoding. A document (JSON) may stand on one line; its
    whole size is bounded instead.

    Raises:
        SourceError: the file is empty, or another kind of file, or in no encoding that can be
            told, or holds a line too long to be data.
    """
    with file() as binary:
        start = binary.read(SAMPLE)
        size = binary.seek(0, os.SEEK_END)
    check_start(file.name, start)
    if is_document:
        check_document_size(file.name, size)
    marked = mark_of(start) or bare_utf_16(start)
    file.encoding = as_named(encoding, marked) if encoding else marked or UTF8
    note = ""
    try:
        check_lines(file, is_document=is_document)
    except NotInEncoding as error:
        if encoding or file.encoding != UTF8:
            raise
        note = guess(file, error)
        check_lines(file, is_document=is_document)
    if marked not in (None, UTF8) and not encoding:
        note = f"it is read as {marked.upper()}, which it looks like"
    return (note,) if note else ()


def check_start(name: str, start: bytes) -> None:
    """Raise `SourceError` when a file holds nothing, or begins as one that is no text."""
    if not start:
        raise SourceError(f"{name} is empty", "give a file that holds rows")
    for other, (kind, suffix) in OTHER_KINDS.items():
        if start.startswith(other):
            raise SourceError(f"{name} is no text but {kind}", f"name it {suffix}, or export it")


def mark_of(start: bytes) -> str | None:
    """Return the encoding that a file's first bytes are the mark of, None without one."""
    return next((name for mark, name in MARKS.items() if start.startswith(mark)), None)


def bare_utf_16(start: bytes) -> str | None:
    """Return which UTF-16 a file without a mark is in, None where it is in none."""
    part = start[: len(start) & ~1]
    if len(part) < SHORTEST or not is_utf_16(part):
        return None
    return "utf-16-le" if part[1::2].count(0) else "utf-16-be"


def as_named(encoding: str, marked: str | None) -> str:
    """Return Python's name for an encoding that was asked for, by which a mark is no text."""
    name = codec_name(encoding) or encoding
    is_marked = marked is not None and name.startswith(marked.removesuffix("-sig"))
    return marked if marked is not None and is_marked else name


def guess(file: WatchedFile, error: NotInEncoding) -> str:
    """Set the encoding of a file that is no UTF-8 to the likeliest one; return a note about it.

    Raises `SourceError` where the file is UTF-8 for the most part, or cut off, or nothing fits.
    """
    if error.is_cut or is_mostly_utf8(file):
        raise error
    with file() as binary:
        binary.seek(max(0, error.at - SAMPLE))
        part = sample(binary.read(2 * SAMPLE))
    try:
        file.encoding = likely_encoding(part)
    except Refused:
        raise error from None
    name = codecs.lookup(file.encoding).name
    words = list(dict.fromkeys(WORD.findall(part.decode(file.encoding, "replace"))))[:EXAMPLES]
    shown = f" (it holds {', '.join(word[:LONGEST] for word in words)})" if words else ""
    return f"it is no UTF-8; read as {name}, a guess{shown}: --encoding names another"


def is_mostly_utf8(file: WatchedFile) -> bool:
    """Tell whether most characters beyond ASCII are sound UTF-8: the file is damaged, or mixed.

    In another encoding, few bytes are UTF-8 by chance.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    broken = beyond_ascii = 0
    for block in blocks_of(file):
        text = decoder.decode(block, final=not block)
        broken += text.count(BROKEN)
        beyond_ascii += len(text) - len(text.encode("ascii", "ignore"))
    return beyond_ascii >= 2 * broken


def check_lines(file: WatchedFile, *, is_document: bool) -> None:
    """Raise `SourceError` where a file is not in its encoding, or a line is too long to be data."""
    # A mark is left in, so that places are those in the file.
    decoder = codecs.getincrementaldecoder(file.encoding.removesuffix("-sig"))()
    position, line, length = 0, 1, 0
    for block in blocks_of(file):
        pending = decoder.getstate()[0]
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            read = pending + block
            at_line = line + read[: error.start].decode(file.encoding, "ignore").count("\n")
            at = position - len(pending) + error.start
            raise wrong_byte(file, at, at_line, read[error.start], is_cut=not block) from error
        first = text.find("\n")
        length += len(text) if first < 0 else first
        if not is_document and length > MAX_LINE:
            raise line_too_long(file.name, line)
        if first >= 0:
            line += text.count("\n")
            length = len(text) - text.rfind("\n") - 1
        position += len(block)


def blocks_of(file: WatchedFile) -> Iterator[bytes]:
    """Yield the bytes of a file, some at a time, and at last none."""
    with file() as binary:
        while block := binary.read(BLOCK):
            yield block
    yield b""


def wrong_byte(file: WatchedFile, at: int, line: int, byte: int, *, is_cut: bool) -> NotInEncoding:
    """Return the error for a byte that is none of a file's encoding."""
    name = codecs.lookup(file.encoding).name.removesuffix("-sig").upper()
    return NotInEncoding(
        f"{file.name} is not {name}: byte {at}, in line {line}, is 0x{byte:02x}",
        "save it as UTF-8, or name its encoding with --encoding",
        at,
        is_cut=is_cut,
    )
