"""What a parser makes of one document, and how it refuses one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from semsearch.corpus.documents.limits import MAX_TEXT
from semsearch.corpus.items import Value
from semsearch.corpus.refused import Refused
from semsearch.corpus.values import is_blank

READY = b"ready\n"
"""What the process that parses documents says before it is asked."""

SAID = 120
"""Characters of a foreign error that are shown."""


@dataclass(frozen=True)
class Document:
    """The text of a document, paragraphs parted by blank lines, and what it says of itself.

    `title` is empty where it names none. `fields` are those that only its format has; `flaws` tell
    which parts could not be read.
    """

    text: str
    title: str = ""
    fields: dict[str, Value] = field(default_factory=dict)
    flaws: tuple[str, ...] = ()


def parsed_by(parser: Callable[[bytes], Document], content: bytes, kind: str) -> Document:
    """Return what a parser makes of the bytes of a format.

    Raises:
        Refused: they are no such document, or one without text.
    """
    if not content:
        raise Refused("is empty")
    try:
        document = parser(content)
    except (Refused, MemoryError):
        raise
    except RecursionError as error:
        raise Refused("is nested too deeply") from error
    except Exception as error:  # parsers raise many kinds on files that somebody made up
        raise Refused(f"is damaged or no {kind} ({type(error).__name__})") from error
    if is_blank(document.text):
        raise Refused("holds no text")
    if len(document.text) > MAX_TEXT:
        raise Refused(f"holds more than {MAX_TEXT:,} characters of text; split it")
    return document


def words_of(error: BaseException) -> str:
    """Return what a foreign error says, on one line of bearable length, or else its kind."""
    said = " ".join(str(getattr(error, "strerror", None) or error).split())
    return said[:SAID] if said else type(error).__name__
