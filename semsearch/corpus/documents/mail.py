"""Read mails (eml, and those of an mbox) with Python's email package."""

from __future__ import annotations

from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime

from semsearch.corpus.documents.document import Document
from semsearch.corpus.documents.markup import of_html
from semsearch.corpus.documents.tidy import one_line, tidy
from semsearch.corpus.encodings import decoded
from semsearch.corpus.items import Value
from semsearch.corpus.refused import Refused
from semsearch.corpus.values import as_value

NAMES = {"from", "to", "date", "subject", "received", "message-id", "return-path"}
"""A file that has none of these headers is no mail."""


def read_mail(content: bytes) -> Document:
    """Return the subject and the text of a mail, and from whom and when it is.

    Attachments are left out; HTML is read only where there is no plain text.
    """
    message = BytesParser().parsebytes(content)
    if NAMES.isdisjoint(name.lower() for name in message.keys()):  # noqa: SIM118 - no dict
        raise Refused("is no mail: it has no header such as From or Subject")
    subject = header(message, "subject")
    parts = [part for part in message.walk() if is_text(part)]
    flaws: list[str] = []
    texts = [
        tidy(text_of(part, flaws)) for part in parts if part.get_content_type() == "text/plain"
    ]
    if not any(texts):
        pages = (part for part in parts if part.get_content_type() == "text/html")
        texts = [of_html(text_of(page, flaws)).text for page in pages]
    fields: dict[str, Value] = {"from": header(message, "from") or None, "date": sent(message)}
    text = "\n\n".join(filter(None, (subject, *texts)))
    return Document(text, subject, fields, tuple(flaws))


def is_text(part: Message) -> bool:
    """Tell whether a part is shown as the text of the mail."""
    return part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment"


def text_of(part: Message, flaws: list[str]) -> str:
    """Return the text of a part, whatever it says of its encoding."""
    content = part.get_payload(decode=True)
    charset = part.get_param("charset")
    if not isinstance(content, bytes):
        return ""
    name = charset if isinstance(charset, str) else ""
    if not name.lower().startswith(("utf-16", "utf-32")):
        content = content.replace(b"\0", b"")  # which broken programs leave in mails
    return decoded(content, name, flaws)


def header(message: Message, name: str) -> str:
    """Return a header on one line, decoded as far as it can be."""
    raw = message.get(name)
    if raw is None:
        return ""
    try:
        return one_line(str(make_header(decode_header(raw))))
    except (HeaderParseError, LookupError, ValueError):
        return one_line(str(raw))


def sent(message: Message) -> Value:
    """Return when a mail was sent, in UTC, None where that cannot be told."""
    try:
        return as_value(parsedate_to_datetime(str(message.get("date", ""))))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
