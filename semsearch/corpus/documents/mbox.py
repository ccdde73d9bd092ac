"""Part an mbox into its mails without holding more than one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from semsearch.corpus.documents import limits

START = re.compile(rb"From \S.*\d:\d\d")
QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
LINE = 1 << 16


def mails_of(file: BinaryIO) -> Iterator[bytes | None]:
    """Yield the bytes of each mail; None for one that is larger than `MAX_FILE`.

    A mail begins with a line "From ..." that holds a time, at the start or after a blank line: many
    programs leave a sentence "From here on ..." unquoted. The quoting of such lines (">From ") is
    taken away. What stands before the first mail is no mail.
    """
    lines: list[bytes] = []
    size = 0
    is_inside, was_blank, at_start = False, True, True
    while line := file.readline(LINE):
        if at_start and was_blank and START.match(line):
            if is_inside:
                yield mail_of(lines, size)
            lines, size, is_inside = [], 0, True
        elif is_inside:
            size += len(line)
            if size <= limits.MAX_FILE:
                lines.append(line)
        was_blank = at_start and line in (b"\n", b"\r\n")
        at_start = line.endswith(b"\n")
    if is_inside:
        yield mail_of(lines, size)


def mail_of(lines: list[bytes], size: int) -> bytes | None:
    """Return the bytes of a mail by its lines, None where it is too large."""
    return None if size > limits.MAX_FILE else QUOTED.sub(rb"\1", b"".join(lines))
